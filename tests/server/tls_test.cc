// TLS, through connections.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/auth_context.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "tests/server/rest/http_client.h"
#include "tests/server/rest/https_client.h"
#include "tests/server/test_certificates.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

class TlsTest : public ServerTest {
 protected:
  TlsTest() {
    options_.tls.certificate = files_.path() + "/tls.crt";
    options_.tls.key = files_.path() + "/tls.key";
    Install(authority_.Issue("first"));
  }

  void Install(const TestIdentity& identity) {
    ASSERT_TRUE(WriteFile(options_.tls.key, identity.key).ok());
    ASSERT_TRUE(WriteFile(options_.tls.certificate, identity.certificate).ok());
  }

  void RequireClientCertificates() {
    options_.tls.client_ca = files_.path() + "/client_ca.crt";
    ASSERT_TRUE(
        WriteFile(options_.tls.client_ca, client_authority_.certificate())
            .ok());
  }

  // A connection of its own that trusts `authority_`.
  std::unique_ptr<v1::InferenceService::Stub> Connect(
      const TestIdentity& client = {}) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::InferenceService::NewStub(grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", server_->port()),
        grpc::SslCredentials({.pem_root_certs = authority_.certificate(),
                              .pem_private_key = client.key,
                              .pem_cert_chain = client.certificate}),
        arguments));
  }

  // Whom the server says it is, in PEM; the error's message if it refuses.
  std::string CallOnce(v1::InferenceService::Stub& stub) const {
    grpc::ClientContext context;
    v1::ClassifyResponse response;
    const grpc::Status status =
        stub.Classify(&context, ClassifyRequestOf({TestImage(0)}), &response);
    if (!status.ok()) return "refused: " + status.error_message();
    const auto pem =
        context.auth_context()->FindPropertyValues("x509_pem_cert");
    return std::string(pem.at(0).data(), pem.at(0).size());
  }

  TestAuthority authority_;
  TestAuthority client_authority_;
  TemporaryDirectory files_;
};

TEST_F(TlsTest, AnswersThoseWhoTrustItsAuthority) {
  ASSERT_TRUE(StartServer().ok());
  EXPECT_EQ(CallOnce(*Connect()),
            ReadFile(options_.tls.certificate, 1 << 16).value());
}

TEST_F(TlsTest, DoesNotAnswerInPlainText) {
  ASSERT_TRUE(StartServer().ok());
  v1::ClassifyResponse response;
  EXPECT_EQ(Classify(ClassifyRequestOf({TestImage(0)}), &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TlsTest, ABadFileIsNamedAtTheStart) {
  ASSERT_TRUE(WriteFile(options_.tls.key, authority_.Issue("other").key).ok());
  const absl::Status status = StartServer();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr(options_.tls.key));
}

TEST_F(TlsTest, AnswersOnlyClientsWithACertificateWhenItAsksForOne) {
  RequireClientCertificates();
  ASSERT_TRUE(StartServer().ok());
  EXPECT_THAT(CallOnce(*Connect(client_authority_.Issue("client"))),
              HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_THAT(CallOnce(*Connect()), HasSubstr("refused"));
  EXPECT_THAT(CallOnce(*Connect(authority_.Issue("of another authority"))),
              HasSubstr("refused"));
}

TEST_F(TlsTest, RotatesItsCertificateWithoutAFailedRequest) {
  ASSERT_TRUE(StartServer().ok());
  const auto old_connection = Connect();
  const std::string first = CallOnce(*old_connection);
  const TestIdentity second = authority_.Issue("second");
  Install(second);
  server_->Reload();
  // Bounded by the test's time limit, and in practice by the second that gRPC
  // takes to look.
  std::string seen = first;
  while (seen == first) {
    EXPECT_EQ(CallOnce(*old_connection), first);
    seen = CallOnce(*Connect());
  }
  EXPECT_EQ(seen, second.certificate);
  EXPECT_EQ(CallOnce(*old_connection), first);
}

class RestTlsTest : public TlsTest {
 protected:
  RestTlsTest() { options_.rest_port = 0; }

  std::unique_ptr<HttpsClient> ConnectRest(const TestIdentity& client = {}) {
    return std::make_unique<HttpsClient>(server_->rest_port(),
                                         authority_.certificate(), client);
  }

  static int Probe(HttpsClient& client) {
    return StatusOf(client.Ask("GET", "/v2/health/live"));
  }
};

TEST_F(RestTlsTest, ShowsTheSameCertificate) {
  ASSERT_TRUE(StartServer().ok());
  const auto client = ConnectRest();
  EXPECT_EQ(Probe(*client), 200);
  EXPECT_EQ(client->ServerCertificate(),
            ReadFile(options_.tls.certificate, 1 << 16).value());
}

TEST_F(RestTlsTest, DoesNotAnswerInPlainText) {
  ASSERT_TRUE(StartServer().ok());
  EXPECT_EQ(HttpClient(server_->rest_port()).Ask("GET", "/v2/health/live"), "");
}

TEST_F(RestTlsTest, AnswersOnlyClientsWithACertificateWhenItAsksForOne) {
  RequireClientCertificates();
  ASSERT_TRUE(StartServer().ok());
  EXPECT_EQ(Probe(*ConnectRest(client_authority_.Issue("client"))), 200);
  EXPECT_EQ(Probe(*ConnectRest()), 0);
  EXPECT_EQ(Probe(*ConnectRest(authority_.Issue("of another"))), 0);
}

TEST_F(RestTlsTest, RotatesItsCertificateAndKeepsItsConnections) {
  ASSERT_TRUE(StartServer().ok());
  const auto old_connection = ConnectRest();
  const std::string first = old_connection->ServerCertificate();
  const TestIdentity second = authority_.Issue("second");
  Install(second);
  server_->Reload();
  // Bounded by the test's time limit.
  std::string seen = first;
  while (seen == first) seen = ConnectRest()->ServerCertificate();
  EXPECT_EQ(seen, second.certificate);
  EXPECT_EQ(Probe(*old_connection), 200);
}

TEST_F(TlsTest, KeepsTheOldCertificateWhenTheNewFilesAreWrong) {
  const auto credentials = TlsCredentials::Create(options_.tls).value();
  const std::string key = ReadFile(options_.tls.key, 1 << 16).value();
  ASSERT_TRUE(WriteFile(options_.tls.key, authority_.Issue("other").key).ok());
  EXPECT_THAT(credentials->Reload().status().message(),
              HasSubstr(options_.tls.key));
  ASSERT_TRUE(WriteFile(options_.tls.key, key).ok());
  EXPECT_FALSE(credentials->Reload().value()) << "what it had was replaced";
}

}  // namespace
}  // namespace moevit
