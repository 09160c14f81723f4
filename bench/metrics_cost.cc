// What counting costs: the processor time in which a server records one image
// for Prometheus. A line of microseconds for each turn.
//
//   metrics_cost --layers=3 --experts=8
//
// The image is a request of its own and a batch of its own, which is the most
// that there can be to count of it. All threads count for one model at a time.

#include <cstdint>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/stopwatch.h"
#include "scheduler/batch_runner.h"
#include "scheduler/image_task.h"
#include "server/metrics.h"

ABSL_FLAG(int, layers, 3, "sparse layers of the model");
ABSL_FLAG(int, experts, 8, "experts of each");
ABSL_FLAG(int, threads, 2, "how many record at the same time");
ABSL_FLAG(int, images, 100'000, "that each thread records in a turn");
ABSL_FLAG(int, repeats, 20, "turns");

namespace moevit {
namespace {

BatchReport BatchOfOne() {
  BatchReport report;
  report.device = "cpu";
  report.images = 1;
  report.compute = report.duration = report.predicted = absl::Milliseconds(1);
  report.expert_load.tokens.assign(
      absl::GetFlag(FLAGS_layers),
      std::vector<int64_t>(absl::GetFlag(FLAGS_experts), 1));
  report.expert_load.layers = absl::GetFlag(FLAGS_layers);
  return report;
}

void RecordImages(ModelMetrics metrics) {
  ImageResult result;
  result.decode = result.queue = absl::Milliseconds(1);
  const BatchReport batch = BatchOfOne();
  for (int i = 0; i < absl::GetFlag(FLAGS_images); ++i) {
    metrics.RecordImage(result);
    metrics.RecordBatch(batch);
    metrics.RecordRequest(absl::OkStatus(), absl::Milliseconds(1));
  }
}

void RecordOnAllThreads(const ModelMetrics& metrics) {
  const int count = absl::GetFlag(FLAGS_threads);
  std::vector<std::thread> threads;
  threads.reserve(count);
  for (int i = 0; i < count; ++i) {
    threads.emplace_back(RecordImages, metrics);
  }
  for (std::thread& thread : threads) thread.join();
}

void Main() {
  Metrics metrics(BuildInfo(), absl::Now(), Metrics::Sources());
  const ModelMetrics model = metrics.AddModel("model", "1");
  const double images = static_cast<double>(absl::GetFlag(FLAGS_threads)) *
                        absl::GetFlag(FLAGS_images);
  for (int turn = 0; turn < absl::GetFlag(FLAGS_repeats); ++turn) {
    const absl::Duration time =
        TimeOf(TimeSource::kProcessCpu, [&] { RecordOnAllThreads(model); });
    absl::PrintF("%.3f\n", absl::ToDoubleMicroseconds(time) / images);
  }
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Measures what counting for Prometheus costs.");
  absl::ParseCommandLine(argc, argv);
  moevit::Main();
}
