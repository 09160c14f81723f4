#include "server/rest/http_stream.h"

#include <openssl/ssl.h>

#include "absl/strings/str_format.h"
#include "boost/asio/ip/address.hpp"
#include "boost/asio/ssl/context.hpp"
#include "server/client_id.h"
#include "server/tls_context.h"

namespace moevit {

namespace ip = boost::asio::ip;

HttpStream::HttpStream(Socket socket, const std::shared_ptr<SSL_CTX>& tls)
    : socket_(std::move(socket)) {
  if (tls == nullptr) return;
  // Asio's context takes a reference of its own, and the stream another.
  SSL_CTX_up_ref(tls.get());
  boost::asio::ssl::context context(tls.get());
  tls_.emplace(socket_, context);
}

std::string HttpStream::Peer() const {
  boost::system::error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error) return "";
  ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  const std::string text = address.to_string();
  const int port = endpoint.port();
  return address.is_v4() ? absl::StrFormat("ipv4:%s:%d", text, port)
                         : absl::StrFormat("ipv6:%%5B%s%%5D:%d", text, port);
}

std::string HttpStream::Client() {
  std::string identity;
  if (encrypted()) identity = PeerIdentity(*tls_->native_handle());
  return identity.empty() ? std::string(WithoutPort(Peer())) : identity;
}

}  // namespace moevit
