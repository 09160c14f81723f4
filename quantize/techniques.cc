#include "quantize/techniques.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace moevit {
namespace {

struct Entry {
  absl::string_view name;
  bool Techniques::*member;
};

constexpr Entry kEntries[] = {
    {"per_channel_norm", &Techniques::per_channel_norm},
    {"per_channel_qkv", &Techniques::per_channel_qkv},
    {"search_attention_steps", &Techniques::search_attention_steps},
    {"compensate_rounding", &Techniques::compensate_rounding},
    {"correct_bias", &Techniques::correct_bias},
};

}  // namespace

absl::string_view SchemeName(Scheme scheme) {
  return scheme == Scheme::kMinMax ? "minmax" : "coqmoe";
}

Techniques Techniques::Of(Scheme scheme) {
  Techniques techniques;
  for (const Entry& entry : kEntries) {
    techniques.*entry.member = scheme == Scheme::kCoqmoe;
  }
  return techniques;
}

absl::Status Techniques::Disable(absl::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name != name) continue;
    this->*entry.member = false;
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no technique \"", name, "\"; there are ",
                   absl::StrJoin(TechniqueNames(), ", ")));
}

std::string DescribeScheme(Scheme scheme, const Techniques& allowed) {
  const Techniques whole = Techniques::Of(scheme);
  std::vector<absl::string_view> missing;
  for (const Entry& entry : kEntries) {
    if (whole.*entry.member && !(allowed.*entry.member)) {
      missing.push_back(entry.name);
    }
  }
  return absl::StrCat(SchemeName(scheme), missing.empty() ? "" : " without ",
                      absl::StrJoin(missing, ", "));
}

Techniques Both(const Techniques& a, const Techniques& b) {
  Techniques both;
  for (const Entry& entry : kEntries) {
    both.*entry.member = a.*entry.member && b.*entry.member;
  }
  return both;
}

std::vector<std::string> TechniqueNames() {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) names.emplace_back(entry.name);
  return names;
}

}  // namespace moevit
