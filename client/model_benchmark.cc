#include "client/model_benchmark.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "base/stopwatch.h"
#include "client/peak_rate.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/cpu/performance.h"
#include "program/random_program.h"

namespace moevit {
namespace {

std::unique_ptr<Executor> MakeExecutor(const BenchmarkCase& what,
                                       const Program* program, Isa isa,
                                       std::vector<absl::Duration>* op_times,
                                       int64_t* activation_bytes) {
  CpuExecutorOptions options;
  options.threads = what.threads;
  options.max_batch = what.batch;
  options.isa = isa;
  options.op_times = op_times;
  options.activation_bytes = activation_bytes;
  return NewCpuExecutor(program, options);
}

// "mlp.fc1" for "blocks.3.mlp.fc1"; names outside of blocks stay.
std::string KindOfOp(absl::string_view name) {
  if (absl::ConsumePrefix(&name, "blocks.")) {
    name.remove_prefix(std::min(name.find('.') + 1, name.size()));
  }
  return std::string(name);
}

}  // namespace

ModelBenchmark::ModelBenchmark(BenchmarkCase what, const Program* program,
                               const BenchmarkOptions& options)
    : case_(std::move(what)),
      program_(*program),
      options_(options),
      multiplications_(OpMultiplications(*program)),
      pixels_(RandomPixels(*program, case_.batch, /*seed=*/1)),
      logits_(int64_t{case_.batch} * program->classes),
      executor_(MakeExecutor(case_, program, options.isa,
                             options.op_times ? &op_times_ : nullptr,
                             &result_.activation_bytes)) {
  result_.measured = case_;
  result_.multiplications = std::accumulate(multiplications_.begin(),
                                            multiplications_.end(), int64_t{0});
  result_.weight_bytes = WeightBytes(*program);
}

absl::Status ModelBenchmark::RunOnce() {
  return executor_->Run(case_.batch, pixels_, absl::MakeSpan(logits_),
                        /*load=*/nullptr);
}

absl::Status ModelBenchmark::WarmUp() {
  MOEVIT_RETURN_IF_ERROR(RunOnce());
  std::fill(op_times_.begin(), op_times_.end(), absl::ZeroDuration());
  return absl::OkStatus();
}

absl::Status ModelBenchmark::RunTurn() {
  const double peak = MeasurePeakRate(
      options_.cpu_time ? TimeSource::kThreadCpu : TimeSource::kWall,
      options_.isa, case_.threads);
  const TimeSource source =
      options_.cpu_time ? TimeSource::kProcessCpu : TimeSource::kWall;
  int64_t images = 0;
  absl::Duration time;
  while (time < options_.turn_time) {
    absl::Status status;
    const absl::Duration run = TimeOf(source, [&] { status = RunOnce(); });
    MOEVIT_RETURN_IF_ERROR(status);
    time += options_.cpu_time ? run / case_.threads : run;
    images += case_.batch;
  }
  const double rate = static_cast<double>(images) / absl::ToDoubleSeconds(time);
  result_.images_per_second.Add(rate);
  result_.peak.Add(peak);
  result_.of_peak.Add(rate * static_cast<double>(result_.multiplications) /
                      peak);
  measured_images_ += images;
  return absl::OkStatus();
}

std::vector<OpKindTime> ModelBenchmark::OpTimes() const {
  std::vector<OpKindTime> kinds;
  std::vector<int64_t> multiplications;
  absl::Duration total;
  for (size_t i = 0; i < op_times_.size(); ++i) {
    const std::string name = KindOfOp(program_.ops[i].name);
    const auto found =
        std::find_if(kinds.begin(), kinds.end(),
                     [&](const OpKindTime& kind) { return kind.kind == name; });
    const size_t at = found - kinds.begin();
    if (found == kinds.end()) {
      kinds.push_back({.kind = name, .per_image = absl::ZeroDuration()});
      multiplications.push_back(0);
    }
    const absl::Duration time = op_times_[i] / measured_images_;
    kinds[at].per_image += time;
    multiplications[at] += multiplications_[i];
    total += time;
  }
  for (size_t k = 0; k < kinds.size(); ++k) {
    kinds[k].share = absl::FDivDuration(kinds[k].per_image, total);
    kinds[k].of_peak = static_cast<double>(multiplications[k]) /
                       absl::ToDoubleSeconds(kinds[k].per_image) /
                       result_.peak.Median();
  }
  return kinds;
}

BenchmarkResult ModelBenchmark::Result() const {
  BenchmarkResult result = result_;
  result.ops = OpTimes();
  return result;
}

}  // namespace moevit
