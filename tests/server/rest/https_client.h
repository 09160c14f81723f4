// A client of HTTP servers on this machine that speaks TLS.

#ifndef MOEVIT_TESTS_SERVER_REST_HTTPS_CLIENT_H_
#define MOEVIT_TESTS_SERVER_REST_HTTPS_CLIENT_H_

#include <openssl/types.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/server/test_certificates.h"

namespace moevit {

// One connection. Reads give up after 10 s.
class HttpsClient {
 public:
  // Trusts servers whose certificate leads to `authority`, in PEM, and shows
  // `identity`, unless that is empty.
  HttpsClient(int port, const std::string& authority,
              const TestIdentity& identity = {});
  HttpsClient(const HttpsClient&) = delete;
  HttpsClient& operator=(const HttpsClient&) = delete;
  ~HttpsClient();

  // Sends a request and reads its response; empty if either side refuses the
  // other.
  std::string Ask(absl::string_view method, absl::string_view target,
                  absl::string_view body = "");

  // The server's certificate in PEM; empty without one.
  std::string ServerCertificate() const;

 private:
  int socket_;
  std::shared_ptr<SSL> connection_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_REST_HTTPS_CLIENT_H_
