// The command line of moevit-server.

#ifndef MOEVIT_SERVER_FLAGS_H_
#define MOEVIT_SERVER_FLAGS_H_

#include "absl/status/statusor.h"
#include "server/server_options.h"

namespace moevit {

// Parses the command line; handles --help and --version, and ends the process
// on flags that do not exist or do not parse, as Abseil does. Returns
// kInvalidArgument for values that ServerOptions does not admit and for
// arguments that are not flags.
absl::StatusOr<ServerOptions> ParseServerFlags(int argc, char** argv);

}  // namespace moevit

#endif  // MOEVIT_SERVER_FLAGS_H_
