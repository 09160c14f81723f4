// Emulated cards for a program that is asked for them: how "emulated:2" becomes
// two addresses that OpenXrtCard opens.
//
// The cards are a library that has to stand in front of the C library
// (kernels/emulation/), which no program does that does not need them: it is
// started again with the library loaded first.

#ifndef MOEVIT_KERNELS_CARD_EMULATED_CARDS_H_
#define MOEVIT_KERNELS_CARD_EMULATED_CARDS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace moevit {

// Makes sure that this process has `cards` emulated cards, from 1 to 16. Call
// it first thing in main, with main's `argv`: it replaces the process by one of
// the same program with the same arguments, which gets here again and goes on.
// Returns kNotFound when the library is not where it was built or installed
// ("../lib/moevit" of the program), as in a build without XRT, and
// kFailedPrecondition when the process has another number of cards.
absl::Status EnsureEmulatedCards(int cards, char** argv);

// For a program that has the library linked: starts the cards, once.
absl::Status StartEmulatedCards(int cards);

// The address of emulated card `card` on the bus. kNotFound when there is no
// such card in this process.
absl::StatusOr<std::string> EmulatedCardAddress(int card);

// The image that was built for emulated cards:
// "../lib/moevit/moevit_card_image.xclbin" of the program. kNotFound when it is
// not there.
absl::StatusOr<std::string> EmulatedCardImage();

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_EMULATED_CARDS_H_
