// From a command line to the command it names: help, errors and exit codes.

#ifndef MOEVIT_CLIENT_DISPATCH_H_
#define MOEVIT_CLIENT_DISPATCH_H_

#include <string>

#include "absl/types/span.h"
#include "client/command.h"

namespace moevit {

enum ExitCode {
  kExitSuccess = 0,
  kExitFailure = 1,  // the command ran and something failed
  kExitUsage = 2,    // the command line was not understood
};

// Runs the command that arguments[0] names; `arguments` is argv without the
// program's name. Help goes to `console.out`, errors to `console.err`.
ExitCode DispatchCommand(absl::Span<Command* const> commands,
                         absl::Span<const std::string> arguments,
                         const Console& console);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_DISPATCH_H_
