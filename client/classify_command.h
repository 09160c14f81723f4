// `moevit classify`: sends image files to a server and prints what it sees.

#ifndef MOEVIT_CLIENT_CLASSIFY_COMMAND_H_
#define MOEVIT_CLIENT_CLASSIFY_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/command.h"
#include "client/flag_set.h"
#include "client/server_connection.h"

namespace moevit {

class ClassifyCommand : public Command {
 public:
  absl::string_view name() const override { return "classify"; }
  absl::string_view summary() const override {
    return "sends image files to a server and prints their classes";
  }
  absl::string_view positional() const override {
    return "FILE...    (\"-\" is the standard input)";
  }
  void AddFlags(FlagSet* flags) override;

  // One bad image does not keep the others from being classified; the error
  // then says how many failed.
  absl::Status Run(absl::Span<const std::string> files,
                   const Console& console) override;

 private:
  ServerAddress server_;
  std::string model_;
  std::string version_;
  int top_ = 3;
  bool json_ = false;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_CLASSIFY_COMMAND_H_
