// Datasets in one raw file; see quantize/dataset.h for the format.

#ifndef MOEVIT_QUANTIZE_RAW_DATASET_H_
#define MOEVIT_QUANTIZE_RAW_DATASET_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/config.h"
#include "quantize/dataset.h"

namespace moevit {

// As OpenDataset for a file. Keeps it mapped.
absl::StatusOr<std::unique_ptr<Dataset>> OpenRawDataset(
    const std::string& path, const ModelConfig& config, LabelUse labels);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_RAW_DATASET_H_
