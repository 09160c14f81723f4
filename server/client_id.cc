#include "server/client_id.h"

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/security/auth_context.h"

namespace moevit {

std::string ClientIdOf(const grpc::ServerContextBase& context) {
  const std::shared_ptr<const grpc::AuthContext> auth = context.auth_context();
  if (auth != nullptr && auth->IsPeerAuthenticated()) {
    std::string identity = "identity";
    for (const grpc::string_ref& part : auth->GetPeerIdentity()) {
      absl::StrAppend(&identity, ":",
                      absl::string_view(part.data(), part.size()));
    }
    return identity;
  }
  const std::string peer = context.peer();
  return std::string(WithoutPort(peer));
}

absl::string_view WithoutPort(absl::string_view peer) {
  if (!absl::StartsWith(peer, "ipv4:") && !absl::StartsWith(peer, "ipv6:")) {
    return peer;
  }
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace moevit
