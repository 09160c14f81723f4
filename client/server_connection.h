// How the commands reach a server: its address, TLS, and the token it may ask
// for.

#ifndef MOEVIT_CLIENT_SERVER_CONNECTION_H_
#define MOEVIT_CLIENT_SERVER_CONNECTION_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/flag_set.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/status.h"

namespace moevit {

struct ServerAddress {
  std::string target = "localhost:8001";       // HOST:PORT
  absl::Duration timeout = absl::Seconds(30);  // for one call

  // TLS, with the roots of `tls_ca` or, if it is empty, the system's. The
  // certificate and its key are for servers that ask for one. Files in PEM.
  bool tls = false;
  std::string tls_ca;
  std::string tls_certificate;
  std::string tls_key;

  std::string token_file;  // with nothing but a bearer token; empty: no token
};

// Adds --server and what belongs to it, but not the timeout, of which each
// command has its own idea. `address` must outlive `flags`.
void AddServerFlags(ServerAddress* address, FlagSet* flags);

// Thread safe.
class ServerConnection {
 public:
  // Reads the files of `address`. Does not connect. Returns an error that names
  // the file or the flag that is wrong.
  static absl::StatusOr<ServerConnection> Create(const ServerAddress& address);

  const ServerAddress& address() const { return address_; }

  // A connection that is shared with no other channel.
  std::shared_ptr<grpc::Channel> NewChannel() const;

  // Gives a call its deadline, the timeout from now, and the token.
  void Prepare(grpc::ClientContext& context) const;

 private:
  ServerConnection() = default;

  ServerAddress address_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::string authorization_;  // empty without a token
};

// The error of a call that ended with `status`, not OK: its code, and a message
// that names the server.
absl::Status CallError(const ServerAddress& address,
                       const grpc::Status& status);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_SERVER_CONNECTION_H_
