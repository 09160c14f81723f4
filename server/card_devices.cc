#include "server/card_devices.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "kernels/card/card_expert_device.h"
#include "kernels/card/card_units.h"
#include "kernels/card/emulated_cards.h"
#include "server/card_node.h"
#include "server/log.h"

namespace moevit {
namespace {

absl::StatusOr<std::string> ImageOf(const DeviceSpec& spec,
                                    const CardOptions& options) {
  if (spec.kind == DeviceSpec::Kind::kEmulated) return EmulatedCardImage();
  if (!options.image.empty()) return options.image;
  return absl::FailedPreconditionError(absl::StrFormat(
      "device %s needs a card image, and card_image names none", spec.name));
}

absl::StatusOr<XrtCardOptions> CardToOpen(const DeviceSpec& spec,
                                          const CardOptions& options) {
  XrtCardOptions card;
  card.name = spec.name;
  card.on_stuck = [](const std::string& what) { LogError(what); };
  card.bus_address = spec.bdf;
  if (spec.kind == DeviceSpec::Kind::kEmulated) {
    MOEVIT_ASSIGN_OR_RETURN(card.bus_address, EmulatedCardAddress(spec.index));
  }
  MOEVIT_ASSIGN_OR_RETURN(card.image_path, ImageOf(spec, options));
  return card;
}

absl::StatusOr<int> LanesOf(const DeviceSpec& spec,
                            const CardOptions& options) {
  MOEVIT_ASSIGN_OR_RETURN(const std::string image, ImageOf(spec, options));
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<ComputeUnit> units,
                          ReadCardImage(image));
  const int lanes = BatchesInFlight(CountUnits(units));
  if (lanes > 0) return lanes;
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s has other kernels than those of this program", image));
}

// The error of a card that does not open, with what its files say of it.
absl::Status WithReason(const absl::Status& error, const DeviceSpec& spec) {
  const std::string reason =
      spec.kind == DeviceSpec::Kind::kXrt ? WhyCardIsClosed(spec.bdf) : "";
  if (reason.empty()) return error;
  return absl::Status(error.code(),
                      absl::StrCat(error.message(), "; ", reason));
}

}  // namespace

absl::Status CardOptions::Validate() const {
  if (memory < 0) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "card_memory is %d bytes, it must not be negative", memory));
  }
  if (timeout > absl::ZeroDuration() && timeout < absl::InfiniteDuration()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("card_timeout is %s, it must be above 0 and not infinite",
                      absl::FormatDuration(timeout)));
}

absl::StatusOr<std::unique_ptr<Executor>> CardDevices::NewExecutor(
    const DeviceSpec& spec, const Program* program, int max_batch) {
  MOEVIT_ASSIGN_OR_RETURN(CardDevice* const device, FindOrOpen(spec));
  return device->NewExecutor(program, max_batch);
}

absl::StatusOr<bool> CardDevices::ExpertsFit(const DeviceSpec& spec,
                                             const Program* program) {
  MOEVIT_ASSIGN_OR_RETURN(CardDevice* const card, FindOrOpen(spec));
  MOEVIT_ASSIGN_OR_RETURN(const int64_t bytes, ExpertBytesOn(card, *program));
  return bytes <= options_.memory;
}

absl::StatusOr<std::unique_ptr<ExpertDevice>> CardDevices::NewExpertDevice(
    const DeviceSpec& spec, const Program* program) {
  MOEVIT_ASSIGN_OR_RETURN(CardDevice* const card, FindOrOpen(spec));
  CardExpertDeviceOptions options;
  options.memory_bytes = options_.memory;
  return NewCardExpertDevice(card, program, options);
}

absl::StatusOr<double> CardDevices::PowerWatts(const std::string& name) {
  CardDevice* const device = Find(name);
  if (device == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrFormat("card %s is not open yet", name));
  }
  return device->card().PowerWatts();
}

CardDevice* CardDevices::Find(const std::string& name) {
  MutexLock lock(&mutex_);
  const auto card = cards_.find(name);
  return card == cards_.end() ? nullptr : card->second.get();
}

absl::StatusOr<CardDevice*> CardDevices::FindOrOpen(const DeviceSpec& spec) {
  MutexLock opening(&opening_);
  if (CardDevice* const device = Find(spec.name)) return device;
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<CardDevice> device, Open(spec));
  MutexLock lock(&mutex_);
  return (cards_[spec.name] = std::move(device)).get();
}

absl::StatusOr<std::unique_ptr<CardDevice>> CardDevices::Open(
    const DeviceSpec& spec) const {
  MOEVIT_ASSIGN_OR_RETURN(const XrtCardOptions to_open,
                          CardToOpen(spec, options_));
  CardDeviceOptions options;
  options.timeout = options_.timeout;
  options.verification = options_.verification;
  absl::StatusOr<std::unique_ptr<Card>> card = open_(to_open);
  if (!card.ok()) return WithReason(card.status(), spec);
  return std::make_unique<CardDevice>(*std::move(card), options);
}

absl::Status SetLanes(const CardOptions& options,
                      std::vector<DeviceSpec>* devices) {
  for (DeviceSpec& device : *devices) {
    if (device.kind == DeviceSpec::Kind::kCpu) continue;
    MOEVIT_ASSIGN_OR_RETURN(device.lanes, LanesOf(device, options));
  }
  return absl::OkStatus();
}

std::vector<std::string> FindCards(const std::string& drivers) {
  std::vector<std::string> cards;
  std::error_code error;
  // The driver's directory has a link for each card, named by its address.
  for (const auto& entry :
       std::filesystem::directory_iterator(drivers + "/xocl", error)) {
    const std::string name = entry.path().filename().string();
    if (name.find(':') != std::string::npos) cards.push_back(name);
  }
  std::sort(cards.begin(), cards.end());
  return cards;
}

}  // namespace moevit
