#include "scheduler/simulation/random_routing.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr int kMaxLayers = 1024;
constexpr int kMaxExperts = 4096;
constexpr int kMaxTopK = 64;
constexpr int kMaxTokens = 8192;
constexpr double kMaxZipf = 10;

static_assert(int64_t{RandomRouting::kMaxImages} * kMaxTokens * kMaxTopK <=
              int64_t{std::numeric_limits<int32_t>::max()} + 1);

absl::Status CheckRange(absl::string_view field, double value, double min,
                        double max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      field, " is ", value, "; it must be in [", min, ", ", max, "]"));
}

}  // namespace

absl::Status RoutingOptions::Validate() const {
  MOEVIT_RETURN_IF_ERROR(CheckRange("layers", layers, 0, kMaxLayers));
  MOEVIT_RETURN_IF_ERROR(CheckRange("experts", experts, 1, kMaxExperts));
  MOEVIT_RETURN_IF_ERROR(
      CheckRange("top_k", top_k, 1, std::min(kMaxTopK, experts)));
  MOEVIT_RETURN_IF_ERROR(CheckRange("tokens", tokens, 1, kMaxTokens));
  return CheckRange("zipf", zipf, 0, kMaxZipf);
}

RandomRouting::RandomRouting(const RoutingOptions& options, uint64_t seed,
                             uint64_t stream)
    : options_(options), random_(seed), popularity_(options.layers) {
  for (std::vector<double>& layer : popularity_) {
    for (int rank = 1; rank <= options.experts; ++rank) {
      layer.push_back(std::pow(rank, -options.zipf));
    }
    std::shuffle(layer.begin(), layer.end(), random_);
  }
  std::seed_seq both = {seed, stream};
  random_.seed(both);
}

// A multinomial distribution, as a binomial one for each expert: of what the
// experts before it left.
void RandomRouting::Draw(int layer, int images, absl::Span<int32_t> first) {
  const std::vector<double>& popularity = popularity_[layer];
  int32_t left = images * options_.tokens * options_.top_k;
  double popularity_left = 0;
  for (const double one : popularity) popularity_left += one;
  first[0] = 0;
  for (size_t e = 0; e < popularity.size(); ++e) {
    int32_t chosen = left;
    const double probability = popularity[e] / popularity_left;
    if (e + 1 < popularity.size() && probability < 1) {
      chosen = std::binomial_distribution<int32_t>(left, probability)(random_);
    }
    first[e + 1] = first[e] + chosen;
    left -= chosen;
    popularity_left -= popularity[e];
  }
}

}  // namespace moevit
