// The certificates of the server: reads them, and says what is wrong with them
// before gRPC sees them, whose own messages do not.

#ifndef MOEVIT_SERVER_TLS_FILES_H_
#define MOEVIT_SERVER_TLS_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace moevit {

// Paths of PEM files.
struct TlsFiles {
  std::string certificate;  // the server's, then those that lead to its root
  std::string key;          // the certificate's, not encrypted
  std::string client_ca;    // roots of clients; empty: clients need none

  bool empty() const {
    return certificate.empty() && key.empty() && client_ca.empty();
  }

  // Returns kInvalidArgument when one is given without those it needs.
  absl::Status Validate() const;
};

// What the files hold.
struct TlsMaterial {
  // The key and its certificates in one text, so that they change together.
  std::string identity;
  std::string client_ca;  // empty: clients need no certificate

  // When the server's certificate becomes and ceases to be valid.
  absl::Time not_before;
  absl::Time not_after;
};

// Returns an error that names the file: that of ReadFile, or kInvalidArgument
// when it is not PEM, holds nothing of what it should, or when the key is not
// that of the certificate. Certificates out of their time are no error: a clock
// may be wrong, and it is for clients to refuse them.
absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsFiles& files);

// In words, when the certificate is not valid at `now` or not for another week;
// empty when there is nothing to say.
std::string ValidityWarning(const TlsMaterial& material, absl::Time now);

}  // namespace moevit

#endif  // MOEVIT_SERVER_TLS_FILES_H_
