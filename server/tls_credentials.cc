#include "server/tls_credentials.h"

#include <string>
#include <utility>

#include "base/status_macros.h"
#include "grpc/grpc_security_constants.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "server/tls_context.h"

namespace moevit {

absl::StatusOr<std::unique_ptr<TlsCredentials>> TlsCredentials::Create(
    const TlsFiles& files) {
  MOEVIT_ASSIGN_OR_RETURN(TlsMaterial material, ReadTlsFiles(files));
  MOEVIT_ASSIGN_OR_RETURN(auto context, NewTlsContext(material));
  MOEVIT_ASSIGN_OR_RETURN(MemoryFile identity,
                          MemoryFile::Create(material.identity));
  MOEVIT_ASSIGN_OR_RETURN(MemoryFile client_ca,
                          MemoryFile::Create(material.client_ca));
  return std::unique_ptr<TlsCredentials>(
      new TlsCredentials(files, std::move(material), std::move(context),
                         std::move(identity), std::move(client_ca)));
}

TlsCredentials::TlsCredentials(const TlsFiles& files, TlsMaterial material,
                               std::shared_ptr<SSL_CTX> context,
                               MemoryFile identity, MemoryFile client_ca)
    : files_(files),
      material_(std::move(material)),
      context_(std::move(context)),
      identity_(std::move(identity)),
      client_ca_(std::move(client_ca)) {}

std::shared_ptr<grpc::ServerCredentials> TlsCredentials::ServerCredentials()
    const {
  namespace tls = grpc::experimental;
  const bool mutual = !files_.client_ca.empty();
  const std::string identity = identity_.path();
  tls::TlsServerCredentialsOptions options(
      std::make_shared<tls::FileWatcherCertificateProvider>(
          identity, identity, mutual ? client_ca_.path() : "",
          static_cast<unsigned int>(
              absl::ToInt64Seconds(kTlsRefreshInterval))));
  options.watch_identity_key_cert_pairs();
  if (mutual) {
    options.watch_root_certs();
    options.set_cert_request_type(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return tls::TlsServerCredentials(options);
}

std::shared_ptr<SSL_CTX> TlsCredentials::context() const {
  MutexLock lock(&mutex_);
  return context_;
}

absl::StatusOr<bool> TlsCredentials::Reload() {
  MOEVIT_ASSIGN_OR_RETURN(TlsMaterial material, ReadTlsFiles(files_));
  MutexLock lock(&mutex_);
  if (material.identity == material_.identity &&
      material.client_ca == material_.client_ca) {
    return false;
  }
  MOEVIT_ASSIGN_OR_RETURN(auto context, NewTlsContext(material));
  MOEVIT_RETURN_IF_ERROR(client_ca_.Replace(material.client_ca));
  MOEVIT_RETURN_IF_ERROR(identity_.Replace(material.identity));
  material_ = std::move(material);
  context_ = std::move(context);
  return true;
}

std::string TlsCredentials::ValidityWarning(absl::Time now) const {
  MutexLock lock(&mutex_);
  return moevit::ValidityWarning(material_, now);
}

}  // namespace moevit
