#include "server/call_metadata.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "absl/strings/ascii.h"
#include "grpcpp/support/string_ref.h"

namespace moevit {

absl::string_view CallMetadata(const grpc::ServerContextBase& context,
                               const char* key) {
  const auto [begin, end] =
      context.client_metadata().equal_range(grpc::string_ref(key));
  if (begin == end || std::next(begin) != end) return "";
  return absl::string_view(begin->second.data(), begin->second.size());
}

bool IsMetadataValue(absl::string_view text) {
  constexpr size_t kMaxBytes = 128;
  return text.size() <= kMaxBytes &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return absl::ascii_isprint(c); });
}

}  // namespace moevit
