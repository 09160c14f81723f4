#include "bench/layer_planning.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "absl/types/span.h"
#include "base/status_macros.h"
#include "base/stopwatch.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/cpu/cpu_expert_device.h"
#include "scheduler/experts/expert_groups.h"
#include "scheduler/experts/expert_plan.h"

namespace moevit {
namespace {

constexpr int kImages = 32;
constexpr int kDevices = 4;
constexpr int kRuns = 5;

// Plans every layer for devices that are not there, then has one run it.
class TimedRunner : public ExpertLayerRunner {
 public:
  TimedRunner(std::unique_ptr<ExpertDevice> device, int top_k)
      : device_(std::move(device)),
        top_k_(top_k),
        planner_(std::vector<double>(kDevices, 1), {}) {}

  absl::Status RunLayer(const ExpertLayerCall& call) override {
    const int experts = static_cast<int>(call.first.size()) - 1;
    Prepare(call, experts);
    plan_ += TimeOf(TimeSource::kThreadCpu, [&] { Plan(); });
    parts_.clear();
    for (int e = 0; e < experts; ++e) {
      MOEVIT_RETURN_IF_ERROR(device_->Load(call.layer, e));
      parts_.push_back({e, call.first[e], call.first[e + 1] - call.first[e]});
    }
    absl::Status status;
    layer_ += TimeOf(TimeSource::kThreadCpu,
                     [&] { status = device_->Run(call, parts_); });
    ++layers_;
    return status;
  }

  void Reset() {
    plan_ = layer_ = absl::ZeroDuration();
    layers_ = 0;
  }
  LayerPlanning Mean() const {
    return {kImages, plan_ / layers_, layer_ / layers_};
  }

 private:
  // Undoes the grouping; every expert is on two of the devices.
  void Prepare(const ExpertLayerCall& call, int experts) {
    chosen_.resize(call.order.size());
    order_.resize(call.order.size());
    tokens_.resize(call.order.size());
    first_.resize(experts + 1);
    replicas_.resize(experts);
    resident_.assign(experts, 0);
    for (int e = 0; e < experts; ++e) {
      for (int32_t i = call.first[e]; i < call.first[e + 1]; ++i) {
        chosen_[call.order[i]] = static_cast<uint16_t>(e);
      }
      replicas_[e] = {e % kDevices, (e + 1) % kDevices};
      resident_[e] = e % 2;
    }
  }

  void Plan() {
    GroupByExpert(chosen_, absl::MakeSpan(first_), absl::MakeSpan(order_));
    TokensOf(order_, top_k_, absl::MakeSpan(tokens_));
    planner_.Plan(first_, replicas_);
    for (int d = 0; d < kDevices; ++d) {
      OrderParts(resident_, /*reverse=*/true,
                 absl::MakeSpan(planner_.parts(d)));
    }
  }

  const std::unique_ptr<ExpertDevice> device_;
  const int top_k_;
  ExpertPlanner planner_;
  std::vector<ExpertPart> parts_;
  std::vector<uint16_t> chosen_;
  std::vector<int32_t> order_;
  std::vector<int32_t> tokens_;
  std::vector<int32_t> first_;
  std::vector<std::vector<int>> replicas_;
  std::vector<uint8_t> resident_;
  absl::Duration plan_;
  absl::Duration layer_;
  int64_t layers_ = 0;
};

}  // namespace

absl::StatusOr<LayerPlanning> MeasurePlanning(
    const Program& program, const std::vector<uint8_t>& pixels) {
  const int64_t available =
      static_cast<int64_t>(pixels.size()) / program.image_bytes();
  const int images = static_cast<int>(std::min<int64_t>(kImages, available));
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<ExpertDevice> device,
                          NewCpuExpertDevice(&program, {}));
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<ExpertLayer> layers,
                          FindExpertLayers(program));
  if (layers.empty()) {
    return absl::InvalidArgumentError("the model has no experts");
  }
  TimedRunner runner(std::move(device),
                     std::get<GateOp>(program.ops[layers[0].gate].body).top_k);
  const auto executor = NewCpuExecutor(
      &program, {.threads = 1, .max_batch = images, .expert_layers = &runner});
  std::vector<int32_t> logits(int64_t{images} * program.classes);
  for (int run = -1; run < kRuns; ++run) {
    MOEVIT_RETURN_IF_ERROR(executor->Run(
        images, absl::MakeSpan(pixels).first(images * program.image_bytes()),
        absl::MakeSpan(logits), nullptr));
    if (run < 0) runner.Reset();  // that was to warm up
  }
  LayerPlanning result = runner.Mean();
  result.images = images;
  return result;
}

}  // namespace moevit
