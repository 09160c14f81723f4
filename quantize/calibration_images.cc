#include "quantize/calibration_images.h"

#include <utility>

namespace moevit {

CalibrationImages::CalibrationImages(const Program* program,
                                     std::vector<std::vector<uint8_t>> pixels,
                                     ThreadPool* pool)
    : pixels_(std::move(pixels)), pool_(pool) {
  runs_.reserve(pixels_.size());
  for (const std::vector<uint8_t>& image : pixels_) {
    runs_.emplace_back(program, image.data());
  }
}

void CalibrationImages::Run(const Op& op) {
  pool_->ParallelFor(size(),
                     [&](int64_t i, int /*worker*/) { runs_[i].Run(op); });
}

void CalibrationImages::Release(ValueId id) {
  for (reference::ImageRun& run : runs_) run.Release(id);
}

}  // namespace moevit
