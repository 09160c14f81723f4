// moevit-server: serves the models of a repository until SIGTERM or SIGINT.
//
// Exits with 0 after a clean shutdown, with 1 when it cannot start or could
// not answer every request in time, with 2 for a wrong command line.

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels/card/emulated_cards.h"
#include "kernels/card/xrt_location.h"
#include "server/card_devices.h"
#include "server/flags.h"
#include "server/library_log.h"
#include "server/log.h"
#include "server/server.h"
#include "server/stop_signal.h"
#include "server/watchdog.h"

namespace {

// What a shutdown may take beyond the grace that requests are given: a batch
// that is being executed cannot be interrupted.
constexpr absl::Duration kShutdownOverhead = absl::Seconds(5);

// Memory of answered requests is used for the next ones. Handed back and asked
// for anew, it took a third of the server's time for 150 KB of pixels.
void KeepFreedMemory() {
  constexpr int kMiB = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, 1 * kMiB);
  mallopt(M_TRIM_THRESHOLD, 16 * kMiB);
}

// Starts this program again with the emulated cards it needs, if any.
absl::Status EnsureEmulatedCards(const moevit::ServerOptions& options,
                                 char** argv) {
  const auto cards =
      std::count_if(options.devices.begin(), options.devices.end(),
                    [](const moevit::DeviceSpec& device) {
                      return device.kind == moevit::DeviceSpec::Kind::kEmulated;
                    });
  if (cards == 0) return absl::OkStatus();
  return moevit::EnsureEmulatedCards(static_cast<int>(cards), argv);
}

}  // namespace

int main(int argc, char** argv) {
  KeepFreedMemory();
  auto options = moevit::ParseServerFlags(argc, argv);
  if (!options.ok()) {
    std::cerr << "moevit-server: " << options.status().message() << "\n";
    return 2;
  }
  moevit::SetLogFormat(options->log_format);
  moevit::RouteLibraryLogs();
  const absl::Status emulation = EnsureEmulatedCards(*options, argv);
  if (!emulation.ok()) {
    std::cerr << "moevit-server: " << emulation.message() << "\n";
    return 1;
  }
  moevit::LocateXrt();
  const absl::Status images =
      moevit::SetLanes(options->cards, &options->devices);
  if (!images.ok()) {
    std::cerr << "moevit-server: " << images.message() << "\n";
    return 1;
  }
  if (const size_t nodes = options->memory_nodes.size(); nodes > 1) {
    moevit::LogInfo(absl::StrCat(
        "this process runs on ", nodes, " memory nodes; ",
        options->batches_stay_on_nodes() ? "each batch stays on one"
                                         : "a batch uses all of them"));
  }
  // Before any thread is started, so that all inherit the mask.
  const moevit::StopSignal stop_signal;
  std::atomic<bool> failed = false;
  auto dependencies = moevit::ServerDependencies::Default(*options);
  dependencies.on_fatal = [&](const absl::Status& reason) {
    std::cerr << "moevit-server: " << reason.message() << "\n";
    failed = true;
    stop_signal.Stop();
  };
  auto server = moevit::Server::Start(*options, std::move(dependencies));
  if (!server.ok()) {
    std::cerr << "moevit-server: " << server.status().message() << "\n";
    return 1;
  }
  moevit::LogInfo(stop_signal.Wait([&server] { (*server)->Reload(); }));
  const moevit::Watchdog watchdog(options->drain_grace + kShutdownOverhead);
  const bool answered = (*server)->Shutdown();
  // While the watchdog watches: it waits for batches, which may hang.
  server->reset();
  return answered && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
