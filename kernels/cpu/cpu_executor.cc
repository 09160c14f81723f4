#include "kernels/cpu/cpu_executor.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "base/cpu_count.h"
#include "base/status_macros.h"
#include "base/thread_affinity.h"
#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/batch_runner.h"
#include "kernels/cpu/batch_view.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/schedule.h"
#include "kernels/cpu/step.h"
#include "kernels/cpu/value_layout.h"
#include "kernels/cpu/value_store.h"
#include "kernels/cpu/worker_team.h"

namespace moevit {
namespace {

// The steps of a program and what is known before anything runs.
struct Preparation {
  Preparation(const Program& program, const CpuExecutorOptions& options)
      : layouts(program) {
    cpu::StepBuilder with;
    with.program = &program;
    with.layouts = &layouts;
    with.kernels = &cpu::KernelsFor(ChooseIsa(options.isa));
    with.weights = &weights;
    with.expert_layers = options.expert_layers;
    if (auto found = FindExpertLayers(program); found.ok()) {
      with.pairs = *std::move(found);
      if (options.expert_layers == nullptr) pairs = with.pairs;
    }
    for (const Op& op : program.ops) {
      std::visit([&](const auto& body) { cpu::AddSteps(body, with, &steps); },
                 op.body);
      end_steps.push_back(static_cast<int>(steps.size()));
    }
    for (const auto& step : steps) {
      uses.push_back(step->use());
      scratch_bytes = std::max(
          scratch_bytes, cpu::RoundUp(step->scratch_bytes(), cpu::kAlignment));
    }
    schedule = cpu::MakeSchedule(uses);
  }

  const cpu::ValueLayouts layouts;
  cpu::MemoryArena weights;
  cpu::StepList steps;
  std::vector<int> end_steps;      // by op: the first step that is not its own
  std::vector<ExpertLayer> pairs;  // linears that run as one step
  std::vector<cpu::StepUse> uses;
  std::vector<cpu::Segment> schedule;
  int64_t scratch_bytes = 0;  // per worker
};

class CpuExecutor : public Executor {
 public:
  CpuExecutor(const Program* program, const CpuExecutorOptions& options)
      : program_(*program),
        max_batch_(options.max_batch),
        processors_(options.processors),
        op_times_(options.op_times),
        experts_(*program, /*tile_rows=*/1),
        prepared_(*program, options),
        team_(options.threads > 0 ? options.threads : AvailableCpuCount(),
              options.pin_threads),
        values_(*program, prepared_.layouts, prepared_.uses, prepared_.schedule,
                options.max_batch, team_.workers()),
        scratch_(memory_.AllocateArray<uint8_t>(prepared_.scratch_bytes *
                                                team_.workers())),
        runner_(&prepared_.steps, &prepared_.schedule, team_.workers(),
                /*timed=*/op_times_ != nullptr) {
    if (op_times_ != nullptr) op_times_->resize(program->ops.size());
    if (options.activation_bytes != nullptr) {
      *options.activation_bytes = values_.bytes();
    }
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
    const ScopedAffinity bound(processors_);
    for (int first = 0; first < images; first += max_batch_) {
      cpu::BatchRun run;
      run.layouts = &prepared_.layouts;
      run.store = &values_;
      run.team = &team_;
      run.scratch = scratch_;
      run.scratch_stride = prepared_.scratch_bytes;
      run.images = std::min(max_batch_, images - first);
      run.image_bytes = program_.image_bytes();
      run.pixels = pixels.data() + first * run.image_bytes;
      run.logits = logits.data() + int64_t{first} * program_.classes;
      MOEVIT_RETURN_IF_ERROR(runner_.Run(&run, cancelled));
      if (load != nullptr) {
        experts_.AddRun([this](ValueId gate) { return GroupsOf(gate); }, load);
      }
    }
    if (op_times_ != nullptr) ReportTimes();
    return absl::OkStatus();
  }

 private:
  // Adds the time since the last report.
  void ReportTimes() {
    int step = 0;
    for (size_t op = 0; op < program_.ops.size(); ++op) {
      absl::Duration time;
      for (; step < prepared_.end_steps[op]; ++step) {
        time += runner_.TakeStepTime(step);
      }
      for (const ExpertLayer& pair : prepared_.pairs) {
        if (pair.linear != static_cast<int>(op)) continue;
        const absl::Duration second = TimeOfSecond(pair, time);
        (*op_times_)[pair.combine] += second;
        time -= second;
      }
      (*op_times_)[op] += time;
    }
  }

  // Experts' linears that run as one step are timed as one, too: the second
  // one's part by multiplications.
  absl::Duration TimeOfSecond(const ExpertLayer& pair,
                              absl::Duration both) const {
    const auto& first =
        std::get<ExpertLinearOp>(program_.ops[pair.linear].body);
    const auto& second =
        std::get<ExpertCombineOp>(program_.ops[pair.combine].body);
    const int64_t in = first.experts[0].matrix.in;
    const int64_t out = second.experts[0].out;
    return both * out / (in + out);
  }

  // Of the batch that just ran.
  const int32_t* GroupsOf(ValueId gate) const {
    return values_.routing(gate).first;
  }

  const Program& program_;
  const int max_batch_;
  const std::vector<int> processors_;
  std::vector<absl::Duration>* const op_times_;
  const ExpertLoadCounter experts_;
  const Preparation prepared_;
  cpu::WorkerTeam team_;
  cpu::MemoryArena memory_;
  const cpu::ValueStore values_;
  uint8_t* const scratch_;
  cpu::BatchRunner runner_;
};

}  // namespace

std::unique_ptr<Executor> NewCpuExecutor(const Program* program,
                                         const CpuExecutorOptions& options) {
  // For the threads that it starts, and the weights that it packs.
  const ScopedAffinity bound(options.processors);
  return std::make_unique<CpuExecutor>(program, options);
}

}  // namespace moevit
