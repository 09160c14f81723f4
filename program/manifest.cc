#include "program/manifest.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr size_t kMaxManifestBytes = 1 << 20;

}  // namespace

std::string MakeManifest(
    const std::map<std::string, absl::string_view>& files) {
  Json json;
  for (const auto& [name, content] : files) {
    json["files"][name]["bytes"] = content.size();
    json["files"][name]["sha256"] = Sha256Hex(content);
  }
  return json.dump(1) + "\n";
}

absl::Status CheckManifest(
    const std::string& directory,
    const std::map<std::string, absl::string_view>& files) {
  const std::string path = absl::StrCat(directory, "/", kManifestFile);
  MOEVIT_ASSIGN_OR_RETURN(const std::string text,
                          ReadFile(path, kMaxManifestBytes));
  MOEVIT_ASSIGN_OR_RETURN(const Json document, ParseJson(text, path));
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject root,
                          JsonObject::Root(document, path));
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject listed, root.Object("files"));
  if (listed.json().size() != files.size()) {
    return absl::DataLossError(absl::StrCat(
        path, " lists ", listed.json().size(), " files, not ", files.size()));
  }
  for (const auto& [name, content] : files) {
    MOEVIT_ASSIGN_OR_RETURN(const JsonObject file, listed.Object(name));
    MOEVIT_ASSIGN_OR_RETURN(const uint64_t bytes,
                            file.Integer<uint64_t>("bytes"));
    MOEVIT_ASSIGN_OR_RETURN(const std::string sha256, file.String("sha256"));
    if (content.size() != bytes) {
      return absl::DataLossError(
          absl::StrCat(directory, "/", name, " has ", content.size(),
                       " bytes, but the manifest says ", bytes));
    }
    if (Sha256Hex(content) != sha256) {
      return absl::DataLossError(
          absl::StrCat(directory, "/", name,
                       " does not have the SHA-256 that the manifest says"));
    }
  }
  return absl::OkStatus();
}

}  // namespace moevit
