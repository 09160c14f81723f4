#include "quantize/dataset.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "quantize/folder_dataset.h"
#include "quantize/raw_dataset.h"

namespace moevit {

absl::StatusOr<std::unique_ptr<Dataset>> OpenDataset(const std::string& path,
                                                     const ModelConfig& config,
                                                     LabelUse labels) {
  std::error_code error;
  const std::filesystem::file_status status =
      std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    return absl::NotFoundError(
        absl::StrCat("there is no dataset at '", path, "': ", error.message()));
  }
  if (std::filesystem::is_directory(status)) {
    return OpenFolderDataset(path, config, labels);
  }
  return OpenRawDataset(path, config, labels);
}

std::vector<int64_t> SpreadIndices(int64_t size, int64_t count) {
  count = std::min(count, size);
  std::vector<int64_t> indices(count);
  // The product is taken apart so that it cannot overflow.
  const int64_t step = count > 0 ? size / count : 0;
  const int64_t rest = count > 0 ? size % count : 0;
  for (int64_t i = 0; i < count; ++i) {
    indices[i] = i * step + i * rest / count;
  }
  return indices;
}

}  // namespace moevit
