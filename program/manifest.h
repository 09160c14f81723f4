// The list of a model's files with their sizes and checksums, by which a
// damaged or half-copied model is recognized before it is used.

#ifndef MOEVIT_PROGRAM_MANIFEST_H_
#define MOEVIT_PROGRAM_MANIFEST_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace moevit {

inline constexpr char kManifestFile[] = "manifest.json";

// The text of a manifest. files: content by file name.
std::string MakeManifest(const std::map<std::string, absl::string_view>& files);

// Checks that the manifest in `directory` lists exactly `files` and that each
// has the listed size and SHA-256. Returns kNotFound when the manifest is
// missing and kDataLoss, naming the file, when something does not match.
absl::Status CheckManifest(
    const std::string& directory,
    const std::map<std::string, absl::string_view>& files);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_MANIFEST_H_
