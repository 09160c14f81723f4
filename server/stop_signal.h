// Waiting for the operator to stop the server.

#ifndef MOEVIT_SERVER_STOP_SIGNAL_H_
#define MOEVIT_SERVER_STOP_SIGNAL_H_

#include <csignal>
#include <string>

namespace moevit {

// Keeps SIGTERM and SIGINT from ending the process: they are waited for
// instead. Create it before any thread, so that every thread has them blocked.
class StopSignal {
 public:
  StopSignal();

  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Blocks until one of them has come; returns a line for the log. From then
  // on a second one ends the process at once, for an operator in a hurry.
  std::string Wait() const;

 private:
  sigset_t signals_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_STOP_SIGNAL_H_
