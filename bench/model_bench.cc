// Throughput of whole models on the CPU executor, in images per second and as a
// part of what the processor could multiply, measured in the same run.
//
//   model_bench --models=deit_s,m3vit_s --batches=1,8,32 --threads=1,2 --ops
//
// A model is the name of a synthetic one (bench/synthetic.h) or the directory
// of a quantized model.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "bench/stopwatch.h"
#include "bench/synthetic.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/performance.h"
#include "program/quantized_model.h"
#include "tests/program/random_program.h"

ABSL_FLAG(std::vector<std::string>, models,
          (std::vector<std::string>{"deit_s", "m3vit_s"}),
          "synthetic models or directories of quantized models");
ABSL_FLAG(std::vector<std::string>, batches,
          (std::vector<std::string>{"1", "8", "32"}), "images per run");
ABSL_FLAG(std::vector<std::string>, threads,
          (std::vector<std::string>{"1", "2"}), "threads per executor");
ABSL_FLAG(std::string, isa, "",
          "portable, avx2 or avx512vnni; empty: the fastest available");
ABSL_FLAG(bool, cpu_time, false,
          "measure processor time, divided by the threads, instead of the time "
          "that passes: for a busy machine. With several threads, what they "
          "spend waiting for each other counts as well");
ABSL_FLAG(int, repeats, 7, "measured turns per case");
ABSL_FLAG(bool, ops, false, "also print the time of each kind of op");

namespace moevit {
namespace {

absl::StatusOr<Program> LoadProgram(const std::string& name) {
  if (name.find('/') == std::string::npos) return SyntheticProgram(name);
  absl::StatusOr<QuantizedModel> model = LoadQuantizedModel(name);
  if (!model.ok()) return model.status();
  return std::move(model->program);
}

// One model with one number of threads and one batch size.
class Case {
 public:
  Case(const std::string& model, const Program& program, Isa isa, int threads,
       int images)
      : model_(model),
        program_(program),
        isa_(isa),
        threads_(threads),
        images_(images),
        multiplications_(OpMultiplications(program)),
        pixels_(RandomPixels(program, images, /*seed=*/1)),
        logits_(int64_t{images} * program.classes),
        executor_(NewCpuExecutor(&program, {.threads = threads,
                                            .max_batch = images,
                                            .isa = isa,
                                            .op_times = &op_times_})) {
    Run();  // Warm-up: pages, caches, clock.
    op_times_.assign(op_times_.size(), absl::ZeroDuration());
  }

  // Measures the limit and then the model, at least 100 ms of it.
  void Turn() {
    peaks_.Add(MeasurePeak(cpu_time_ ? Clock::kThreadCpu : Clock::kWall, isa_,
                           threads_));
    int64_t images = 0;
    absl::Duration time;
    while (time < absl::Milliseconds(100)) {
      time += cpu_time_ ? TimeOf(Clock::kProcessCpu, [&] { Run(); }) / threads_
                        : TimeOf(Clock::kWall, [&] { Run(); });
      images += images_;
    }
    rates_.Add(images / absl::ToDoubleSeconds(time));
    measured_images_ += images;
  }

  void Print() const {
    const double total =
        std::accumulate(multiplications_.begin(), multiplications_.end(), 0.0);
    const double peak = peaks_.Best();
    absl::PrintF("%-10s %5d %7d %9.2f %9.2f %6.1f%% %9.1f %9.1f %6.1f%%\n",
                 model_, images_, threads_, rates_.Best(), rates_.Median(),
                 100 * rates_.Spread(), rates_.Best() * total * 1e-9,
                 peak * 1e-9, 100 * rates_.Best() * total / peak);
  }

