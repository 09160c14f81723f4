// The experts of a layer where they run elsewhere: this step hands the
// grouped tokens over, and the combination finds the outputs in place.

#include <memory>
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
        combined_ = combine->output;
      }
    }
  }

  void Run(const Batch& batch) const override {
    const ValueStore& values = *batch.values;
    const Routing& routing = values.routing(op_.routing);
    const int64_t assignments = int64_t{batch.images} *
                                values.rows(op_.routing) *
                                values.channels(op_.routing);
    ExpertLayerCall call;
    call.layer = layer_;
    call.first = absl::MakeConstSpan(routing.first, op_.experts.size() + 1);
    call.order = absl::MakeConstSpan(routing.order, assignments);
    call.tokens = absl::MakeConstSpan(routing.tokens, assignments);
    call.codes = values.codes(op_.input);
    call.code_stride = values.stride(op_.input);
    call.outputs = values.expert_outputs(combined_);
    call.output_stride = values.stride(combined_);
    *batch.status = runner_.RunLayer(call);
  }

 private:
  const ExpertLinearOp& op_;
  ExpertLayerRunner& runner_;
  int layer_ = 0;
  ValueId combined_ = 0;
};

}  // namespace

std::unique_ptr<Step> MakeDelegatedStep(const ExpertLinearOp& op,
                                        const StepBuilder& with) {
  return std::make_unique<DelegatedExpertsStep>(op, with);
}

}  // namespace moevit::cpu
