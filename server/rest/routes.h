// Which endpoint a request's method and target name.

#ifndef MOEVIT_SERVER_REST_ROUTES_H_
#define MOEVIT_SERVER_REST_ROUTES_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit {

enum class RestEndpoint {
  kServerMetadata,   // GET v2
  kServerLive,       // GET v2/health/live
  kServerReady,      // GET v2/health/ready
  kStatistics,       // GET v2/models/stats
  kModelMetadata,    // GET v2/models/M[/versions/V]
  kModelReady,       // GET v2/models/M[/versions/V]/ready
  kModelConfig,      // GET v2/models/M[/versions/V]/config
  kModelStatistics,  // GET v2/models/M[/versions/V]/stats
  kInfer,            // POST v2/models/M[/versions/V]/infer
  kClassify,         // POST v2/models/M[/versions/V]/classify
  kRepositoryIndex,  // POST v2/repository/index
  kModelLoad,        // POST v2/repository/models/M/load
  kModelUnload,      // POST v2/repository/models/M/unload
};

struct RestRoute {
  RestEndpoint endpoint = RestEndpoint::kServerMetadata;
  std::string model;
  std::string version;                       // empty: the highest
  std::map<std::string, std::string> query;  // decoded
};

// Returns kNotFound for a path that is none of the above, kInvalidArgument for
// a target that is not well-formed.
absl::StatusOr<RestRoute> ParseRoute(absl::string_view target);

// "GET" or "POST".
absl::string_view MethodOf(RestEndpoint endpoint);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_ROUTES_H_