  void PrintOps() const {
    struct Kind {
      absl::Duration time;
      double multiplications = 0;
    };
    std::map<std::string, Kind> kinds;
    absl::Duration total;
    for (size_t i = 0; i < program_.ops.size(); ++i) {
      const std::string& name = program_.ops[i].name;
      // "blocks.3.mlp.fc1" counts as "mlp.fc1".
      const size_t block = name.find_first_of("0123456789");
      Kind& kind = kinds[block == std::string::npos
                             ? name
                             : name.substr(std::min(name.find('.', block) + 1,
                                                    name.size()))];
      kind.time += op_times_[i];
      kind.multiplications += static_cast<double>(multiplications_[i]);
      total += op_times_[i];
    }
    for (const auto& [name, kind] : kinds) {
      const double seconds = absl::ToDoubleSeconds(kind.time);
      const double rate = kind.multiplications * measured_images_ / seconds;
      absl::PrintF(
          "    %-14s %8.1f us/image %6.1f%% of the time %6.1f%% of "
          "peak\n",
          name, 1e6 * seconds / measured_images_,
          100 * absl::FDivDuration(kind.time, total),
          100 * rate / peaks_.Best());
    }
  }

 private:
  void Run() {
    const absl::Status status = executor_->Run(
        images_, pixels_, absl::MakeSpan(logits_), /*load=*/nullptr);
    if (!status.ok()) absl::FPrintF(stderr, "%s\n", status.ToString());
  }

  const std::string model_;
  const Program& program_;
  const Isa isa_;
  const int threads_;
  const int images_;
  const bool cpu_time_ = absl::GetFlag(FLAGS_cpu_time);
  const std::vector<int64_t> multiplications_;
  const std::vector<uint8_t> pixels_;
  std::vector<int32_t> logits_;
  std::vector<absl::Duration> op_times_;
  const std::unique_ptr<Executor> executor_;
  Samples peaks_;
  Samples rates_;
  int64_t measured_images_ = 0;
};

absl::StatusOr<std::vector<int>> Numbers(const std::vector<std::string>& text) {
  std::vector<int> numbers(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (!absl::SimpleAtoi(text[i], &numbers[i]) || numbers[i] < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", text[i], "\" is not a positive number"));
    }
  }
  return numbers;
}

absl::Status BenchModel(const std::string& name, Isa isa) {
  const absl::StatusOr<Program> program = LoadProgram(name);
  if (!program.ok()) return program.status();
  const auto batches = Numbers(absl::GetFlag(FLAGS_batches));
  if (!batches.ok()) return batches.status();
  const auto threads = Numbers(absl::GetFlag(FLAGS_threads));
  if (!threads.ok()) return threads.status();
  for (int images : *batches) {
    std::vector<std::unique_ptr<Case>> cases;
    for (int count : *threads) {
      cases.push_back(
          std::make_unique<Case>(name, *program, isa, count, images));
    }
    for (int turn = 0; turn < absl::GetFlag(FLAGS_repeats); ++turn) {
      for (auto& one : cases) one->Turn();
    }
    for (auto& one : cases) {
      one->Print();
      if (absl::GetFlag(FLAGS_ops)) one->PrintOps();
    }
  }
  return absl::OkStatus();
}

int Main() {
  const std::string isa_name = absl::GetFlag(FLAGS_isa);
  const absl::StatusOr<Isa> isa =
      isa_name.empty() ? DefaultIsa() : ParseIsa(isa_name);
  absl::Status status = isa.status();
  if (status.ok()) {
    absl::PrintF("%s; rates are images/s and 10^9 multiplications/s\n",
                 IsaName(*isa));
    absl::PrintF("%-10s %5s %7s %9s %9s %7s %9s %9s %7s\n", "model", "batch",
                 "threads", "best", "median", "spread", "GMAC/s", "peak",
                 "of peak");
    for (const std::string& model : absl::GetFlag(FLAGS_models)) {
      status.Update(BenchModel(model, *isa));
    }
  }
  if (status.ok()) return 0;
  absl::FPrintF(stderr, "%s\n", status.ToString());
  return 1;
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Measures whole models on the CPU executor.");
  absl::ParseCommandLine(argc, argv);
  return moevit::Main();
}
