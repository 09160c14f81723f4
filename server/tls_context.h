// OpenSSL's side of TLS, for what does not speak it through gRPC.

#ifndef MOEVIT_SERVER_TLS_CONTEXT_H_
#define MOEVIT_SERVER_TLS_CONTEXT_H_

#include <openssl/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/tls_files.h"

namespace moevit {

// A server's context with the certificates of `material`, for TLS 1.2 and 1.3:
// with a client CA, clients need a certificate that leads to it, as over gRPC.
// Immutable, and so thread safe. Returns kInvalidArgument, in OpenSSL's words,
// for what it does not take: keys that are too short, for example.
absl::StatusOr<std::shared_ptr<SSL_CTX>> NewTlsContext(
    const TlsMaterial& material);

// Whom the other side's certificate names, in the form of ClientIdOf: the
// subject's alternative names, else its common name. Empty if it showed none.
std::string PeerIdentity(const SSL& connection);

}  // namespace moevit

#endif  // MOEVIT_SERVER_TLS_CONTEXT_H_
