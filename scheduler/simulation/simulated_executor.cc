#include "scheduler/simulation/simulated_executor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr int kMaxLanes = 64;
constexpr int64_t kMaxExpertBytes = int64_t{1} << 32;

absl::Status CheckDuration(absl::string_view field, absl::Duration value) {
  if (value >= absl::ZeroDuration() && value != absl::InfiniteDuration()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", absl::FormatDuration(value),
                   "; it must be finite and not negative"));
}

absl::Status CheckCosts(const SimulatedExpertCosts& costs) {
  MOEVIT_RETURN_IF_ERROR(CheckDuration("load", costs.load));
  MOEVIT_RETURN_IF_ERROR(CheckDuration("start", costs.launch));
  MOEVIT_RETURN_IF_ERROR(CheckDuration("row", costs.row));
  if (costs.memory_bytes >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "memory is ", costs.memory_bytes, "; it must not be negative"));
}

ExpertCosts InSeconds(const SimulatedExpertCosts& costs) {
  return {.load = absl::ToDoubleSeconds(costs.load),
          .launch = absl::ToDoubleSeconds(costs.launch),
          .per_row = absl::ToDoubleSeconds(costs.row)};
}

// A device needs no more memory than for all experts.
SimulatedExpertCosts WithinModel(SimulatedExpertCosts costs,
                                 const SimulatedExperts& experts) {
  const int64_t count =
      int64_t{experts.routing.layers} * experts.routing.experts;
  costs.memory_bytes =
      std::min(costs.memory_bytes, count * experts.expert_bytes);
  return costs;
}

// Rows per unit of time, relative to the first device.
double Speed(const SimulatedDevice& device, const SimulatedDevice& first) {
  const absl::Duration row = device.experts.row;
  if (row <= absl::ZeroDuration() ||
      first.experts.row <= absl::ZeroDuration()) {
    return 1;
  }
  return absl::FDivDuration(first.experts.row, row);
}

}  // namespace

absl::Status SimulatedDevice::Validate() const {
  if (lanes < 1 || lanes > kMaxLanes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "lanes is ", lanes, "; it must be in [1, ", kMaxLanes, "]"));
  }
  MOEVIT_RETURN_IF_ERROR(CheckDuration("launch", launch));
  MOEVIT_RETURN_IF_ERROR(CheckDuration("image", image));
  MOEVIT_RETURN_IF_ERROR(CheckDuration("stall", stall));
  if (!(stall_share >= 0 && stall_share <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("stall_share is ", stall_share, "; it must be in [0, 1]"));
  }
  MOEVIT_RETURN_IF_ERROR(CheckCosts(experts));
  if (launch + image + experts.row <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        "launch, image and row are all zero; a batch must take some time");
  }
  if (fails_at < absl::ZeroDuration() || back_at < fails_at) {
    return absl::InvalidArgumentError(absl::StrCat(
        "back is ", absl::FormatDuration(back_at),
        "; it must not be before fails, which is ",
        absl::FormatDuration(fails_at), " and must not be negative"));
  }
  return absl::OkStatus();
}

absl::Status SimulatedExperts::Validate() const {
  if (expert_bytes < 1 || expert_bytes > kMaxExpertBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("expert_bytes is ", expert_bytes, "; it must be in [1, ",
                     kMaxExpertBytes, "]"));
  }
  if (runner.batches_per_replan < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("replan_after is ", runner.batches_per_replan,
                     "; it must be at least 1 batch"));
  }
  MOEVIT_RETURN_IF_ERROR(CheckCosts(home));
  return routing.Validate();
}

void ExpertTotals::Add(const ExpertTotals& other) {
  weights.hits += other.weights.hits;
  weights.misses += other.weights.misses;
  weights.bytes_loaded += other.weights.bytes_loaded;
  weights.evictions += other.weights.evictions;
  layers += other.layers;
  rows += other.rows;
  rows_in_tiles += other.rows_in_tiles;
  imbalance_sum += other.imbalance_sum;
  first_layers += other.first_layers;
  first_imbalance_sum += other.first_imbalance_sum;
  parts_rerun += other.parts_rerun;
  replans += other.replans;
  replica_moves += other.replica_moves;
}

absl::Duration LeastDuration(absl::Span<const SimulatedDevice> devices,
                             const RoutingOptions& routing, int images) {
  const SimulatedDevice& first = devices[0];
  double speeds = 0;
  for (const SimulatedDevice& device : devices) speeds += Speed(device, first);
  const double rows =
      static_cast<double>(images) * routing.tokens * routing.top_k;
  const absl::Duration layer =
      first.experts.launch + rows / speeds * first.experts.row;
  return first.launch + images * first.image + routing.layers * layer;
}

