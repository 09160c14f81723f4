// moevit-server: serves the models of a repository until SIGTERM or SIGINT.
//
// Exits with 0 after a clean shutdown, with 1 when it cannot start or could
// not answer every request in time, with 2 for a wrong command line.

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "absl/status/status.h"
#include "server/flags.h"
#include "server/log.h"
#include "server/server.h"
#include "server/stop_signal.h"
#include "server/watchdog.h"

namespace {

// What a shutdown may take beyond the grace that requests are given: a batch
// that is being executed cannot be interrupted.
constexpr absl::Duration kShutdownOverhead = absl::Seconds(5);

}  // namespace

int main(int argc, char** argv) {
  const auto options = moevit::ParseServerFlags(argc, argv);
  if (!options.ok()) {
    std::cerr << "moevit-server: " << options.status().message() << "\n";
    return 2;
  }
  // Before any thread is started, so that all inherit the mask.
  const moevit::StopSignal stop_signal;
  auto server = moevit::Server::Start(
      *options, moevit::ServerDependencies::Default(*options));
  if (!server.ok()) {
    std::cerr << "moevit-server: " << server.status().message() << "\n";
    return 1;
  }
  moevit::LogInfo(stop_signal.Wait());
  const moevit::Watchdog watchdog(options->drain_grace + kShutdownOverhead);
  return (*server)->Shutdown() ? EXIT_SUCCESS : EXIT_FAILURE;
}
