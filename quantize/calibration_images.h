// The calibration images on their way through a program that is being built:
// each op, once its constants are chosen, is run on all of them, so that every
// layer is calibrated on exactly the integers that it will see.

#ifndef MOEVIT_QUANTIZE_CALIBRATION_IMAGES_H_
#define MOEVIT_QUANTIZE_CALIBRATION_IMAGES_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/reference/image_run.h"
#include "program/program.h"

namespace moevit {

// Thread-compatible; its loops use all workers of the pool.
class CalibrationImages {
 public:
  // pixels: per image, [image_size, image_size, channels]. `program` may grow
  // between calls; it and `pool` must outlive this object.
  CalibrationImages(const Program* program,
                    std::vector<std::vector<uint8_t>> pixels, ThreadPool* pool);

  int size() const { return static_cast<int>(runs_.size()); }
  const std::vector<uint8_t>& pixels(int image) const { return pixels_[image]; }
  const reference::ValueData& value(int image, ValueId id) const {
    return runs_[image].value(id);
  }
  ThreadPool& pool() { return *pool_; }

  void Run(const Op& op);
  void Release(ValueId id);

  // Calls measure(image) -> Result for the first `count` images in parallel
  // and merges the results in image order: sum.Merge(result).
  template <typename Result, typename Measure>
  Result Reduce(int count, Measure measure);
  template <typename Result, typename Measure>
  Result Reduce(Measure measure) {
    return Reduce<Result>(size(), measure);
  }

 private:
  const std::vector<std::vector<uint8_t>> pixels_;
  ThreadPool* const pool_;
  std::vector<reference::ImageRun> runs_;
};

// Implementation details follow.

template <typename Result, typename Measure>
Result CalibrationImages::Reduce(int count, Measure measure) {
  // In waves, so that few unmerged results are in memory at a time.
  const int wave = pool_->workers();
  Result sum;
  for (int first = 0; first < count; first += wave) {
    std::vector<Result> results(std::min(wave, count - first));
    pool_->ParallelFor(static_cast<int64_t>(results.size()),
                       [&](int64_t i, int /*worker*/) {
                         results[i] = measure(first + static_cast<int>(i));
                       });
    for (const Result& result : results) sum.Merge(result);
  }
  return sum;
}

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_CALIBRATION_IMAGES_H_
