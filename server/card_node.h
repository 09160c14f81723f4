// What the driver's files say of a card that does not open, since XRT's errors
// do not.

#ifndef MOEVIT_SERVER_CARD_NODE_H_
#define MOEVIT_SERVER_CARD_NODE_H_

#include <string>

namespace moevit {

// Why the card at PCIe address `bdf` cannot be opened by this process: it has
// no render node in /dev/dri, or one that may not be used. Empty if its files
// tell no reason, as for a card that the machine does not have.
//   root  of the file system, "" for the machine's own
std::string WhyCardIsClosed(const std::string& bdf,
                            const std::string& root = "");

}  // namespace moevit

#endif  // MOEVIT_SERVER_CARD_NODE_H_
