#include "client/server_connection.h"

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/support/channel_arguments.h"

namespace moevit {
namespace {

constexpr size_t kMaxSecretBytes = size_t{1} << 20;

absl::StatusOr<std::string> ReadIfGiven(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadFile(path, kMaxSecretBytes);
}

absl::Status CheckFlags(const ServerAddress& address) {
  if (address.tls_certificate.empty() != address.tls_key.empty()) {
    return absl::InvalidArgumentError(
        "--tls_certificate and --tls_key go together");
  }
  const bool any = !address.tls_ca.empty() || !address.tls_certificate.empty();
  if (any && !address.tls) {
    return absl::InvalidArgumentError(
        "--tls_ca, --tls_certificate and --tls_key need --tls");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(
    const ServerAddress& address) {
  if (!address.tls) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  MOEVIT_ASSIGN_OR_RETURN(options.pem_root_certs, ReadIfGiven(address.tls_ca));
  MOEVIT_ASSIGN_OR_RETURN(options.pem_cert_chain,
                          ReadIfGiven(address.tls_certificate));
  MOEVIT_ASSIGN_OR_RETURN(options.pem_private_key,
                          ReadIfGiven(address.tls_key));
  return grpc::SslCredentials(options);
}

// gRPC ends the process when metadata has other characters.
absl::StatusOr<std::string> Authorization(const std::string& token_file) {
  if (token_file.empty()) return std::string();
  MOEVIT_ASSIGN_OR_RETURN(const std::string text,
                          ReadFile(token_file, kMaxSecretBytes));
  const absl::string_view token = absl::StripAsciiWhitespace(text);
  for (const unsigned char c : token) {
    if (!absl::ascii_isgraph(c)) {
      return absl::InvalidArgumentError(
          absl::StrCat(token_file,
                       " holds more than a token: a space, a line or a "
                       "character that none has"));
    }
  }
  if (token.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(token_file, " holds no token"));
  }
  return absl::StrCat("Bearer ", token);
}

}  // namespace

void AddServerFlags(ServerAddress* address, FlagSet* flags) {
  flags->Add({.name = "server",
              .value_name = "HOST:PORT",
              .help = "the server's gRPC address"},
             &address->target);
  flags->Add({.name = "tls",
              .value_name = "",
              .help = "connect with TLS, and trust the system's authorities"},
             &address->tls);
  flags->Add({.name = "tls_ca",
              .value_name = "FILE",
              .help = "trust these authorities instead, in PEM"},
             &address->tls_ca);
  flags->Add({.name = "tls_certificate",
              .value_name = "FILE",
              .help = "for servers that ask for a certificate, in PEM"},
             &address->tls_certificate);
  flags->Add({.name = "tls_key",
              .value_name = "FILE",
              .help = "the key of that certificate, in PEM"},
             &address->tls_key);
  flags->Add({.name = "token_file",
              .value_name = "FILE",
              .help = "holds the bearer token for servers that ask for one"},
             &address->token_file);
}

absl::StatusOr<ServerConnection> ServerConnection::Create(
    const ServerAddress& address) {
  MOEVIT_RETURN_IF_ERROR(CheckFlags(address));
  ServerConnection connection;
  connection.address_ = address;
  MOEVIT_ASSIGN_OR_RETURN(connection.credentials_, Credentials(address));
  MOEVIT_ASSIGN_OR_RETURN(connection.authorization_,
                          Authorization(address.token_file));
  return connection;
}

std::shared_ptr<grpc::Channel> ServerConnection::NewChannel() const {
  // Channels to one address otherwise share one connection.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address_.target, credentials_, arguments);
}

void ServerConnection::Prepare(grpc::ClientContext& context) const {
  context.set_deadline(absl::ToChronoTime(absl::Now() + address_.timeout));
  if (!authorization_.empty()) {
    context.AddMetadata("authorization", authorization_);
  }
}

absl::Status CallError(const ServerAddress& address,
                       const grpc::Status& status) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  std::string message;
  switch (code) {
    case absl::StatusCode::kUnavailable:
      message = absl::StrCat("no service from ", address.target, ": ",
                             status.error_message(),
                             "; is moevit-server running there?");
      break;
    case absl::StatusCode::kDeadlineExceeded:
      message = absl::StrCat("no answer from ", address.target, " within ",
                             absl::FormatDuration(address.timeout));
      break;
    default:
      message = absl::StrCat(address.target, " answers ",
                             absl::StatusCodeToString(code), ": ",
                             status.error_message());
  }
  return absl::Status(code, message);
}

}  // namespace moevit
