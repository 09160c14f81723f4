#include "kernels/emulation/xclbin_spec.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace moevit::emulation {
namespace {

// The widths of names in the container, less a final zero.
constexpr size_t kMaxTag = 15;
constexpr size_t kMaxUnitName = 63;
constexpr size_t kMaxPlatform = 63;

absl::Status Wrong(absl::string_view what, absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(what, " \"", text, "\""));
}

struct TagRange {
  std::string family;  // "HBM"
  int first = 0;
  int last = 0;
};

// "HBM[2]" or "HBM[0:31]".
absl::StatusOr<TagRange> ParseTag(absl::string_view text) {
  TagRange range;
  absl::string_view indices = text;
  const size_t open = text.find('[');
  if (open == absl::string_view::npos || !absl::ConsumeSuffix(&indices, "]")) {
    return Wrong("expected a memory like HBM[0] or HBM[0:3], got", text);
  }
  range.family = std::string(text.substr(0, open));
  indices.remove_prefix(open + 1);
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(indices, absl::MaxSplits(':', 1));
  const bool one = !absl::StrContains(indices, ':');
  if (!absl::SimpleAtoi(ends.first, &range.first) ||
      !absl::SimpleAtoi(one ? ends.first : ends.second, &range.last) ||
      range.first < 0 || range.last < range.first) {
    return Wrong("bad index of memory", text);
  }
  return range;
}

std::string Tag(const std::string& family, int index) {
  return absl::StrCat(family, "[", index, "]");
}

absl::StatusOr<uint64_t> ParseSize(absl::string_view text) {
  uint64_t unit = 1;
  if (absl::ConsumeSuffix(&text, "K")) unit = uint64_t{1} << 10;
  if (absl::ConsumeSuffix(&text, "M")) unit = uint64_t{1} << 20;
  if (absl::ConsumeSuffix(&text, "G")) unit = uint64_t{1} << 30;
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number == 0) {
    return Wrong("bad size", text);
  }
  return number * unit;
}

absl::Status ReadMemory(const std::vector<std::string>& words,
                        XclbinSpec* spec) {
  MOEVIT_ASSIGN_OR_RETURN(const TagRange range, ParseTag(words[1]));
  uint64_t address = 0;
  if (!absl::SimpleHexAtoi(words[3], &address)) {
    return Wrong("bad address", words[3]);
  }
  MOEVIT_ASSIGN_OR_RETURN(const uint64_t bytes, ParseSize(words[4]));
  if (words[2] != "HBM" && words[2] != "DDR4") {
    return Wrong("expected HBM or DDR4, got", words[2]);
  }
  for (int i = range.first; i <= range.last; ++i) {
    spec->memories.push_back(
        {Tag(range.family, i), words[2] == "HBM", address, bytes});
    address += bytes;
  }
  return absl::OkStatus();
}

absl::Status ReadPlatformLine(const std::vector<std::string>& words,
                              XclbinSpec* spec) {
  if (words[0] == "platform" && words.size() == 2) {
    spec->platform = words[1];
  } else if (words[0] == "fpga" && words.size() == 2) {
    spec->fpga = words[1];
  } else if (words[0] == "clock" && words.size() == 3) {
    ClockSpec clock = {words[1], 0};
    if (!absl::SimpleAtoi(words[2], &clock.mhz) || clock.mhz <= 0) {
      return Wrong("bad frequency", words[2]);
    }
    spec->clocks.push_back(clock);
  } else if (words[0] == "memory" && words.size() == 5) {
    return ReadMemory(words, spec);
  } else {
    return Wrong("not a statement of a platform file:", words[0]);
  }
  return absl::OkStatus();
}

// KERNEL:COUNT:INSTANCE.INSTANCE...
absl::Status ReadUnits(absl::string_view value, XclbinSpec* spec) {
  const std::vector<std::string> parts = absl::StrSplit(value, ':');
  int count = 0;
  if (parts.size() < 2 || parts.size() > 3 ||
      !absl::SimpleAtoi(parts[1], &count) || count <= 0) {
    return Wrong("expected kernel:count:instances, got", value);
  }
  KernelSpec kernel;
  kernel.name = parts[0];
  if (parts.size() == 3) {
    for (absl::string_view instance : absl::StrSplit(parts[2], '.')) {
      kernel.units.push_back({std::string(instance), {}});
    }
  } else {  // v++ names them by number
    for (int i = 1; i <= count; ++i) {
      kernel.units.push_back({absl::StrCat(kernel.name, "_", i), {}});
    }
  }
  if (kernel.units.size() != static_cast<size_t>(count)) {
    return Wrong(absl::StrCat(kernel.units.size(), " instances named in"),
                 value);
  }
  spec->kernels.push_back(std::move(kernel));
  return absl::OkStatus();
}

