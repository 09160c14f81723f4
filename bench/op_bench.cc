#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "bench/kernel_benchmarks.h"
#include "bench/rate_counters.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/cpu/performance.h"
#include "program/random_program.h"

namespace moevit::bench {
namespace {

constexpr int kBatches[] = {1, 8};

// Each iteration runs two blocks to get at one op.
constexpr int kIterations = 20;

// The first two blocks of M3ViT-S, one dense and one sparse, and its head.
Program TwoBlocks() {
  RandomProgramOptions options;
  options.image_size = 224;
  options.patch_size = 16;
  options.width = 384;
  options.heads = 6;
  options.depth = 2;
  options.mlp_width = 1536;
  options.experts = 16;
  options.expert_width = 768;
  options.classes = 1000;
  return RandomProgram(options);
}

// Products of whole matrices are measured by shape instead.
bool IsPlainProduct(const Op& op) {
  return std::holds_alternative<LinearOp>(op.body) ||
         std::holds_alternative<LinearAddOp>(op.body);
}

// `program` ends with the op to measure.
void MeasureLastOp(benchmark::State& state, const Program& program, Isa isa,
                   int batch) {
  std::vector<absl::Duration> times;
  CpuExecutorOptions options;
  options.threads = 1;
  options.max_batch = batch;
  options.isa = isa;
  options.op_times = &times;
  const std::unique_ptr<Executor> executor = NewCpuExecutor(&program, options);
  const std::vector<uint8_t> pixels = RandomPixels(program, batch, /*seed=*/1);
  std::vector<int32_t> logits(int64_t{batch} * program.classes);
  absl::Duration total;
  for (auto iteration : state) {
    static_cast<void>(iteration);
    times.back() = absl::ZeroDuration();
    const absl::Status status =
        executor->Run(batch, pixels, absl::MakeSpan(logits), /*load=*/nullptr);
    if (!status.ok()) {
      state.SkipWithError(status.ToString().c_str());
      return;
    }
    state.SetIterationTime(absl::ToDoubleSeconds(times.back()));
    total += times.back();
  }
  const int64_t multiplications = OpMultiplications(program).back() * batch;
  if (multiplications > 0) SetRates(state, isa, multiplications, total);
}

}  // namespace

void RegisterOps(Isa isa) {
  const Program whole = TwoBlocks();
  for (size_t i = 0; i < whole.ops.size(); ++i) {
    if (IsPlainProduct(whole.ops[i])) continue;
    auto program = std::make_shared<Program>(whole);
    program->ops.resize(i + 1);
    for (const int batch : kBatches) {
      benchmark::RegisterBenchmark(
          absl::StrCat("moevit/op/", whole.ops[i].name, "/b", batch).c_str(),
          [=](benchmark::State& state) {
            MeasureLastOp(state, *program, isa, batch);
          })
          ->UseManualTime()
          ->Iterations(kIterations);
    }
  }
}

}  // namespace moevit::bench
