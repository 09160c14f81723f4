#include "client/load_images.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "client/limits.h"

namespace moevit {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxBytes = size_t{1} << 30;

bool IsImage(const fs::path& path) {
  const std::string extension =
      absl::AsciiStrToLower(path.extension().string());
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
}

absl::StatusOr<std::vector<std::string>> ImagesIn(
    const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end;
       !error && entry != end; entry.increment(error)) {
    if (IsImage(entry->path())) files.push_back(entry->path().string());
  }
  if (error) {
    return absl::UnavailableError(
        absl::StrCat("cannot list ", directory, ": ", error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadImages(
    absl::Span<const std::string> paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    MOEVIT_ASSIGN_OR_RETURN(const std::vector<std::string> images,
                            ImagesIn(path));
    files.insert(files.end(), images.begin(), images.end());
  }
  if (files.empty()) {
    return absl::InvalidArgumentError(
        "no image to send; give a FILE, or a DIR with .jpg or .png files");
  }
  std::vector<std::string> contents;
  size_t bytes = 0;
  for (const std::string& file : files) {
    MOEVIT_ASSIGN_OR_RETURN(std::string content,
                            ReadFile(file, kMaxImageFileBytes));
    bytes += content.size();
    if (bytes > kMaxBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the images up to ", file, " have ", bytes,
                       " bytes; at most ", kMaxBytes, " are kept in memory"));
    }
    contents.push_back(std::move(content));
  }
  return contents;
}

}  // namespace moevit
