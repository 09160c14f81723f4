// Certificates for tests, made on the spot.

#ifndef MOEVIT_TESTS_SERVER_TEST_CERTIFICATES_H_
#define MOEVIT_TESTS_SERVER_TEST_CERTIFICATES_H_

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace moevit {

// Both in PEM.
struct TestIdentity {
  std::string certificate;
  std::string key;
};

// An authority that signs certificates for 127.0.0.1. Thread-compatible.
class TestAuthority {
 public:
  TestAuthority();

  // In PEM.
  std::string certificate() const;

  // Signs a certificate with the name `name` and a new key, valid until
  // `not_after`.
  TestIdentity Issue(const std::string& name,
                     absl::Time not_after = absl::Now() + absl::Hours(1000));

 private:
  struct Free {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  using Certificate = std::unique_ptr<X509, Free>;
  using Key = std::unique_ptr<EVP_PKEY, Free>;

  static Key NewKey();
  // Not signed yet.
  Certificate NewCertificate(const std::string& name, EVP_PKEY* key,
                             absl::Time not_after);

  long serial_ = 0;  // of the last certificate
  const Key key_;
  const Certificate certificate_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_TEST_CERTIFICATES_H_
