#include "server/tls_files.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstddef>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "server/openssl_pointers.h"

namespace moevit {
namespace {

constexpr size_t kMaxPemBytes = size_t{1} << 20;
constexpr absl::Duration kRenewalNotice = absl::Hours(7 * 24);

// There is nobody to ask for the password of an encrypted key.
int NoPassword(char*, int, int, void*) { return -1; }

// The first certificate of `pem`. Reads all of them, so that none is found
// damaged later.
absl::StatusOr<CertificatePointer> ParseCertificates(const std::string& path,
                                                     absl::string_view pem) {
  const BioPointer bio = BioOf(pem);
  CertificatePointer first;
  for (;;) {
    CertificatePointer next(
        PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr));
    if (next == nullptr) break;
    if (first == nullptr) first = std::move(next);
  }
  const bool at_end =
      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (first == nullptr || !at_end) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, first == nullptr ? " holds no certificate in PEM format"
                               : " holds a damaged certificate"));
  }
  return first;
}

absl::StatusOr<KeyPointer> ParseKey(const std::string& path,
                                    absl::string_view pem) {
  KeyPointer key(
      PEM_read_bio_PrivateKey(BioOf(pem).get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " holds no private key in PEM format that is not encrypted"));
  }
  return key;
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

}  // namespace

absl::Status TlsFiles::Validate() const {
  if (certificate.empty() != key.empty()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "tls_certificate is '%s' and tls_key is '%s', both or none must be "
        "given",
        certificate, key));
  }
  if (!client_ca.empty() && certificate.empty()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "tls_client_ca is '%s', it needs tls_certificate and tls_key",
        client_ca));
  }
  return absl::OkStatus();
}

absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsFiles& files) {
  MOEVIT_ASSIGN_OR_RETURN(const std::string certificates,
                          ReadFile(files.certificate, kMaxPemBytes));
  MOEVIT_ASSIGN_OR_RETURN(const std::string key_text,
                          ReadFile(files.key, kMaxPemBytes));
  MOEVIT_ASSIGN_OR_RETURN(const CertificatePointer certificate,
                          ParseCertificates(files.certificate, certificates));
  MOEVIT_ASSIGN_OR_RETURN(const KeyPointer key, ParseKey(files.key, key_text));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(
        absl::StrCat("the key in ", files.key,
                     " is not that of the certificate in ", files.certificate));
  }
  TlsMaterial material;
  material.identity = absl::StrCat(key_text, "\n", certificates);
  material.not_before = ToTime(X509_get0_notBefore(certificate.get()));
  material.not_after = ToTime(X509_get0_notAfter(certificate.get()));
  if (!files.client_ca.empty()) {
    MOEVIT_ASSIGN_OR_RETURN(material.client_ca,
                            ReadFile(files.client_ca, kMaxPemBytes));
    MOEVIT_RETURN_IF_ERROR(
        ParseCertificates(files.client_ca, material.client_ca).status());
  }
  return material;
}

std::string ValidityWarning(const TlsMaterial& material, absl::Time now) {
  const auto text = [](absl::Time time) {
    return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
  };
  if (now < material.not_before) {
    return absl::StrCat("the server's certificate is not valid before ",
                        text(material.not_before));
  }
  if (now >= material.not_after) {
    return absl::StrCat("the server's certificate expired at ",
                        text(material.not_after));
  }
  if (now >= material.not_after - kRenewalNotice) {
    return absl::StrCat("the server's certificate expires at ",
                        text(material.not_after));
  }
  return "";
}

}  // namespace moevit