UnitSpec* FindUnit(absl::string_view instance, XclbinSpec* spec) {
  for (KernelSpec& kernel : spec->kernels) {
    for (UnitSpec& unit : kernel.units) {
      if (unit.instance == instance) return &unit;
    }
  }
  return nullptr;
}

// INSTANCE.PARAMETER:BANK
absl::Status ReadBank(absl::string_view value, XclbinSpec* spec) {
  const std::pair<absl::string_view, absl::string_view> sides =
      absl::StrSplit(value, absl::MaxSplits(':', 1));
  const std::pair<absl::string_view, absl::string_view> names =
      absl::StrSplit(sides.first, absl::MaxSplits('.', 1));
  UnitSpec* const unit = FindUnit(names.first, spec);
  if (unit == nullptr) return Wrong("no nk= before names the unit of", value);
  if (names.second.empty() || sides.second.empty()) {
    return Wrong("expected instance.parameter:bank, got", value);
  }
  unit->banks[std::string(names.second)] = std::string(sides.second);
  return absl::OkStatus();
}

absl::Status ReadConnectivityLine(absl::string_view line, XclbinSpec* spec) {
  if (absl::ConsumePrefix(&line, "nk=")) return ReadUnits(line, spec);
  if (absl::ConsumePrefix(&line, "sp=")) return ReadBank(line, spec);
  if (absl::StartsWith(line, "slr=")) return absl::OkStatus();
  return Wrong("not a statement of [connectivity]:", line);
}

absl::Status At(absl::string_view name, int line, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(name, ":", line, ": ", status.message()));
}

absl::string_view WithoutComment(absl::string_view line) {
  return absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
}

absl::Status CheckUnit(const XclbinSpec& spec, const KernelSpec& kernel,
                       const UnitSpec& unit) {
  const std::string name = absl::StrCat(kernel.name, ":", unit.instance);
  if (name.size() > kMaxUnitName) return Wrong("too long:", name);
  size_t pointers = 0;
  for (const ParameterSpec& parameter : kernel.parameters) {
    if (!parameter.is_pointer) continue;
    ++pointers;
    const auto bank = unit.banks.find(parameter.name);
    if (bank == unit.banks.end()) {
      return Wrong(absl::StrCat(name, ": no sp= for pointer"), parameter.name);
    }
    MOEVIT_RETURN_IF_ERROR(MemoriesOf(spec, bank->second).status());
  }
  if (pointers == unit.banks.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      name, ": ", unit.banks.size(), " sp= for ", pointers, " pointers"));
}

}  // namespace

absl::Status ReadPlatform(absl::string_view text, absl::string_view name,
                          XclbinSpec* spec) {
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const std::vector<std::string> words = absl::StrSplit(
        WithoutComment(line), absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.empty()) continue;
    MOEVIT_RETURN_IF_ERROR(At(name, number, ReadPlatformLine(words, spec)));
  }
  return absl::OkStatus();
}

absl::Status ReadConnectivity(absl::string_view text, absl::string_view name,
                              XclbinSpec* spec) {
  int number = 0;
  bool ours = false;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = WithoutComment(line);
    if (absl::StartsWith(line, "[")) {
      ours = line == "[connectivity]";
    } else if (ours && !line.empty()) {
      MOEVIT_RETURN_IF_ERROR(
          At(name, number, ReadConnectivityLine(line, spec)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int>> MemoriesOf(const XclbinSpec& spec,
                                            const std::string& bank) {
  MOEVIT_ASSIGN_OR_RETURN(const TagRange range, ParseTag(bank));
  std::vector<int> memories;
  for (int i = range.first; i <= range.last; ++i) {
    const size_t before = memories.size();
    for (size_t j = 0; j < spec.memories.size(); ++j) {
      if (spec.memories[j].tag == Tag(range.family, i)) {
        memories.push_back(static_cast<int>(j));
      }
    }
    if (memories.size() != before + 1) {
      return Wrong("the platform has no memory", Tag(range.family, i));
    }
  }
  return memories;
}

absl::Status Check(const XclbinSpec& spec) {
  if (spec.platform.empty() || spec.platform.size() > kMaxPlatform) {
    return Wrong("a platform's name is missing or too long:", spec.platform);
  }
  if (spec.kernels.empty()) return Wrong("no nk= for platform", spec.platform);
  for (const MemorySpec& memory : spec.memories) {
    if (memory.tag.size() > kMaxTag) return Wrong("too long:", memory.tag);
  }
  for (const KernelSpec& kernel : spec.kernels) {
    for (const UnitSpec& unit : kernel.units) {
      MOEVIT_RETURN_IF_ERROR(CheckUnit(spec, kernel, unit));
    }
  }
  return absl::OkStatus();
}

}  // namespace moevit::emulation
