#include "server/rest/routes.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "server/error_mapping.h"

namespace moevit {
namespace {

struct NamedEndpoint {
  absl::string_view name;
  RestEndpoint endpoint;
};

// By what follows the model, or its version.
constexpr NamedEndpoint kOfModels[] = {
    {"ready", RestEndpoint::kModelReady},
    {"config", RestEndpoint::kModelConfig},
    {"stats", RestEndpoint::kModelStatistics},
    {"infer", RestEndpoint::kInfer},
    {"classify", RestEndpoint::kClassify},
};

// Undoes percent encoding.
absl::StatusOr<std::string> Unescape(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
        !absl::ascii_isxdigit(text[i + 2])) {
      return absl::InvalidArgumentError(
          absl::StrCat(Quoted(text), " has a % without two digits after it"));
    }
    plain += absl::HexStringToBytes(text.substr(i + 1, 2));
    i += 2;
  }
  return plain;
}

absl::Status ParseQuery(absl::string_view text, RestRoute& route) {
  for (const absl::string_view part :
       absl::StrSplit(text, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    MOEVIT_ASSIGN_OR_RETURN(std::string key, Unescape(field.first));
    MOEVIT_ASSIGN_OR_RETURN(route.query[std::move(key)],
                            Unescape(field.second));
  }
  return absl::OkStatus();
}

// `parts` are what follows "v2/models". Whether they name an endpoint.
bool ParseModelPath(std::vector<std::string> parts, RestRoute& route) {
  if (parts == std::vector<std::string>{"stats"}) {
    route.endpoint = RestEndpoint::kStatistics;
    return true;
  }
  if (parts.empty() || parts[0].empty()) return false;
  route.model = parts[0];
  size_t next = 1;
  if (parts.size() >= 3 && parts[1] == "versions" && !parts[2].empty()) {
    route.version = parts[2];
    next = 3;
  }
  route.endpoint = RestEndpoint::kModelMetadata;
  if (next == parts.size()) return true;
  if (next + 1 != parts.size()) return false;
  for (const NamedEndpoint& named : kOfModels) {
    if (parts[next] != named.name) continue;
    route.endpoint = named.endpoint;
    return true;
  }
  return false;
}

// `parts` are what follows "v2/repository".
bool ParseRepositoryPath(const std::vector<std::string>& parts,
                         RestRoute& route) {
  if (parts == std::vector<std::string>{"index"}) {
    route.endpoint = RestEndpoint::kRepositoryIndex;
    return true;
  }
  if (parts.size() != 3 || parts[0] != "models" || parts[1].empty()) {
    return false;
  }
  route.model = parts[1];
  if (parts[2] == "load") {
    route.endpoint = RestEndpoint::kModelLoad;
  } else if (parts[2] == "unload") {
    route.endpoint = RestEndpoint::kModelUnload;
  } else {
    return false;
  }
  return true;
}

bool ParsePath(std::vector<std::string> parts, RestRoute& route) {
  using Parts = std::vector<std::string>;
  if (parts == Parts{"v2"}) return true;
  if (parts == Parts{"v2", "health", "live"}) {
    route.endpoint = RestEndpoint::kServerLive;
    return true;
  }
  if (parts == Parts{"v2", "health", "ready"}) {
    route.endpoint = RestEndpoint::kServerReady;
    return true;
  }
  if (parts.size() < 2 || parts[0] != "v2") return false;
  const std::string branch = std::move(parts[1]);
  parts.erase(parts.begin(), parts.begin() + 2);
  if (branch == "models") return ParseModelPath(std::move(parts), route);
  return branch == "repository" && ParseRepositoryPath(parts, route);
}

}  // namespace

absl::StatusOr<RestRoute> ParseRoute(absl::string_view target) {
  const std::pair<absl::string_view, absl::string_view> halves =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  absl::string_view path = halves.first;
  absl::ConsumePrefix(&path, "/");
  absl::ConsumeSuffix(&path, "/");
  // Split before it is unescaped: a name may have an escaped slash.
  std::vector<std::string> parts;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    MOEVIT_ASSIGN_OR_RETURN(std::string plain, Unescape(part));
    parts.push_back(std::move(plain));
  }
  RestRoute route;
  if (!ParsePath(std::move(parts), route)) {
    return absl::NotFoundError(
        absl::StrCat("there is nothing at ", Quoted(halves.first)));
  }
  MOEVIT_RETURN_IF_ERROR(ParseQuery(halves.second, route));
  return route;
}

absl::string_view MethodOf(RestEndpoint endpoint) {
  switch (endpoint) {
    case RestEndpoint::kInfer:
    case RestEndpoint::kClassify:
    case RestEndpoint::kRepositoryIndex:
    case RestEndpoint::kModelLoad:
    case RestEndpoint::kModelUnload:
      return "POST";
    default:
      return "GET";
  }
}

}  // namespace moevit
