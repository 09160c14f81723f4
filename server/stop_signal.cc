#include "server/stop_signal.h"

#include <pthread.h>
#include <unistd.h>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"

namespace moevit {

StopSignal::StopSignal() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

void StopSignal::Stop() const { kill(getpid(), SIGTERM); }

std::string StopSignal::Wait(absl::FunctionRef<void()> on_hangup) const {
  int signal = 0;
  while (sigwait(&signals_, &signal) != 0 || signal == SIGHUP) {
    if (signal == SIGHUP) on_hangup();
  }
  sigset_t stop = signals_;
  sigdelset(&stop, SIGHUP);
  pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
  return absl::StrCat("received ", signal == SIGTERM ? "SIGTERM" : "SIGINT");
}

}  // namespace moevit
