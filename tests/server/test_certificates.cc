#include "tests/server/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <functional>

namespace moevit {
namespace {

std::string Pem(const std::function<int(BIO*)>& write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string CertificatePem(X509* certificate) {
  return Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

void AddExtension(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* const extension =
      X509V3_EXT_conf_nid(/*conf=*/nullptr, /*ctx=*/nullptr, kind, value);
  X509_add_ext(certificate, extension, /*loc=*/-1);
  X509_EXTENSION_free(extension);
}

}  // namespace

TestAuthority::TestAuthority()
    : key_(NewKey()),
      certificate_(NewCertificate("authority", key_.get(),
                                  absl::Now() + absl::Hours(10000))) {
  X509_set_issuer_name(certificate_.get(),
                       X509_get_subject_name(certificate_.get()));
  AddExtension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(certificate_.get(), key_.get(), EVP_sha256());
}

std::string TestAuthority::certificate() const {
  return CertificatePem(certificate_.get());
}

TestIdentity TestAuthority::Issue(const std::string& name,
                                  absl::Time not_after) {
  const Key key = NewKey();
  const Certificate certificate = NewCertificate(name, key.get(), not_after);
  X509_set_issuer_name(certificate.get(),
                       X509_get_subject_name(certificate_.get()));
  AddExtension(certificate.get(), NID_subject_alt_name, "IP:127.0.0.1");
  X509_sign(certificate.get(), key_.get(), EVP_sha256());
  return {.certificate = CertificatePem(certificate.get()),
          .key = Pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0,
                                            nullptr, nullptr);
          })};
}

TestAuthority::Key TestAuthority::NewKey() { return Key(EVP_EC_gen("P-256")); }

TestAuthority::Certificate TestAuthority::NewCertificate(
    const std::string& name, EVP_PKEY* key, absl::Time not_after) {
  Certificate certificate(X509_new());
  X509* const x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial_);
  ASN1_TIME_set(X509_getm_notBefore(x509),
                absl::ToTimeT(absl::Now() - absl::Hours(2000)));
  ASN1_TIME_set(X509_getm_notAfter(x509), absl::ToTimeT(not_after));
  X509_set_pubkey(x509, key);
  X509_NAME_add_entry_by_txt(
      X509_get_subject_name(x509), "CN", MBSTRING_ASC,
      reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

}  // namespace moevit
