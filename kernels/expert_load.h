// What runs of a program did with its experts: for statistics, on every device
// counted alike.

#ifndef MOEVIT_KERNELS_EXPERT_LOAD_H_
#define MOEVIT_KERNELS_EXPERT_LOAD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "program/program.h"

namespace moevit {

// What one of several devices that share a model's experts did with them.
struct ExpertDeviceLoad {
  std::string device;
  int64_t loads = 0;   // experts that it ran, once for each launch
  int64_t misses = 0;  // of these, whose weights had to be brought there first
  int64_t bytes = 0;   // that were, as they lie in its memory
  int64_t rows = 0;
  int64_t rows_in_tiles = 0;
  int64_t losses = 0;  // of the device
  bool lost = false;   // after the last run
};

// Accumulated over runs. Executors that are slow on purpose, as the reference,
// count tokens only.
struct ExpertLoad {
  // [layer][expert]: how many tokens it received; layers in program order.
  std::vector<std::vector<int64_t>> tokens;

  // How often an expert's weights were read: once for all of its tokens of a
  // layer of the images computed together. And the bytes of these weights, one
  // for each element of its matrices.
  int64_t weight_loads = 0;
  int64_t weight_bytes = 0;

  // How often they were not in the memory that the device computes from, and
  // had to be brought there first.
  int64_t weight_misses = 0;
  int64_t moved_bytes = 0;  // of these, as they lie in that memory

  // Rows that experts computed, one for each of their tokens; and these with
  // what fills up the tiles of rows that the device computes at a time.
  int64_t rows = 0;
  int64_t rows_in_tiles = 0;

  // Sparse layers run; and, summed over them, the rows of the busiest device
  // over the mean of all that share the layer's experts, in thousandths: 1000
  // for a device alone.
  int64_t layers = 0;
  int64_t imbalance_sum = 0;

  // The devices that share the experts; none for a device alone.
  std::vector<ExpertDeviceLoad> devices = {};
};

// Counts for a device that computes the experts of a program alone, from
// memory that holds all of them. Thread-compatible.
class ExpertLoadCounter {
 public:
  // tile_rows: how many rows the device computes at a time; 1 if it computes
  // what is left over as such. REQUIRES: at least 1.
  ExpertLoadCounter(const Program& program, int tile_rows);

  // Adds images that ran together. first: by a gate's output, where the groups
  // of its experts begin, [experts + 1] as from GroupByExpert.
  void AddRun(absl::FunctionRef<const int32_t*(ValueId)> first,
              ExpertLoad* load) const;

 private:
  struct Layer {
    ValueId routing = 0;  // the gate's output
    int experts = 0;
    int64_t expert_bytes = 0;
  };

  std::vector<Layer> layers_;
  const int tile_rows_;
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_EXPERT_LOAD_H_
