#include "server/stop_signal.h"

#include <pthread.h>

#include "absl/strings/str_cat.h"

namespace moevit {

StopSignal::StopSignal() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

std::string StopSignal::Wait() const {
  int signal = 0;
  sigwait(&signals_, &signal);
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  return absl::StrCat("received ", signal == SIGTERM ? "SIGTERM" : "SIGINT");
}

}  // namespace moevit
