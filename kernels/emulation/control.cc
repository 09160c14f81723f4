#include "kernels/emulation/control.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/emulation/driver.h"

namespace moevit::emulation {
namespace {

EmulatedCard* FindCard(int card) {
  Driver* const driver = Driver::Get();
  if (driver == nullptr || card < 0 ||
      static_cast<size_t>(card) >= driver->card_count()) {
    return nullptr;
  }
  return &driver->card(static_cast<size_t>(card));
}

// Before main(), so that a program that knows nothing of this can be given
// cards by its environment.
__attribute__((constructor)) void StartAsTheEnvironmentSays() {
  const char* const cards = std::getenv("MOEVIT_EMULATED_CARDS");
  if (cards == nullptr) return;
  if (const int error = Driver::Start(std::atoi(cards)); error != 0) {
    std::fprintf(stderr, "emulated card: MOEVIT_EMULATED_CARDS is %s: %s\n",
                 cards, std::strerror(error));
    return;
  }
  const char* const faults = std::getenv("MOEVIT_EMULATED_FAULTS");
  if (faults != nullptr) MoevitEmulatedCardsInject(faults);
}

}  // namespace
}  // namespace moevit::emulation

using moevit::emulation::Driver;
using moevit::emulation::EmulatedCard;

#define MOEVIT_CONTROL extern "C" __attribute__((visibility("default")))

MOEVIT_CONTROL int MoevitEmulatedCardsStart(int cards) {
  return Driver::Start(cards);
}

MOEVIT_CONTROL int MoevitEmulatedCards() {
  return Driver::Get() == nullptr
             ? 0
             : static_cast<int>(Driver::Get()->card_count());
}

MOEVIT_CONTROL int MoevitEmulatedCardAddress(int card, char* address,
                                             size_t bytes) {
  EmulatedCard* const found = moevit::emulation::FindCard(card);
  if (found == nullptr) return ENODEV;
  const std::string& text = found->nodes().bus_address();
  if (text.size() >= bytes) return ERANGE;
  std::memcpy(address, text.c_str(), text.size() + 1);
  return 0;
}

MOEVIT_CONTROL int MoevitEmulatedCardsInject(const char* rules) {
  if (Driver::Get() == nullptr) return ENODEV;
  const std::string wrong = Driver::Get()->faults().Add(rules);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "emulated card: faults: %s\n", wrong.c_str());
  return EINVAL;
}

MOEVIT_CONTROL void MoevitEmulatedCardsClearFaults() {
  if (Driver::Get() != nullptr) Driver::Get()->faults().Clear();
}

MOEVIT_CONTROL int MoevitEmulatedCardGetCounts(
    int card, MoevitEmulatedCardCounts* counts) {
  EmulatedCard* const found = moevit::emulation::FindCard(card);
  if (found == nullptr) return ENODEV;
  const moevit::emulation::CardState& state = found->state();
  counts->launches = state.launches;
  counts->completed = state.completed;
  counts->failed = state.failed;
  counts->bytes_to_card = state.bytes_to_card;
  counts->bytes_from_card = state.bytes_from_card;
  counts->buffers = found->BufferCount();
  counts->unit_ns = found->UnitNanoseconds();
  counts->faults = Driver::Get()->faults().fired(card);
  counts->joules = found->SamplePower();
  return 0;
}
