// Which experts the tokens of simulated batches choose: at random, by a
// popularity that differs from layer to layer.

#ifndef MOEVIT_SCHEDULER_SIMULATION_RANDOM_ROUTING_H_
#define MOEVIT_SCHEDULER_SIMULATION_RANDOM_ROUTING_H_

#include <cstdint>
#include <random>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace moevit {

struct RoutingOptions {
  int layers = 0;  // that have experts; 0: a model without. Default: 0.
  int experts = 16;
  int top_k = 2;
  int tokens = 197;  // per image

  // The expert of rank r is chosen in proportion to 1 / r^zipf. Default: 0, all
  // are equally popular.
  double zipf = 0;

  // Returns kInvalidArgument naming the field and its value.
  absl::Status Validate() const;
};

// Thread-compatible.
class RandomRouting {
 public:
  // The experts' ranks in each layer are drawn from `seed`, batches from
  // `stream` too. REQUIRES: options.Validate().ok().
  RandomRouting(const RoutingOptions& options, uint64_t seed, uint64_t stream);

  // Draws a layer's groups for a batch of `images`, as GroupByExpert returns
  // them: first is [experts + 1]. All choices are independent.
  // REQUIRES: images <= kMaxImages.
  void Draw(int layer, int images, absl::Span<int32_t> first);

  static constexpr int kMaxImages = 4096;

 private:
  const RoutingOptions options_;
  std::mt19937_64 random_;
  std::vector<std::vector<double>> popularity_;  // [layer][expert]
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SIMULATION_RANDOM_ROUTING_H_
