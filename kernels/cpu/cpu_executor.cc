#include "kernels/cpu/cpu_executor.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/clock.h"
#include "base/cpu_count.h"
#include "base/status_macros.h"
#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/step.h"
#include "kernels/cpu/value_store.h"
#include "kernels/cpu/worker_team.h"

namespace moevit {
namespace {

Isa ChooseIsa(const CpuExecutorOptions& options) {
  if (options.isa.has_value()) return *options.isa;
  const absl::StatusOr<Isa> isa = DefaultIsa();
  return isa.ok() ? *isa : AvailableIsas().back();
}

class CpuExecutor : public Executor {
 public:
  CpuExecutor(const Program* program, const CpuExecutorOptions& options)
      : program_(*program),
        max_batch_(options.max_batch),
        op_times_(options.op_times),
        team_(options.threads > 0 ? options.threads : AvailableCpuCount()),
        values_(*program, options.max_batch) {
    cpu::StepBuilder with;
    with.program = program;
    with.kernels = &cpu::KernelsFor(ChooseIsa(options));
    with.weights = &weights_;
    with.expert_layers = options.expert_layers;
    for (const Op& op : program->ops) {
      steps_.push_back(std::visit(
          [&](const auto& body) { return cpu::MakeStep(body, with); },
          op.body));
      scratch_stride_ = std::max(
          scratch_stride_,
          cpu::RoundUp(steps_.back()->scratch_bytes(), cpu::kAlignment));
    }
    scratch_ =
        weights_.AllocateArray<uint8_t>(scratch_stride_ * team_.workers());
    if (op_times_ != nullptr) op_times_->resize(program->ops.size());
  }

  absl::string_view name() const override { return "cpu"; }

  absl::Status Run(int images, absl::Span<const uint8_t> pixels,
                   absl::Span<int32_t> logits, ExpertLoad* load) override {
    return RunCancellable(images, pixels, logits, load, [] { return false; });
  }

  absl::Status RunCancellable(int images, absl::Span<const uint8_t> pixels,
                              absl::Span<int32_t> logits, ExpertLoad* load,
                              absl::FunctionRef<bool()> cancelled) override {
    MOEVIT_RETURN_IF_ERROR(CheckBatch(program_, images, pixels, logits));
    for (int first = 0; first < images; first += max_batch_) {
      absl::Status status;
      cpu::Batch batch;
      batch.status = &status;
      batch.images = std::min(max_batch_, images - first);
      batch.pixels = pixels.data() + first * program_.image_bytes();
      batch.logits = logits.data() + int64_t{first} * program_.classes;
      batch.values = &values_;
      batch.team = &team_;
      batch.scratch = scratch_;
      batch.scratch_stride = scratch_stride_;
      MOEVIT_RETURN_IF_ERROR(RunSteps(batch, cancelled));
      if (load != nullptr) CountExperts(load);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status RunSteps(const cpu::Batch& batch,
                        absl::FunctionRef<bool()> cancelled) {
    for (size_t i = 0; i < steps_.size(); ++i) {
      if (cancelled()) return BatchCancelledError();
      const absl::Time start =
          op_times_ == nullptr ? absl::InfinitePast() : absl::Now();
      steps_[i]->Run(batch);
      MOEVIT_RETURN_IF_ERROR(*batch.status);
      if (op_times_ != nullptr) (*op_times_)[i] += absl::Now() - start;
    }
    return absl::OkStatus();
  }

  // Adds the group sizes of the batch that just ran.
  void CountExperts(ExpertLoad* load) const {
    size_t layer = 0;
    for (const Op& op : program_.ops) {
      const GateOp* const gate = std::get_if<GateOp>(&op.body);
      if (gate == nullptr) continue;
      const int32_t* const first = values_.routing(gate->output).first;
      if (load->tokens.size() <= layer) load->tokens.resize(layer + 1);
      load->tokens[layer].resize(gate->experts);
      for (int e = 0; e < gate->experts; ++e) {
        load->tokens[layer][e] += first[e + 1] - first[e];
      }
      ++layer;
    }
  }

  const Program& program_;
  const int max_batch_;
  std::vector<absl::Duration>* const op_times_;
  cpu::WorkerTeam team_;
  cpu::ValueStore values_;
  cpu::MemoryArena weights_;
  std::vector<std::unique_ptr<cpu::Step>> steps_;  // by op
  uint8_t* scratch_ = nullptr;
  int64_t scratch_stride_ = 0;  // bytes per worker
};

}  // namespace

std::unique_ptr<Executor> NewCpuExecutor(const Program* program,
                                         const CpuExecutorOptions& options) {
  return std::make_unique<CpuExecutor>(program, options);
}

}  // namespace moevit
