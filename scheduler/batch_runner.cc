#include "scheduler/batch_runner.h"

#include <algorithm>
#include <exception>
#include <new>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

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

// Executors report errors as a status; this is for what they did not foresee.
absl::Status WithoutExceptions(absl::FunctionRef<absl::Status()> run) {
  try {
    return run();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        "there was not enough memory to execute the batch");
  } catch (const std::exception& error) {
    return absl::InternalError(
        absl::StrCat("the executor failed: ", error.what()));
  } catch (...) {
    return absl::InternalError("the executor failed");
  }
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
  report.status = WithoutExceptions([&] {
    std::vector<uint8_t> copy;
    const absl::Span<const uint8_t> pixels = GatherPixels(shape, tasks, copy);
    logits.resize(static_cast<size_t>(images) * shape.classes);
    return executor.RunCancellable(images, pixels, absl::MakeSpan(logits),
                                   &report.expert_load, unwanted);
  });
  report.compute = std::max(clock.Now() - start, absl::ZeroDuration());
  if (!report.status.ok()) return report;

  results.resize(images);
  for (int i = 0; i < images; ++i) {
    const auto first = logits.begin() + static_cast<size_t>(i) * shape.classes;
    results[i].logits.assign(first, first + shape.classes);
    results[i].batch_size = images;
    results[i].queue = std::max(start - tasks[i].arrival, absl::ZeroDuration());
    results[i].compute = report.compute;
  }
  return report;
}

absl::Status ProbeExecutor(Executor& executor, const ImageShape& shape) {
  return WithoutExceptions([&] {
    const std::vector<uint8_t> pixels(shape.pixel_bytes);
    std::vector<int32_t> logits(shape.classes);
    return executor.Run(/*images=*/1, pixels, absl::MakeSpan(logits),
                        /*load=*/nullptr);
  });
}

}  // namespace moevit
