// Waiting for the operator's signals: to read again, and to stop.

#ifndef MOEVIT_SERVER_STOP_SIGNAL_H_
#define MOEVIT_SERVER_STOP_SIGNAL_H_

#include <csignal>
#include <string>

#include "absl/functional/function_ref.h"

namespace moevit {

// Keeps SIGTERM, SIGINT and SIGHUP from ending the process: they are waited
// for instead. Create it before any thread, so that every thread has them
// blocked.
class StopSignal {
 public:
  StopSignal();

  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Lets Wait return as if the process had been told to stop. Thread safe.
  void Stop() const;

  // Blocks until SIGTERM or SIGINT has come; returns a line for the log. From
  // then on a second one ends the process at once, for an operator in a hurry.
  // Until then, calls `on_hangup` for each SIGHUP; what that does must not
  // take long, for it keeps the signals to stop waiting.
  std::string Wait(absl::FunctionRef<void()> on_hangup) const;

 private:
  sigset_t signals_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_STOP_SIGNAL_H_
