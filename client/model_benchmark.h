// Measures how fast a program runs on the CPU executor, in turns: each turn
// measures the processor's limit and then the program, so that both see the
// same machine, and turns of several cases can take each other's place to share
// its moods.

#ifndef MOEVIT_CLIENT_MODEL_BENCHMARK_H_
#define MOEVIT_CLIENT_MODEL_BENCHMARK_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/samples.h"
#include "kernels/cpu/isa.h"
#include "kernels/executor.h"
#include "program/program.h"

namespace moevit {

struct BenchmarkCase {
  std::string model;  // what the report calls it
  int batch = 1;      // images per run
  int threads = 1;
};

struct BenchmarkOptions {
  Isa isa = Isa::kPortable;  // REQUIRES: IsaAvailable

  // Measure processor time, divided by the threads, instead of the time that
  // passes: for a busy machine. What several threads spend waiting for each
  // other counts as well.
  bool cpu_time = false;

  // Also measure the time of each op, by the wall. Reading the clock around
  // every op costs a small model up to a hundredth of its rate.
  bool op_times = false;

  // A turn runs the program for at least this long.
  absl::Duration turn_time = absl::Milliseconds(100);
};

// The ops of one kind, of all blocks together, for example "mlp.fc1".
struct OpKindTime {
  std::string kind;
  absl::Duration per_image;
  double share = 0;    // of the time of all ops
  double of_peak = 0;  // multiplications per second, by the peak's median
};

struct BenchmarkResult {
  BenchmarkCase measured;
  int64_t multiplications = 0;  // per image
  int64_t weight_bytes = 0;
  int64_t activation_bytes = 0;  // of the whole batch
  // One sample per turn.
  Samples images_per_second;
  Samples peak;     // multiplications per second
  Samples of_peak;  // of the same turn's peak
  // In order of first appearance; empty unless measured.
  std::vector<OpKindTime> ops;
};

// Thread-compatible. Holds an executor and its packed weights.
class ModelBenchmark {
 public:
  // `program` must have passed VerifyProgram and must outlive this object.
  ModelBenchmark(BenchmarkCase what, const Program* program,
                 const BenchmarkOptions& options);
  ModelBenchmark(const ModelBenchmark&) = delete;
  ModelBenchmark& operator=(const ModelBenchmark&) = delete;

  // Runs the program without measuring, for pages, caches and the clock.
  absl::Status WarmUp();

  // Blocks for about turn_time and 30 ms. Errors: the executor's.
  absl::Status RunTurn();

  // REQUIRES: RunTurn has succeeded at least once.
  BenchmarkResult Result() const;

 private:
  absl::Status RunOnce();
  std::vector<OpKindTime> OpTimes() const;

  const BenchmarkCase case_;
  const Program& program_;
  const BenchmarkOptions options_;
  const std::vector<int64_t> multiplications_;  // by op
  const std::vector<uint8_t> pixels_;
  std::vector<int32_t> logits_;
  // By op, over all measured images; empty unless measured.
  std::vector<absl::Duration> op_times_;
  BenchmarkResult result_;                    // its samples so far
  const std::unique_ptr<Executor> executor_;  // writes into the two above
  int64_t measured_images_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_MODEL_BENCHMARK_H_
