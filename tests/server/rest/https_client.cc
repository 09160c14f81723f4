#include "tests/server/rest/https_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "server/openssl_pointers.h"
#include "tests/server/rest/http_client.h"

namespace moevit {
namespace {

int Connect(int port) {
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const timeval limit = {.tv_sec = 10, .tv_usec = 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // A failure shows in the handshake.
  static_cast<void>(connect(connection,
                            reinterpret_cast<const sockaddr*>(&address),
                            sizeof(address)));
  return connection;
}

CertificatePointer CertificateOf(const std::string& pem) {
  return CertificatePointer(
      PEM_read_bio_X509(BioOf(pem).get(), nullptr, nullptr, nullptr));
}

void Show(const TestIdentity& identity, SSL_CTX* context) {
  const KeyPointer key(PEM_read_bio_PrivateKey(BioOf(identity.key).get(),
                                               nullptr, nullptr, nullptr));
  SSL_CTX_use_certificate(context, CertificateOf(identity.certificate).get());
  SSL_CTX_use_PrivateKey(context, key.get());
}

}  // namespace

HttpsClient::HttpsClient(int port, const std::string& authority,
                         const TestIdentity& identity)
    : socket_(Connect(port)) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
                      CertificateOf(authority).get());
  if (!identity.key.empty()) Show(identity, context);
  connection_.reset(SSL_new(context), SSL_free);
  SSL_CTX_free(context);
  SSL_set_fd(connection_.get(), socket_);
  SSL_connect(connection_.get());
}

HttpsClient::~HttpsClient() {
  connection_.reset();
  close(socket_);
}

std::string HttpsClient::Ask(absl::string_view method, absl::string_view target,
                             absl::string_view body) {
  if (!SSL_is_init_finished(connection_.get())) return "";
  const std::string request =
      absl::StrCat(method, " ", target,
                   " HTTP/1.1\r\nHost: test\r\nContent-Length: ", body.size(),
                   "\r\n\r\n", body);
  SSL_write(connection_.get(), request.data(),
            static_cast<int>(request.size()));
  std::string response;
  char buffer[4096];
  while (!ResponseSize(response).has_value()) {
    const int got = SSL_read(connection_.get(), buffer, sizeof(buffer));
    if (got <= 0) break;
    response.append(buffer, got);
  }
  return response;
}

std::string HttpsClient::ServerCertificate() const {
  const CertificatePointer certificate(
      SSL_get1_peer_certificate(connection_.get()));
  if (certificate == nullptr) return "";
  const BioPointer text(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(text.get(), certificate.get());
  char* data = nullptr;
  const long bytes = BIO_get_mem_data(text.get(), &data);
  return std::string(data, bytes);
}

}  // namespace moevit
