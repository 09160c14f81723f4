// The way to the emulated cards of this process, for tests and for whoever
// starts them. Only a process that has libmoevit_emulated_card.so linked or
// loaded in front of the C library has any: see kernels/card/emulated_cards.h.
//
// A C interface, so that it can be looked up by name. Thread safe.

#ifndef MOEVIT_KERNELS_EMULATION_CONTROL_H_
#define MOEVIT_KERNELS_EMULATION_CONTROL_H_

#include <cstddef>
#include <cstdint>

extern "C" {

struct MoevitEmulatedCardCounts {
  int64_t launches;
  int64_t completed;
  int64_t failed;
  int64_t bytes_to_card;
  int64_t bytes_from_card;
  int64_t buffers;  // in the card's memory now
  int64_t unit_ns;  // that units ran kernels since the image was loaded
  int64_t faults;
  double joules;  // by a formula that knows nothing of a real card
};

// Creates `cards` cards, from 1 to 16, once per process and before XRT looks
// for any. Returns 0 or an error number. Done at start of the process when
// MOEVIT_EMULATED_CARDS says a number.
int MoevitEmulatedCardsStart(int cards);

// How many there are.
int MoevitEmulatedCards();

// Puts the address of card `card` on the bus, by which XRT opens it, into
// `address`. Returns 0 or an error number.
int MoevitEmulatedCardAddress(int card, char* address, size_t bytes);

// Adds rules, in the words of kernels/emulation/faults.h. Returns 0, or EINVAL
// with the reason on stderr. Done at start of the process when
// MOEVIT_EMULATED_FAULTS holds rules.
int MoevitEmulatedCardsInject(const char* rules);
void MoevitEmulatedCardsClearFaults();

// Returns 0 or an error number.
int MoevitEmulatedCardGetCounts(int card, MoevitEmulatedCardCounts* counts);

}  // extern "C"

#endif  // MOEVIT_KERNELS_EMULATION_CONTROL_H_
