#include "server/device_flags.h"

#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

constexpr int kMaxEmulatedCards = 16;

bool IsHex(absl::string_view text, size_t digits) {
  if (text.size() != digits) return false;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(c)) return false;
  }
  return true;
}

// Lower case and with a domain.
absl::StatusOr<std::string> NormalizeBdf(absl::string_view text) {
  std::vector<std::string> parts = absl::StrSplit(text, ':');
  if (parts.size() == 2) parts.insert(parts.begin(), "0000");
  const std::vector<std::string> device =
      absl::StrSplit(parts.back(), absl::MaxSplits('.', 1));
  const bool well_formed = parts.size() == 3 && IsHex(parts[0], 4) &&
                           IsHex(parts[1], 2) && device.size() == 2 &&
                           IsHex(device[0], 2) && IsHex(device[1], 1);
  if (!well_formed) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%s' is not a PCIe address, such as 0000:3b:00.1", text));
  }
  return absl::AsciiStrToLower(
      absl::StrCat(parts[0], ":", parts[1], ":", device[0], ".", device[1]));
}

absl::StatusOr<DeviceSpec> CardAt(absl::string_view text) {
  MOEVIT_ASSIGN_OR_RETURN(std::string bdf, NormalizeBdf(text));
  DeviceSpec card;
  card.kind = DeviceSpec::Kind::kXrt;
  card.name = absl::StrCat("xrt:", bdf);
  card.bdf = std::move(bdf);
  return card;
}

absl::Status AddEmulated(absl::string_view count,
                         std::vector<DeviceSpec>& out) {
  int cards = 0;
  if (!absl::SimpleAtoi(count, &cards) || cards < 1 ||
      cards > kMaxEmulatedCards) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the number of emulated cards must be in [1, %d], not '%s'",
        kMaxEmulatedCards, count));
  }
  for (int i = 0; i < cards; ++i) {
    DeviceSpec card;
    card.kind = DeviceSpec::Kind::kEmulated;
    card.name = absl::StrCat("emulated:", i);
    card.index = i;
    out.push_back(std::move(card));
  }
  return absl::OkStatus();
}

absl::Status AddDevices(absl::string_view entry,
                        const std::vector<std::string>& cards,
                        std::vector<DeviceSpec>& out) {
  if (entry == "cpu") {
    out.emplace_back();
  } else if (entry == "auto") {
    for (const std::string& bdf : cards) {
      MOEVIT_ASSIGN_OR_RETURN(out.emplace_back(), CardAt(bdf));
    }
    out.emplace_back();
  } else if (absl::ConsumePrefix(&entry, "emulated:")) {
    return AddEmulated(entry, out);
  } else if (absl::ConsumePrefix(&entry, "xrt:") ||
             (!out.empty() && out.back().kind == DeviceSpec::Kind::kXrt)) {
    MOEVIT_ASSIGN_OR_RETURN(out.emplace_back(), CardAt(entry));
  } else {
    return absl::InvalidArgumentError(absl::StrFormat(
        "'%s' is not a device; there are auto, cpu, xrt:BDF and emulated:N",
        entry));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<DeviceSpec>> ParseDevices(
    absl::string_view text, const std::vector<std::string>& cards) {
  std::vector<DeviceSpec> devices;
  for (const absl::string_view entry : absl::StrSplit(text, ',')) {
    MOEVIT_RETURN_IF_ERROR(
        AddDevices(absl::StripAsciiWhitespace(entry), cards, devices));
  }
  std::set<std::string> names;
  for (const DeviceSpec& device : devices) {
    if (!names.insert(device.name).second) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "device '%s' is there twice in '%s'", device.name, text));
    }
  }
  return devices;
}

std::vector<DeviceSpec> WithSharedCards(std::vector<DeviceSpec> devices) {
  DeviceSpec shared;
  shared.kind = DeviceSpec::Kind::kCards;
  shared.name = "cards";
  for (const DeviceSpec& device : devices) {
    if (device.kind != DeviceSpec::Kind::kCpu) shared.cards.push_back(device);
  }
  if (!shared.cards.empty()) devices.push_back(std::move(shared));
  return devices;
}

}  // namespace moevit
