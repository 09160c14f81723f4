#include "kernels/reference/reference_executor.h"

#include <algorithm>
#include <cstdint>
#include <variant>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "kernels/reference/image_run.h"

namespace moevit {
namespace {

void CountExperts(const Program& program, const reference::ImageRun& run,
                  ExpertLoad* load) {
  size_t layer = 0;
  for (const Op& op : program.ops) {
    const GateOp* gate = std::get_if<GateOp>(&op.body);
    if (gate == nullptr) continue;
    if (load->tokens.size() <= layer) load->tokens.resize(layer + 1);
    load->tokens[layer].resize(gate->experts);
    for (int expert : run.value(gate->output).experts) {
      ++load->tokens[layer][expert];
    }
    ++layer;
  }
}

class ReferenceExecutor : public Executor {
 public:
  explicit ReferenceExecutor(const Program* program) : program_(*program) {}

  absl::string_view name() const override { return "reference"; }

  absl::Status Run(int images, absl::Span<const uint8_t> pixels,
                   absl::Span<int32_t> logits, ExpertLoad* load) override {
    return RunCancellable(images, pixels, logits, load, [] { return false; });
  }

  absl::Status RunCancellable(int images, absl::Span<const uint8_t> pixels,
                              absl::Span<int32_t> logits, ExpertLoad* load,
                              absl::FunctionRef<bool()> cancelled) override {
    MOEVIT_RETURN_IF_ERROR(CheckBatch(program_, images, pixels, logits));
    for (int i = 0; i < images; ++i) {
      reference::ImageRun run(&program_,
                              pixels.data() + i * program_.image_bytes());
      for (const Op& op : program_.ops) {
        if (cancelled()) return BatchCancelledError();
        run.Run(op);
      }
      std::copy(run.logits().begin(), run.logits().end(),
                logits.begin() + int64_t{i} * program_.classes);
      if (load != nullptr) CountExperts(program_, run, load);
    }
    return absl::OkStatus();
  }

 private:
  const Program& program_;
};

}  // namespace

std::unique_ptr<Executor> NewReferenceExecutor(const Program* program) {
  return std::make_unique<ReferenceExecutor>(program);
}

}  // namespace moevit
