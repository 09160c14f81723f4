#include "program/quantized_model.h"

#include <unistd.h>

#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "model/safetensors_reader.h"
#include "program/manifest.h"
#include "program/program_reader.h"
#include "program/program_writer.h"
#include "program/verify.h"

namespace moevit {
namespace {

constexpr char kConfigFile[] = "config.json";
constexpr char kProgramFile[] = "program.json";
constexpr char kWeightsFile[] = "weights.safetensors";

// A program that serves another shape of image or of answer than its
// configuration promises would fail only when the first image arrives.
absl::Status CheckAgreement(const ModelConfig& config, const Program& program) {
  if (config.image_size == program.image_size &&
      config.channels == program.channels &&
      config.num_classes == program.classes) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the program takes ", program.image_size, "x", program.image_size, "x",
      program.channels, " pixels and gives ", program.classes,
      " classes, but config.json says ", config.image_size, "x",
      config.image_size, "x", config.channels, " and ", config.num_classes));
}

absl::Status FileSystemError(absl::string_view what, const std::string& path,
                             const std::error_code& error) {
  return absl::ErrnoToStatus(error.value(), absl::StrCat(what, " ", path));
}

}  // namespace

absl::StatusOr<QuantizedModel> LoadQuantizedModel(
    const std::string& directory) {
  // Copies, so that what was checked is what is used, whatever happens to the
  // files meanwhile.
  const auto copy = [&directory](const char* name) {
    return MappedFile::Copy(absl::StrCat(directory, "/", name));
  };
  MOEVIT_ASSIGN_OR_RETURN(const MappedFile config, copy(kConfigFile));
  MOEVIT_ASSIGN_OR_RETURN(const MappedFile json, copy(kProgramFile));
  MOEVIT_ASSIGN_OR_RETURN(MappedFile weights_file, copy(kWeightsFile));
  std::map<std::string, absl::string_view> files;
  files[kConfigFile] = config.bytes();
  files[kProgramFile] = json.bytes();
  files[kWeightsFile] = weights_file.bytes();
  MOEVIT_RETURN_IF_ERROR(CheckManifest(directory, files));

  QuantizedModel model;
  MOEVIT_ASSIGN_OR_RETURN(model.config, ParseModelConfig(config.bytes()));
  MOEVIT_ASSIGN_OR_RETURN(
      const SafetensorsReader weights,
      SafetensorsReader::Read(std::move(weights_file),
                              absl::StrCat(directory, "/", kWeightsFile)));
  MOEVIT_ASSIGN_OR_RETURN(model.program, ParseProgram(json.bytes(), weights));
  MOEVIT_RETURN_IF_ERROR(CheckAgreement(model.config, model.program));
  return model;
}

absl::Status SaveQuantizedModel(const QuantizedModel& model,
                                const std::string& directory) {
  namespace fs = std::filesystem;
  MOEVIT_RETURN_IF_ERROR(VerifyProgram(model.program));
  MOEVIT_RETURN_IF_ERROR(CheckAgreement(model.config, model.program));
  MOEVIT_ASSIGN_OR_RETURN(const SerializedProgram program,
                          SerializeProgram(model.program));
  const std::string config = ModelConfigToJson(model.config);
  std::map<std::string, absl::string_view> files;
  files[kConfigFile] = config;
  files[kProgramFile] = program.json;
  files[kWeightsFile] = program.weights;
  const std::string manifest = MakeManifest(files);
  files[kManifestFile] = manifest;

  std::error_code error;
  if (fs::exists(directory, error)) {
    return absl::AlreadyExistsError(absl::StrCat(directory, " exists"));
  }
  // Written beside the target so that the rename stays in one file system.
  fs::path target = fs::path(directory).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  const std::string staging =
      absl::StrCat(target.string(), ".partial-", getpid());
  fs::create_directories(staging, error);
  if (error) return FileSystemError("cannot create", staging, error);
  absl::Status status;
  for (const auto& [name, content] : files) {
    status.Update(WriteFile(absl::StrCat(staging, "/", name), content));
  }
  if (status.ok()) {
    fs::rename(staging, target, error);
    if (!error) return absl::OkStatus();
    status = FileSystemError("cannot create", directory, error);
  }
  fs::remove_all(staging, error);
  return status;
}

}  // namespace moevit
