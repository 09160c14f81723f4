// `moevit load`: measures how a server answers under load.

#ifndef MOEVIT_CLIENT_LOAD_COMMAND_H_
#define MOEVIT_CLIENT_LOAD_COMMAND_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "client/command.h"
#include "client/flag_set.h"
#include "client/load_client.h"
#include "client/load_report.h"
#include "client/load_requests.h"
#include "client/load_schedule.h"
#include "client/server_connection.h"

namespace moevit {

class LoadCommand : public Command {
 public:
  LoadCommand() { server_.timeout = absl::Seconds(10); }

  absl::string_view name() const override { return "load"; }
  absl::string_view summary() const override {
    return "measures a server's latencies at given rates, or its highest rate";
  }
  absl::string_view positional() const override { return "FILE|DIR..."; }
  void AddFlags(FlagSet* flags) override;

  // Requests that the server refuses are counted, and no error.
  absl::Status Run(absl::Span<const std::string> paths,
                   const Console& console) override;

 private:
  void AddRequestFlags(FlagSet* flags);
  absl::Status CheckFlags() const;
  absl::StatusOr<std::vector<double>> Rates() const;
  absl::StatusOr<LoadRequests> Requests(
      const ServerConnection& connection,
      absl::Span<const std::string> paths) const;

  LoadRun OpenLoop(LoadClient& client, double rate,
                   absl::Duration duration) const;
  LoadRun ClosedLoop(LoadClient& client) const;
  absl::StatusOr<double> FindHighest(LoadClient& client,
                                     std::vector<LoadRun>& runs) const;

  ServerAddress server_;
  LoadTarget target_;
  bool pixels_ = false;
  std::string probe_;
  std::vector<std::string> rate_;
  bool closed_ = false;
  int concurrency_ = 32;
  bool find_max_ = false;
  absl::Duration p99_ = absl::Milliseconds(50);
  int search_steps_ = 7;
  LoadWindow window_;
  int connections_ = 8;
  uint64_t seed_ = 1;
  bool json_ = false;
  std::string plot_;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LOAD_COMMAND_H_
