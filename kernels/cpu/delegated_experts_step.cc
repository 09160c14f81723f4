// The experts of a layer where they run elsewhere: this step hands the
// grouped tokens over, and the combination finds the outputs in place.

#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include "absl/types/span.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

class DelegatedExpertsStep : public Step {
 public:
  DelegatedExpertsStep(const ExpertLinearOp& op, const StepBuilder& with)
      : op_(op), runner_(*with.expert_layers) {
    int gates = 0;
    for (const Op& other : with.program->ops) {
      if (const auto* const gate = std::get_if<GateOp>(&other.body)) {
        if (gate->output == op.routing) layer_ = gates;
        ++gates;
      }
      const auto* const combine = std::get_if<ExpertCombineOp>(&other.body);
      if (combine != nullptr && combine->input == op.output) {
        outputs_ = with.layouts->expert_outputs(combine->output);
      }
    }
  }

  StepUse use() const override {
    return {Scope::kBatch, 0, {op_.input, op_.routing, outputs_}};
  }

  void Run(const BatchView& batch) const override {
    const Routing& routing = batch.routing(op_.routing);
    const int64_t top_k = batch.channels(op_.routing);
    const int64_t assignments = batch.rows(op_.routing) * top_k;
    ExpertLayerCall call;
    call.layer = layer_;
    call.first = absl::MakeConstSpan(routing.first, op_.experts.size() + 1);
    call.order = absl::MakeConstSpan(routing.order, assignments);
    call.tokens = absl::MakeConstSpan(routing.tokens, assignments);
    call.codes = batch.codes(op_.input);
    call.code_stride = batch.stride(op_.input);
    call.outputs = batch.wide(outputs_);
    call.output_stride = batch.stride(outputs_) / top_k;
    if (absl::Status status = runner_.RunLayer(call); !status.ok()) {
      batch.Fail(std::move(status));
    }
  }

 private:
  const ExpertLinearOp& op_;
  ExpertLayerRunner& runner_;
  int layer_ = 0;
  ValueId outputs_ = 0;
};

}  // namespace

void AddDelegatedStep(const ExpertLinearOp& op, const StepBuilder& with,
                      StepList* steps) {
  steps->push_back(std::make_unique<DelegatedExpertsStep>(op, with));
}

}  // namespace moevit::cpu
