#include "server/tls_context.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status_macros.h"
#include "server/client_id.h"
#include "server/openssl_pointers.h"

namespace moevit {
namespace {

// For sessions that clients resume; without it OpenSSL refuses those of clients
// with a certificate.
constexpr unsigned char kSessionContext[] = "moevit";

absl::Status Refusal(absl::string_view what) {
  char reason[256];
  ERR_error_string_n(ERR_peek_last_error(), reason, sizeof(reason));
  ERR_clear_error();
  return absl::InvalidArgumentError(
      absl::StrCat("OpenSSL does not take ", what, ": ", reason));
}

std::vector<CertificatePointer> CertificatesIn(const std::string& pem) {
  const BioPointer bio = BioOf(pem);
  std::vector<CertificatePointer> all;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    all.emplace_back(next);
  }
  ERR_clear_error();  // the end of the text
  return all;
}

absl::Status UseIdentity(const std::string& identity, SSL_CTX* context) {
  const KeyPointer key(PEM_read_bio_PrivateKey(BioOf(identity).get(), nullptr,
                                               nullptr, nullptr));
  const std::vector<CertificatePointer> chain = CertificatesIn(identity);
  if (chain.empty() || SSL_CTX_use_certificate(context, chain[0].get()) != 1) {
    return Refusal("the server's certificate");
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      return Refusal("a certificate above the server's");
    }
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return Refusal("the server's key");
  }
  return absl::OkStatus();
}

absl::Status RequireClients(const std::string& authorities, SSL_CTX* context) {
  X509_STORE* const roots = SSL_CTX_get_cert_store(context);
  for (const CertificatePointer& root : CertificatesIn(authorities)) {
    if (X509_STORE_add_cert(roots, root.get()) != 1 ||
        SSL_CTX_add_client_CA(context, root.get()) != 1) {
      return Refusal("a root of clients' certificates");
    }
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  return absl::OkStatus();
}

// What gRPC makes of it; empty for kinds of names that it passes over.
std::string TextOf(const GENERAL_NAME& name) {
  const ASN1_STRING* text = nullptr;
  switch (name.type) {
    case GEN_DNS:
    case GEN_EMAIL:
    case GEN_URI:
      text = name.d.ia5;
      return std::string(
          reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          ASN1_STRING_length(text));
    case GEN_IPADD: {
      text = name.d.iPAddress;
      char address[INET6_ADDRSTRLEN];
      const int family = ASN1_STRING_length(text) == 4 ? AF_INET : AF_INET6;
      const bool known = family == AF_INET || ASN1_STRING_length(text) == 16;
      return known && inet_ntop(family, ASN1_STRING_get0_data(text), address,
                                sizeof(address)) != nullptr
                 ? address
                 : "";
    }
    default:
      return "";
  }
}

std::vector<std::string> AlternativeNames(const X509& certificate) {
  const NamesPointer names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    std::string text = TextOf(*sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty()) texts.push_back(std::move(text));
  }
  return texts;
}

std::string CommonName(const X509& certificate) {
  char name[256];
  const int bytes = X509_NAME_get_text_by_NID(
      X509_get_subject_name(&certificate), NID_commonName, name, sizeof(name));
  return bytes > 0 ? std::string(name, bytes) : "";
}

}  // namespace

absl::StatusOr<std::shared_ptr<SSL_CTX>> NewTlsContext(
    const TlsMaterial& material) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()),
                                         SSL_CTX_free);
  if (context == nullptr) return Refusal("that TLS is wanted");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(),
                      SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_id_context(context.get(), kSessionContext,
                                 sizeof(kSessionContext) - 1);
  MOEVIT_RETURN_IF_ERROR(UseIdentity(material.identity, context.get()));
  if (!material.client_ca.empty()) {
    MOEVIT_RETURN_IF_ERROR(RequireClients(material.client_ca, context.get()));
  }
  return context;
}

std::string PeerIdentity(const SSL& connection) {
  const X509* const certificate = SSL_get0_peer_certificate(&connection);
  if (certificate == nullptr) return "";
  std::vector<std::string> names = AlternativeNames(*certificate);
  if (names.empty()) names.push_back(CommonName(*certificate));
  return IdentityOf(names);
}

}  // namespace moevit
