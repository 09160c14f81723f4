// A card without a card: the kernels called as functions, on host memory, when
// they are launched. For tests and for tools that need the kernels' results
// but no XRT; what users try the card path with is the emulated card
// (kernels/emulation).

#ifndef MOEVIT_KERNELS_CARD_DIRECT_CARD_H_
#define MOEVIT_KERNELS_CARD_DIRECT_CARD_H_

#include <memory>
#include <string>

#include "kernels/card/card.h"
#include "kernels/hls/kernels.h"

namespace moevit {

using LinearFunction = decltype(moevit_linear);

// One unit of each kernel of kernels/hls/kernels.h, one bank. Card memory and
// host memory of a buffer are different, so that a forgotten copy shows.
//   linear  what runs as the linear kernel, such as one built with other sizes
std::unique_ptr<Card> NewDirectCard(const std::string& name,
                                    LinearFunction* linear = moevit_linear);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_DIRECT_CARD_H_
