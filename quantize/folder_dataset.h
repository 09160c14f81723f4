// Datasets in a folder of image files; see quantize/dataset.h for the layouts.

#ifndef MOEVIT_QUANTIZE_FOLDER_DATASET_H_
#define MOEVIT_QUANTIZE_FOLDER_DATASET_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/config.h"
#include "quantize/dataset.h"

namespace moevit {

// As OpenDataset for a folder. Images come in the order of their class, then
// of their names.
absl::StatusOr<std::unique_ptr<Dataset>> OpenFolderDataset(
    const std::string& path, const ModelConfig& config, LabelUse labels);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_FOLDER_DATASET_H_
