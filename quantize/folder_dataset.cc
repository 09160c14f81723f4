#include "quantize/folder_dataset.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "model/decode_limits.h"
#include "model/preprocess.h"

namespace moevit {
namespace {

namespace fs = std::filesystem;

struct ImageFile {
  std::string path;
  std::optional<int> label;
};

// The visible entries of a folder, each list sorted by name.
struct FolderContent {
  std::vector<std::string> folders;  // names
  std::vector<std::string> images;   // paths
};

bool IsImageName(const fs::path& path) {
  const std::string extension =
      absl::AsciiStrToLower(path.extension().string());
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

absl::StatusOr<FolderContent> ListFolder(const fs::path& path) {
  FolderContent content;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name[0] == '.') continue;
    // What cannot be examined, such as a dangling link, is neither.
    std::error_code ignored;
    if (entry->is_directory(ignored)) {
      content.folders.push_back(name);
    } else if (IsImageName(name)) {
      content.images.push_back(entry->path().string());
    }
  }
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot list folder '", path.string(), "': ", error.message()));
  }
  std::sort(content.folders.begin(), content.folders.end());
  std::sort(content.images.begin(), content.images.end());
  return content;
}

absl::Status NoImages(const fs::path& path) {
  return absl::InvalidArgumentError(
      absl::StrCat("folder '", path.string(), "' has no JPEG or PNG files"));
}

// The class of each of the sorted `folders`.
absl::StatusOr<std::vector<int>> ClassesOf(
    const std::vector<std::string>& folders, const std::string& path,
    const ModelConfig& config) {
  std::vector<int> classes;
  if (config.class_names.empty()) {
    if (static_cast<int>(folders.size()) != config.num_classes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "dataset '", path, "' has ", folders.size(),
          " subfolders, the model has ", config.num_classes,
          " classes without names; there must be one subfolder for each"));
    }
    for (int i = 0; i < config.num_classes; ++i) classes.push_back(i);
    return classes;
  }
  for (const std::string& folder : folders) {
    const auto name =
        std::find(config.class_names.begin(), config.class_names.end(), folder);
    if (name == config.class_names.end()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "dataset '", path, "': subfolder '", folder,
          "' is none of the model's ", config.num_classes, " class names"));
    }
    classes.push_back(static_cast<int>(name - config.class_names.begin()));
  }
  return classes;
}

absl::StatusOr<std::vector<ImageFile>> ListClassFolders(
    const std::string& path, const std::vector<std::string>& folders,
    const ModelConfig& config, LabelUse labels) {
  std::vector<int> classes;
  if (labels == LabelUse::kRequired) {
    MOEVIT_ASSIGN_OR_RETURN(classes, ClassesOf(folders, path, config));
  }
  std::vector<ImageFile> files;
  for (size_t i = 0; i < folders.size(); ++i) {
    const fs::path folder = fs::path(path) / folders[i];
    MOEVIT_ASSIGN_OR_RETURN(FolderContent content, ListFolder(folder));
    if (content.images.empty()) return NoImages(folder);
    for (std::string& image : content.images) {
      ImageFile file{std::move(image), std::nullopt};
      if (!classes.empty()) file.label = classes[i];
      files.push_back(std::move(file));
    }
  }
  std::stable_sort(
      files.begin(), files.end(),
      [](const ImageFile& a, const ImageFile& b) { return a.label < b.label; });
  return files;
}

absl::StatusOr<std::vector<ImageFile>> ListImages(const std::string& path,
                                                  const ModelConfig& config,
                                                  LabelUse labels) {
  MOEVIT_ASSIGN_OR_RETURN(FolderContent content, ListFolder(path));
  if (content.folders.empty()) {
    if (content.images.empty()) return NoImages(path);
    if (labels == LabelUse::kRequired) {
      return absl::InvalidArgumentError(absl::StrCat(
          "dataset '", path,
          "' has no labels: it must have one subfolder per class"));
    }
    std::vector<ImageFile> files;
    for (std::string& image : content.images) {
      files.push_back({std::move(image), std::nullopt});
    }
    return files;
  }
  if (!content.images.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset '", path, "' has images (", content.images[0],
        ") beside subfolders (", content.folders[0], "); it must have either"));
  }
  return ListClassFolders(path, content.folders, config, labels);
}

class FolderDataset : public Dataset {
 public:
  FolderDataset(std::vector<ImageFile> files, const ModelConfig& config)
      : files_(std::move(files)), config_(config) {}

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  bool has_labels() const override { return files_[0].label.has_value(); }
  size_t image_bytes() const override { return config_.image_bytes(); }
  int classes() const override { return config_.num_classes; }

  absl::StatusOr<Sample> Load(int64_t index) const override {
    const ImageFile& file = files_[index];
    absl::StatusOr<std::vector<uint8_t>> pixels = ReadPixels(file.path);
    if (!pixels.ok()) {
      return absl::Status(
          pixels.status().code(),
          absl::StrCat("image '", file.path, "': ", pixels.status().message()));
    }
    return Sample{*std::move(pixels), file.label};
  }

 private:
  absl::StatusOr<std::vector<uint8_t>> ReadPixels(
      const std::string& path) const {
    const DecodeLimits limits;
    MOEVIT_ASSIGN_OR_RETURN(const std::string encoded,
                            ReadFile(path, limits.max_encoded_bytes));
    return DecodeAndPreprocess(encoded, config_, limits);
  }

  const std::vector<ImageFile> files_;
  const ModelConfig config_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> OpenFolderDataset(
    const std::string& path, const ModelConfig& config, LabelUse labels) {
  MOEVIT_ASSIGN_OR_RETURN(std::vector<ImageFile> files,
                          ListImages(path, config, labels));
  return std::make_unique<FolderDataset>(std::move(files), config);
}

}  // namespace moevit
