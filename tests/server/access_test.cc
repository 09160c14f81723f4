// Bearer tokens, through connections.

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"
#include "tests/server/http_get.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

constexpr char kInferToken[] = "infer-token-0123456789";
constexpr char kMetricsToken[] = "metrics-token-0123456789";

class AccessTest : public ServerTest {
 protected:
  void SetUp() override {
    options_.token_file = tokens_.path() + "/tokens";
    ASSERT_TRUE(WriteFile(options_.token_file,
                          absl::StrCat("infer ", kInferToken, "\nmetrics ",
                                       kMetricsToken))
                    .ok());
    std::filesystem::permissions(options_.token_file,
                                 std::filesystem::perms::owner_read);
  }

  grpc::Status ClassifyWith(const std::vector<std::string>& authorizations) {
    grpc::ClientContext context;
    for (const std::string& value : authorizations) {
      context.AddMetadata("authorization", value);
    }
    v1::ClassifyResponse response;
    return native_->Classify(&context, ClassifyRequestOf({TestImage(0)}),
                             &response);
  }

  // Calls a method, of any kind, with an empty message and without a token.
  grpc::Status CallAnonymously(const std::string& method) {
    grpc::GenericStub stub(NewChannel());
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Minutes(1)));
    grpc::CompletionQueue queue;
    grpc::Slice nothing;
    const auto call = stub.PrepareUnaryCall(
        &context, method, grpc::ByteBuffer(&nothing, 1), &queue);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return status;
  }

  TemporaryDirectory tokens_;
};

TEST_F(AccessTest, AdmitsCallersWithATokenOfTheRole) {
  ASSERT_TRUE(StartServer().ok());
  const grpc::Status status =
      ClassifyWith({absl::StrCat("Bearer ", kInferToken)});
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(AccessTest, RefusesTokensOfOtherRoles) {
  ASSERT_TRUE(StartServer().ok());
  EXPECT_EQ(ClassifyWith({absl::StrCat("Bearer ", kMetricsToken)}).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AccessTest, RefusesTwoTokensAtATime) {
  ASSERT_TRUE(StartServer().ok());
  const std::string authorization = absl::StrCat("Bearer ", kInferToken);
  EXPECT_EQ(ClassifyWith({authorization, authorization}).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
}

// So that no method is ever added without a check.
TEST_F(AccessTest, WithoutATokenOnlyHealthAnswers) {
  ASSERT_TRUE(StartServer().ok());
  const std::set<std::string> open = {"ServerLive", "ServerReady",
                                      "ModelReady"};
  for (const auto* service :
       {v1::ClassifyRequest::descriptor()->file()->service(0),
        inference::ServerLiveRequest::descriptor()->file()->service(0)}) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto* method = service->method(i);
      const grpc::StatusCode code =
          CallAnonymously(
              absl::StrCat("/", service->full_name(), "/", method->name()))
              .error_code();
      if (code == grpc::StatusCode::UNIMPLEMENTED) continue;
      EXPECT_EQ(code, open.contains(method->name())
                          ? grpc::StatusCode::OK
                          : grpc::StatusCode::UNAUTHENTICATED)
          << method->full_name();
    }
  }
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckResponse health;
  EXPECT_TRUE(health_->Check(&context, {}, &health).ok());
}

TEST_F(AccessTest, TheMetricsTokenIsAPassword) {
  options_.metrics_port = 0;
  ASSERT_TRUE(StartServer().ok());
  EXPECT_THAT(HttpGet(server_->metrics_port(), "/metrics"),
              HasSubstr("401 Unauthorized"));
  // Basic authentication of "prometheus" with each token.
  EXPECT_THAT(HttpGet(server_->metrics_port(), "/metrics",
                      "Authorization: Basic cHJvbWV0aGV1czptZXRyaWNzLXRva2VuLT"
                      "AxMjM0NTY3ODk=\r\n"),
              HasSubstr("200 OK"));
  EXPECT_THAT(HttpGet(server_->metrics_port(), "/metrics",
                      "Authorization: Basic cHJvbWV0aGV1czppbmZlci10b2tlbi0wMT"
                      "IzNDU2Nzg5\r\n"),
              HasSubstr("401 Unauthorized"));
}

TEST_F(AccessTest, AMissingTokenFileIsNamedAtTheStart) {
  options_.token_file += ".missing";
  const absl::Status status = StartServer();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr(options_.token_file));
}

}  // namespace
}  // namespace moevit
