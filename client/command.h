// One subcommand of the moevit program.

#ifndef MOEVIT_CLIENT_COMMAND_H_
#define MOEVIT_CLIENT_COMMAND_H_

#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "client/flag_set.h"

namespace moevit {

// Where a command reads and writes; none is owned.
struct Console {
  std::istream* in;
  std::ostream* out;
  std::ostream* err;
};

// A command object serves one command line: AddFlags, then Run.
class Command {
 public:
  virtual ~Command() = default;

  virtual absl::string_view name() const = 0;
  // One line for the list of commands, without a full stop.
  virtual absl::string_view summary() const = 0;
  // The positional arguments as the help shows them, for example "FILE...";
  // empty for a command that takes none.
  virtual absl::string_view positional() const = 0;

  // Adds flags that write into this object.
  virtual void AddFlags(FlagSet* flags) = 0;

  // Does the work; results go to `console.out`. An error's message is all the
  // user needs to see.
  virtual absl::Status Run(absl::Span<const std::string> positional,
                           const Console& console) = 0;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_COMMAND_H_