SimulatedExecutor::SimulatedExecutor(absl::Span<const SimulatedDevice> devices,
                                     const SimulatedExperts& experts,
                                     uint64_t seed, uint64_t stream)
    : devices_(devices.begin(), devices.end()),
      experts_(experts),
      routing_(experts.routing, seed, stream),
      stalls_(seed + stream),
      first_(experts.routing.experts + 1) {
  if (experts.routing.layers == 0) return;
  const auto new_device = [&](const std::string& name,
                              const SimulatedExpertCosts& costs,
                              absl::Time fails_at) {
    auto device = std::make_unique<SimulatedExpertDevice>(
        name, WithinModel(costs, experts), experts.expert_bytes,
        experts.routing.experts, fails_at);
    expert_devices_.push_back(device.get());
    return device;
  };
  std::vector<ExpertParallelDevice> shared;
  for (const SimulatedDevice& device : devices_) {
    // A device alone fails whole batches instead: see RunBatch.
    const absl::Time fails_at = devices_.size() > 1
                                    ? absl::UnixEpoch() + device.fails_at
                                    : absl::InfiniteFuture();
    shared.push_back(
        {.device = new_device(device.name, device.experts, fails_at),
         .speed = Speed(device, devices_[0]),
         .costs = InSeconds(device.experts)});
  }
  ExpertRunnerOptions options = experts.runner;
  options.threads = false;
  options.home_costs = InSeconds(experts.home);
  runner_ = std::make_unique<ExpertParallelRunner>(
      std::move(shared),
      new_device("home", experts.home, absl::InfiniteFuture()),
      std::vector<int>(experts.routing.layers, experts.routing.experts),
      options);
}

SimulatedExecutor::Run SimulatedExecutor::RunBatch(int images,
                                                   absl::Duration start) {
  const SimulatedDevice& device = devices_[0];
  const absl::Time begin = absl::UnixEpoch() + start;
  absl::Time now = begin + device.launch + images * device.image;
  if (std::bernoulli_distribution(device.stall_share)(stalls_)) {
    now += device.stall;
  }
  Run run;
  for (int layer = 0; layer < experts_.routing.layers; ++layer) {
    run.status.Update(RunLayer(layer, images, &now));
  }
  if (runner_ != nullptr) NoteFirstPlacement();
  run.duration = now - begin;
  const absl::Duration end = start + run.duration;
  if (devices_.size() == 1 && end > device.fails_at && start < device.back_at) {
    run.duration = std::max(device.fails_at - start, absl::ZeroDuration());
    run.status = absl::UnavailableError(absl::StrCat(device.name, " is lost"));
  }
  return run;
}

absl::Status SimulatedExecutor::RunLayer(int layer, int images,
                                         absl::Time* now) {
  routing_.Draw(layer, images, absl::MakeSpan(first_));
  for (SimulatedExpertDevice* device : expert_devices_) {
    device->BeginLayer(*now);
  }
  ExpertLayerCall call;
  call.layer = layer;
  call.first = first_;
  absl::Status status = runner_->RunLayer(call);
  for (const SimulatedExpertDevice* device : expert_devices_) {
    *now = std::max(*now, device->now());
  }
  return status;
}

void SimulatedExecutor::NoteFirstPlacement() {
  if (!first_placement_) return;
  const ExpertRunnerStatistics statistics = runner_->statistics();
  first_placement_ = statistics.replans == 0;
  if (!first_placement_) return;
  first_totals_.first_layers = statistics.layers;
  first_totals_.first_imbalance_sum = statistics.imbalance_sum;
}

ExpertTotals SimulatedExecutor::totals() const {
  if (runner_ == nullptr) return {};
  const ExpertRunnerStatistics statistics = runner_->statistics();
  ExpertTotals totals = first_totals_;
  // The last one is the home, which has all weights already.
  for (size_t i = 0; i + 1 < statistics.devices.size(); ++i) {
    ExpertTotals device;
    device.weights = statistics.devices[i].work.weights;
    totals.Add(device);
  }
  totals.layers = statistics.layers;
  totals.rows = statistics.rows;
  totals.rows_in_tiles = statistics.rows_in_tiles;
  totals.imbalance_sum = statistics.imbalance_sum;
  totals.parts_rerun = statistics.parts_rerun;
  totals.replans = statistics.replans;
  totals.replica_moves = statistics.replica_moves;
  return totals;
}

}  // namespace moevit
