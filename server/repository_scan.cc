#include "server/repository_scan.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <tuple>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "server/error_mapping.h"
#include "server/model_registry.h"

namespace moevit {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxNameBytes = 128;

absl::Status ReadError(const fs::path& path, const std::error_code& error) {
  const std::string message = absl::StrFormat(
      "cannot read the directory %s: %s", path.string(), error.message());
  if (error == std::errc::no_such_file_or_directory ||
      error == std::errc::too_many_symbolic_link_levels) {
    return absl::NotFoundError(message);
  }
  if (error == std::errc::permission_denied) {
    return absl::PermissionDeniedError(message);
  }
  return absl::InternalError(message);
}

// The directories in `parent`, and links to nowhere, whose names do not start
// with a dot.
absl::StatusOr<std::vector<fs::path>> Subdirectories(const fs::path& parent) {
  std::vector<fs::path> directories;
  std::error_code error;
  fs::directory_iterator entry(parent, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const bool hidden = entry->path().filename().string().starts_with('.');
    std::error_code unknown;
    if (!hidden && (entry->is_directory(unknown) || unknown)) {
      directories.push_back(entry->path());
    }
  }
  if (error) return ReadError(parent, error);
  return directories;
}

// Whether `path`, with all links followed, lies below `root`, which has none.
bool IsInside(const fs::path& root, const fs::path& path) {
  const auto [end, unused] =
      std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return end == root.end();
}

// Refuses links that lead out of the repository.
absl::Status CheckInside(const fs::path& root, const fs::path& path) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error) return ReadError(path, error);
  if (IsInside(root, target)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrFormat("%s leads to %s, which is outside of the repository",
                      path.string(), target.string()));
}

absl::Status CheckVersionInside(const fs::path& root,
                                const fs::path& directory) {
  MOEVIT_RETURN_IF_ERROR(CheckInside(root, directory));
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (!entry->is_symlink(error)) continue;
    MOEVIT_RETURN_IF_ERROR(CheckInside(root, entry->path()));
  }
  return error ? ReadError(directory, error) : absl::OkStatus();
}

// Names go into labels of metrics and service names of health checks.
bool IsServableName(absl::string_view name) {
  return name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
         });
}

absl::StatusOr<std::vector<RepositoryEntry>> VersionsIn(
    const fs::path& root, const fs::path& model_directory) {
  const std::string name = model_directory.filename().string();
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<fs::path> directories,
                          Subdirectories(model_directory));
  std::vector<RepositoryEntry> versions;
  for (const fs::path& directory : directories) {
    const auto version = ParseModelVersion(directory.filename().string());
    if (!version.ok()) continue;
    versions.push_back({name, *version, directory.string(),
                        CheckVersionInside(root, directory)});
  }
  return versions;
}

absl::Status AddVersions(const fs::path& root, const fs::path& model_directory,
                         std::vector<RepositoryEntry>& entries) {
  const std::string name = model_directory.filename().string();
  const auto versions = VersionsIn(root, model_directory);
  if (!IsServableName(name)) {
    // A file system's lost+found is no model.
    if (!versions.ok() || versions->empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrFormat(
        "the model directory %s has a name that cannot be served: up to %d "
        "letters, digits, '.', '_' and '-' are expected",
        Quoted(name), kMaxNameBytes));
  }
  if (absl::IsNotFound(versions.status())) return absl::OkStatus();
  MOEVIT_RETURN_IF_ERROR(versions.status());
  entries.insert(entries.end(), versions->begin(), versions->end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<RepositoryEntry>> ScanRepository(
    const std::string& root) {
  std::error_code error;
  const fs::path real_root = fs::canonical(root, error);
  if (error) return ReadError(root, error);
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<fs::path> models,
                          Subdirectories(root));
  std::vector<RepositoryEntry> entries;
  for (const fs::path& model : models) {
    MOEVIT_RETURN_IF_ERROR(AddVersions(real_root, model, entries));
  }
  std::sort(entries.begin(), entries.end(),
            [](const RepositoryEntry& a, const RepositoryEntry& b) {
              return std::tie(a.model, a.version) <
                     std::tie(b.model, b.version);
            });
  return entries;
}

}  // namespace moevit
