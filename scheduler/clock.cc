#include "scheduler/clock.h"

#include "absl/time/clock.h"

namespace moevit {
namespace {

class RealClock final : public Clock {
 public:
  absl::Time Now() override { return absl::Now(); }

  void WaitUntil(Mutex* mutex, CondVar* changed, absl::Time deadline) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    changed->WaitUntil(mutex, deadline);
  }
};

}  // namespace

Clock* Clock::Real() {
  static RealClock* const clock = new RealClock;
  return clock;
}

}  // namespace moevit
