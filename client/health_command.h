// `moevit health`: asks a server whether it is ready, for probes of container
// runtimes and for scripts that wait for a server.

#ifndef MOEVIT_CLIENT_HEALTH_COMMAND_H_
#define MOEVIT_CLIENT_HEALTH_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "client/command.h"
#include "client/server_connection.h"

namespace moevit {

class HealthCommand : public Command {
 public:
  // A probe has to give up before whoever sent it does.
  HealthCommand() { server_.timeout = absl::Seconds(2); }

  absl::string_view name() const override { return "health"; }
  absl::string_view summary() const override {
    return "asks a server whether it is ready";
  }
  absl::string_view positional() const override { return ""; }
  void AddFlags(FlagSet* flags) override;
  absl::Status Run(absl::Span<const std::string> positional,
                   const Console& console) override;

 private:
  ServerAddress server_;
  std::string model_;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_HEALTH_COMMAND_H_
