// Opens Alveo cards, real or emulated, through XRT. The files xrt_*.cc are the
// only ones that use XRT; its exceptions and states end there.

#ifndef MOEVIT_KERNELS_CARD_XRT_CARD_H_
#define MOEVIT_KERNELS_CARD_XRT_CARD_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kernels/card/card.h"

namespace moevit {

struct XrtCardOptions {
  // The card's address on the PCI bus: "0000:3b:00.1".
  std::string bus_address;

  // The image (.xclbin) to load.
  std::string image_path;

  // The UUID that the image must have; empty: any.
  std::string image_uuid;

  // What Card::name() says; empty: "xrt:" and the address.
  std::string name;

  // How often the board is asked for its power; infinite: never.
  absl::Duration power_period = absl::Seconds(1);

  // How long Reset and the destructor wait for work in flight to end.
  absl::Duration patience = absl::Seconds(20);

  // How long Reset then waits for the card to come back.
  absl::Duration reset_patience = absl::Seconds(20);

  // Told when Reset or the destructor found that work on the card neither ends
  // nor can be aborted, once until it does; null: nobody is. The card may still
  // write to its memory then, so nothing of that is freed: each Reset looks
  // again, and a card that was destroyed stays open behind the scenes.
  std::function<void(const std::string& what)> on_stuck;
};

// Opens the card and loads the image, if it is not there yet. Blocks. Returns
//   kNotFound            for no such card or image
//   kFailedPrecondition  for an image made for another shell or with another
//                        UUID, or a card on which another one came up
//   kUnavailable         when the card is in use, in reset or offline, or has
//                        stuck work of an earlier Card of this process
//   kUnimplemented       when this program was built without XRT
absl::StatusOr<std::unique_ptr<Card>> OpenXrtCard(
    const XrtCardOptions& options);

// The compute units of the image at `path`, without opening a card: the banks
// of their pointers are not known. Returns the error of a file that cannot be
// read, kInvalidArgument or kDataLoss for one that is no whole image, or
// kUnimplemented when this program was built without XRT.
absl::StatusOr<std::vector<ComputeUnit>> ReadCardImage(const std::string& path);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_XRT_CARD_H_
