// The command line of moevit-server.

#ifndef MOEVIT_SERVER_FLAGS_H_
#define MOEVIT_SERVER_FLAGS_H_

#include "absl/status/statusor.h"
#include "server/server_options.h"

namespace moevit {

// Parses the command line, and the file that --config names; handles --help and
// --version, and ends the process on flags that do not exist or do not parse,
// as Abseil does. Returns kInvalidArgument for values that ServerOptions does
// not admit, with file and line if it came from there, and for arguments that
// are not flags.
absl::StatusOr<ServerOptions> ParseServerFlags(int argc, char** argv);

}  // namespace moevit

#endif  // MOEVIT_SERVER_FLAGS_H_
