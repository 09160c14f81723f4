// Sessions of cards whose work neither ends nor can be aborted, kept when
// nobody has the card any more: it may still write to the memory they hold.
//
// At most one for each card, since there is no other session of a card with
// one.

#ifndef MOEVIT_KERNELS_CARD_STUCK_SESSIONS_H_
#define MOEVIT_KERNELS_CARD_STUCK_SESSIONS_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "kernels/card/xrt_session.h"

namespace moevit {

// Thread safe, both.

// REQUIRES: Close of `session` has failed.
void KeepStuckSession(const std::string& bus_address,
                      std::unique_ptr<XrtSession> session);

// Closes and frees what is kept of the card, if anything. kUnavailable when
// its work still goes on. Does not wait for that.
absl::Status CloseStuckSession(const std::string& bus_address);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_STUCK_SESSIONS_H_
