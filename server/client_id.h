// Who sent a call, as far as fairness is concerned.

#ifndef MOEVIT_SERVER_CLIENT_ID_H_
#define MOEVIT_SERVER_CLIENT_ID_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "grpcpp/server_context.h"

namespace moevit {

// The authenticated identity of the caller, if there is one: what the
// credentials of the port, or an authentication processor, set as the call's
// peer identity. Otherwise its address: all connections from one address are
// one client.
std::string ClientIdOf(const grpc::ServerContextBase& context);

// The id of a caller whose credentials give it these names.
std::string IdentityOf(const std::vector<std::string>& names);

// `peer`, as gRPC writes it ("ipv4:10.0.0.7:51234"), without the port.
absl::string_view WithoutPort(absl::string_view peer);

}  // namespace moevit

#endif  // MOEVIT_SERVER_CLIENT_ID_H_
