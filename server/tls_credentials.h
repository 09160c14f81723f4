// The server's side of TLS: credentials for gRPC, and contexts of OpenSSL for
// what else speaks TLS, whose certificates may change while it serves.
//
// gRPC can watch files by itself, but takes whatever it finds there: with a key
// and a certificate that do not belong together it refuses every new
// connection. Here it watches copies in memory, which are replaced only after
// the operator's files were found right.

#ifndef MOEVIT_SERVER_TLS_CREDENTIALS_H_
#define MOEVIT_SERVER_TLS_CREDENTIALS_H_

#include <openssl/types.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "grpcpp/security/server_credentials.h"
#include "server/memory_file.h"
#include "server/tls_files.h"

namespace moevit {

// How soon gRPC uses what Reload has read.
inline constexpr absl::Duration kTlsRefreshInterval = absl::Seconds(1);

// Thread safe. Must outlive the servers that use it.
class TlsCredentials {
 public:
  // Errors as of ReadTlsFiles and NewTlsContext.
  static absl::StatusOr<std::unique_ptr<TlsCredentials>> Create(
      const TlsFiles& files);

  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  // With a client CA, clients need a certificate that leads to it.
  std::shared_ptr<grpc::ServerCredentials> ServerCredentials() const;

  // The same for one new connection without gRPC: what the last Reload has
  // read.
  std::shared_ptr<SSL_CTX> context() const;

  // Reads the files again; connections made from kTlsRefreshInterval on use
  // what they hold, those there are stay as they are. Returns whether anything
  // changed. On an error everything stays.
  absl::StatusOr<bool> Reload();

  // That of the certificate in use (tls_files.h).
  std::string ValidityWarning(absl::Time now) const;

 private:
  TlsCredentials(const TlsFiles& files, TlsMaterial material,
                 std::shared_ptr<SSL_CTX> context, MemoryFile identity,
                 MemoryFile client_ca);

  const TlsFiles files_;
  mutable Mutex mutex_;
  TlsMaterial material_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<SSL_CTX> context_ ABSL_GUARDED_BY(mutex_);
  MemoryFile identity_;   // the same path always; replaced under mutex_
  MemoryFile client_ca_;  // likewise
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_TLS_CREDENTIALS_H_
