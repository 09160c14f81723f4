#include "model/tensor_source.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr size_t kMaxNamesInMessage = 3;

absl::string_view CanonicalName(absl::string_view name) {
  while (absl::ConsumePrefix(&name, "module.") ||
         absl::ConsumePrefix(&name, "backbone.")) {
  }
  return name;
}

// The scale of the noise that M3ViT's gates add during training.
bool ServesTrainingOnly(absl::string_view name) {
  return absl::EndsWith(name, ".w_noise");
}

}  // namespace

absl::StatusOr<TensorSource> TensorSource::Create(
    const SafetensorsReader* reader) {
  Names names;
  for (const auto& [name, unused] : reader->tensors()) {
    const auto [entry, inserted] =
        names.emplace(std::string(CanonicalName(name)), name);
    if (!inserted) {
      return absl::InvalidArgumentError(absl::StrCat(
          reader->path(), ": tensors \"", entry->second, "\" and \"", name,
          "\" are both \"", entry->first, "\" without their prefixes"));
    }
  }
  return TensorSource(reader, std::move(names));
}

std::vector<std::string> TensorSource::Matching(
    absl::string_view prefix, absl::string_view suffix) const {
  std::vector<std::string> matching;
  for (auto it = names_.lower_bound(prefix);
       it != names_.end() && absl::StartsWith(it->first, prefix); ++it) {
    if (absl::EndsWith(it->first, suffix)) matching.push_back(it->first);
  }
  return matching;
}

absl::StatusOr<std::vector<float>> TensorSource::Take(
    absl::string_view name, absl::Span<const int64_t> shape) {
  const auto entry = names_.find(name);
  const std::string name_in_file =
      entry == names_.end() ? std::string(name) : entry->second;
  MOEVIT_ASSIGN_OR_RETURN(std::vector<float> values,
                          reader_->Floats(name_in_file, shape));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return absl::InvalidArgumentError(
          absl::StrCat(reader_->path(), ": tensor \"", name_in_file,
                       "\" holds ", values[i], " at index ", i));
    }
  }
  taken_.insert(std::string(name));
  return values;
}

absl::Status TensorSource::RefuseUntaken() const {
  std::vector<std::string> untaken;
  for (const auto& [name, name_in_file] : names_) {
    if (!taken_.contains(name) && !ServesTrainingOnly(name)) {
      untaken.push_back(name_in_file);
    }
  }
  if (untaken.empty()) return absl::OkStatus();
  const size_t count = untaken.size();
  const bool shortened = count > kMaxNamesInMessage;
  if (shortened) untaken.resize(kMaxNamesInMessage);
  return absl::InvalidArgumentError(absl::StrCat(
      reader_->path(), ": ", count,
      " tensors have no place in the model that config.json describes: ",
      absl::StrJoin(untaken, ", "), shortened ? ", ..." : ""));
}

}  // namespace moevit
