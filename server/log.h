// One line to standard error per event of the server's life: start, load,
// shut down, and what went wrong. Nothing is logged per request.
//
// Thread safe; a line is never torn.

#ifndef MOEVIT_SERVER_LOG_H_
#define MOEVIT_SERVER_LOG_H_

#include "absl/strings/string_view.h"

namespace moevit {

void LogInfo(absl::string_view message);
void LogError(absl::string_view message);

}  // namespace moevit

#endif  // MOEVIT_SERVER_LOG_H_
