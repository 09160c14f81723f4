// From a float checkpoint to an integer program, by calibration.
//
// Block by block, each layer is calibrated on the integers that the layers
// already quantized hand it, so that it can make up for part of their errors.
// docs/quantization.md has the scheme in formulas.

#ifndef MOEVIT_QUANTIZE_QUANTIZER_H_
#define MOEVIT_QUANTIZE_QUANTIZER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/thread_pool.h"
#include "model/checkpoint.h"
#include "program/quantized_model.h"
#include "quantize/dataset.h"
#include "quantize/quantization_report.h"
#include "quantize/quantize_options.h"

namespace moevit {

struct QuantizationResult {
  QuantizedModel model;
  QuantizationReport report;
};

// pixels: per image, [image_size, image_size, channels]; at least one image.
// The same inputs give the same bits for any number of threads. Returns
// kInvalidArgument for options or images that do not fit.
absl::StatusOr<QuantizationResult> QuantizeModel(
    const Checkpoint& checkpoint, std::vector<std::vector<uint8_t>> pixels,
    const QuantizeOptions& options, ThreadPool& pool);

// The pixels of `count` images of the dataset, evenly spread over it (all of
// them if it has fewer). Returns the dataset's error for an image that cannot
// be read.
absl::StatusOr<std::vector<std::vector<uint8_t>>> LoadCalibrationPixels(
    const Dataset& dataset, int64_t count);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_QUANTIZER_H_
