#include "scheduler/batch_runner.h"

#include <algorithm>
#include <utility>

#include "absl/types/span.h"

namespace moevit {
namespace {

// The images one behind the other, as an executor reads them. The tasks' own
// copies are freed on the way.
std::vector<uint8_t> GatherPixels(const ImageShape& shape,
                                  std::vector<ImageTask>& tasks) {
  if (tasks.size() == 1) return std::move(tasks.front().pixels);
  std::vector<uint8_t> pixels;
  pixels.reserve(shape.pixel_bytes * tasks.size());
  for (ImageTask& task : tasks) {
    const std::vector<uint8_t> image = std::move(task.pixels);
    pixels.insert(pixels.end(), image.begin(), image.end());
  }
  return pixels;
}

}  // namespace

BatchReport ExecuteBatch(Executor& executor, const ImageShape& shape,
                         Clock& clock, std::vector<ImageTask>& tasks,
                         std::vector<absl::StatusOr<ImageResult>>& results) {
  const int images = static_cast<int>(tasks.size());
  for (ImageTask& task : tasks) task.place.Release();
  const absl::Time start = clock.Now();
  const std::vector<uint8_t> pixels = GatherPixels(shape, tasks);
  std::vector<int32_t> logits(static_cast<size_t>(images) * shape.classes);

  BatchReport report;
  report.device = std::string(executor.name());
  report.images = images;
  report.status =
      executor.Run(images, pixels, absl::MakeSpan(logits), /*load=*/nullptr);
  report.compute = std::max(clock.Now() - start, absl::ZeroDuration());

  results.clear();
  results.reserve(images);
  for (int i = 0; i < images; ++i) {
    if (!report.status.ok()) {
      results.push_back(report.status);
      continue;
    }
    ImageResult result;
    const auto first = logits.begin() + static_cast<size_t>(i) * shape.classes;
    result.logits.assign(first, first + shape.classes);
    result.device = report.device;
    result.batch_size = images;
    result.queue = std::max(start - tasks[i].arrival, absl::ZeroDuration());
    result.compute = report.compute;
    results.push_back(std::move(result));
  }
  return report;
}

}  // namespace moevit
