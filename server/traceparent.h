// The header "traceparent" of W3C Trace Context, level 1: of which trace of
// another system a request is a part.

#ifndef MOEVIT_SERVER_TRACEPARENT_H_
#define MOEVIT_SERVER_TRACEPARENT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace moevit {

struct TraceParent {
  std::string trace_id;   // 32 lower-case hexadecimal digits, not all zero
  std::string parent_id;  // 16 of them, likewise
  bool sampled = false;
};

// None for anything that the standard does not admit, down to upper-case
// digits; of versions still unknown it takes the part that is known.
std::optional<TraceParent> ParseTraceParent(absl::string_view header);

}  // namespace moevit

#endif  // MOEVIT_SERVER_TRACEPARENT_H_
