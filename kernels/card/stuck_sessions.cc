#include "kernels/card/stuck_sessions.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace moevit {
namespace {

// Long enough for threads that have nothing to wait for.
constexpr absl::Duration kPatience = absl::Milliseconds(100);

struct StuckSessions {
  Mutex mutex;
  std::map<std::string, std::unique_ptr<XrtSession>> by_address
      ABSL_GUARDED_BY(mutex);
};

// Never destroyed: the end of the process is what ends them.
StuckSessions& Kept() {
  static auto* const kept = new StuckSessions;
  return *kept;
}

}  // namespace

void KeepStuckSession(const std::string& bus_address,
                      std::unique_ptr<XrtSession> session) {
  MutexLock lock(&Kept().mutex);
  Kept().by_address[bus_address] = std::move(session);
}

absl::Status CloseStuckSession(const std::string& bus_address) {
  MutexLock lock(&Kept().mutex);
  const auto kept = Kept().by_address.find(bus_address);
  if (kept == Kept().by_address.end()) return absl::OkStatus();
  if (!kept->second->Close(absl::Now() + kPatience)) {
    return absl::UnavailableError(
        absl::StrCat("card ", bus_address,
                     " has work that neither ends nor can be aborted, "
                     "of an earlier use by this process"));
  }
  Kept().by_address.erase(kept);
  return absl::OkStatus();
}

}  // namespace moevit
