#include "scheduler/batch_runner.h"

#include <algorithm>

#include "absl/types/span.h"
#include "base/catch_exceptions.h"

namespace moevit {
namespace {

// The images one behind the other, as an executor reads them: in `copy` unless
// there is only one.
absl::Span<const uint8_t> GatherPixels(const ImageShape& shape,
                                       const std::vector<ImageTask>& tasks,
                                       std::vector<uint8_t>& copy) {
  if (tasks.size() == 1) return tasks.front().pixels;
  copy.reserve(shape.pixel_bytes * tasks.size());
  for (const ImageTask& task : tasks) {
    copy.insert(copy.end(), task.pixels.begin(), task.pixels.end());
  }
  return copy;
}

}  // namespace

BatchReport ExecuteBatch(Executor& executor, const ImageShape& shape,
                         Clock& clock, std::vector<ImageTask>& tasks,
                         std::vector<ImageResult>& results) {
  const int images = static_cast<int>(tasks.size());
  for (ImageTask& task : tasks) task.place.Release();
  const auto unwanted = [&] {
    const absl::Time now = clock.Now();
    return std::all_of(tasks.begin(), tasks.end(), [now](const auto& task) {
      return IsUnwanted(task, now);
    });
  };

  BatchReport report;
  report.images = images;
  std::vector<int32_t> logits;
  const absl::Time start = clock.Now();
  report.status = CatchExceptions("execute the batch", [&] {
    std::vector<uint8_t> copy;
    const absl::Span<const uint8_t> pixels = GatherPixels(shape, tasks, copy);
    logits.resize(static_cast<size_t>(images) * shape.classes);
    // Before the execution, so that nothing fails after it.
    results.resize(images);
    for (ImageResult& result : results) result.logits.resize(shape.classes);
    return executor.RunCancellable(images, pixels, absl::MakeSpan(logits),
                                   &report.expert_load, unwanted);
  });
  report.compute = std::max(clock.Now() - start, absl::ZeroDuration());
  if (!report.status.ok()) return report;

  for (int i = 0; i < images; ++i) {
    const auto first = logits.begin() + static_cast<size_t>(i) * shape.classes;
    std::copy_n(first, shape.classes, results[i].logits.begin());
    results[i].batch_size = images;
    results[i].queue = std::max(start - tasks[i].arrival, absl::ZeroDuration());
    results[i].compute = report.compute;
  }
  return report;
}

absl::Status ProbeExecutor(Executor& executor, const ImageShape& shape) {
  return CatchExceptions("execute the batch", [&] {
    const std::vector<uint8_t> pixels(shape.pixel_bytes);
    std::vector<int32_t> logits(shape.classes);
    return executor.Run(/*images=*/1, pixels, absl::MakeSpan(logits),
                        /*load=*/nullptr);
  });
}

}  // namespace moevit
