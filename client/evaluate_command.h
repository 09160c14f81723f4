// `moevit evaluate`: measures a model's accuracy on labelled images, alone or
// against another model.

#ifndef MOEVIT_CLIENT_EVALUATE_COMMAND_H_
#define MOEVIT_CLIENT_EVALUATE_COMMAND_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/command.h"
#include "client/flag_set.h"

namespace moevit {

class EvaluateCommand : public Command {
 public:
  absl::string_view name() const override { return "evaluate"; }
  absl::string_view summary() const override {
    return "measures a model's accuracy on labelled images";
  }
  absl::string_view positional() const override { return ""; }
  void AddFlags(FlagSet* flags) override;
  absl::Status Run(absl::Span<const std::string> positional,
                   const Console& console) override;

 private:
  std::string model_;
  std::string dataset_;
  std::string against_;
  int64_t limit_ = 0;
  int threads_ = 0;
  bool json_ = false;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_EVALUATE_COMMAND_H_
