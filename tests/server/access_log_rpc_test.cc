// The lines of the access log, through connections.

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "tests/server/rest/http_client.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTrace[] =
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

class AccessLogRpcTest : public ServerTest {
 protected:
  AccessLogRpcTest() {
    options_.access_log = 1;
    options_.rest_port = 0;
  }

  // Callers need a token that nobody has.
  void RequireTokens() {
    options_.token_file = files_.path() + "/tokens";
    ASSERT_TRUE(
        WriteFile(options_.token_file, "infer no-client-has-this-token").ok());
    std::filesystem::permissions(options_.token_file,
                                 std::filesystem::perms::owner_read);
  }

  // The lines for requests while `work` runs. A line is written before its
  // answer is sent.
  template <typename Work>
  static std::vector<std::string> LinesOf(Work work) {
    ::testing::internal::CaptureStderr();
    work();
    std::vector<std::string> lines;
    for (const absl::string_view line :
         absl::StrSplit(::testing::internal::GetCapturedStderr(), '\n')) {
      if (absl::StrContains(line, " INFO request ")) lines.emplace_back(line);
    }
    return lines;
  }

  std::string AskRest(absl::string_view target, absl::string_view body,
                      absl::string_view headers = "") {
    return HttpClient(server_->rest_port()).Ask("POST", target, body, headers);
  }

  TemporaryDirectory files_;
};

TEST_F(AccessLogRpcTest, AnImageOfAStreamHasALine) {
  ASSERT_TRUE(StartServer().ok());
  const auto lines = LinesOf([&] {
    grpc::ClientContext context;
    context.AddMetadata("traceparent", kTrace);
    context.AddMetadata("x-request-id", "all of them");
    const auto stream = native_->ClassifyStream(&context);
    for (const char* id : {"first", "second", ""}) {
      v1::ClassifyStreamRequest request;
      request.set_image_id(id);
      request.set_image(absl::string_view(id) == "second" ? "not an image"
                                                          : TestImage(1));
      stream->Write(request);
      v1::ClassifyStreamResponse response;
      EXPECT_TRUE(stream->Read(&response));
    }
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  });
  EXPECT_THAT(
      lines, ElementsAre(
                 AllOf(HasSubstr("request_id=first "),
                       HasSubstr("trace_id=0af7651916cd43dd8448eb211c80319c "),
                       HasSubstr("client=ipv4:127.0.0.1:"),
                       HasSubstr("model=vehicles version=3 code=OK duration=")),
                 AllOf(HasSubstr("request_id=second "),
                       HasSubstr("code=INVALID_ARGUMENT ")),
                 HasSubstr("request_id=\"all of them\" ")));
}

TEST_F(AccessLogRpcTest, ARequestOfAStreamHasALineWithItsError) {
  ASSERT_TRUE(StartServer().ok());
  const auto lines = LinesOf([&] {
    grpc::ClientContext context;
    const auto stream = open_->ModelStreamInfer(&context);
    inference::ModelInferRequest request = InferRequestOf("not an image");
    request.set_id("seven");
    stream->Write(request);
    inference::ModelStreamInferResponse response;
    EXPECT_TRUE(stream->Read(&response));
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  });
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("request_id=seven "),
                                       HasSubstr("code=INVALID_ARGUMENT "))));
}

TEST_F(AccessLogRpcTest, ARefusedRequestIsNamedByItsOwnId) {
  RequireTokens();
  ASSERT_TRUE(StartServer().ok());
  const auto lines = LinesOf([&] {
    inference::ModelInferResponse response;
    EXPECT_EQ(Infer(InferRequestOf(TestImage(0)), &response).error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
  });
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("request_id=\"request 1\" "),
                                       HasSubstr("code=UNAUTHENTICATED "))));
}

TEST_F(AccessLogRpcTest, ARequestOverHttpHasALine) {
  ASSERT_TRUE(StartServer().ok());
  std::string failed;
  const auto lines = LinesOf([&] {
    AskRest("/v2/models/vehicles/classify", TestImage(1),
            absl::StrCat("X-Request-Id: one\r\ntraceparent: ", kTrace, "\r\n"));
    failed = AskRest("/v2/models/vehicles/infer", R"({"id":"two"})");
    AskRest("/v2/models/fish/infer", R"({"id":"three","inputs":7})");
  });
  EXPECT_THAT(
      lines,
      ElementsAre(
          AllOf(HasSubstr("request_id=one "),
                HasSubstr("trace_id=0af7651916cd43dd8448eb211c80319c "),
                HasSubstr("client=ipv4:127.0.0.1:"),
                HasSubstr("model=vehicles version=3 code=OK duration=")),
          AllOf(HasSubstr("request_id=two "), HasSubstr("model=vehicles "),
                HasSubstr("code=INVALID_ARGUMENT ")),
          AllOf(HasSubstr("request_id=three "), Not(HasSubstr("model=")),
                HasSubstr("code=INVALID_ARGUMENT "))));
  EXPECT_THAT(failed, HasSubstr("x-request-id: two\r\n"));
}

TEST_F(AccessLogRpcTest, ARequestOverHttpWithoutATokenIsNamedByItsHeader) {
  RequireTokens();
  ASSERT_TRUE(StartServer().ok());
  const auto lines = LinesOf([&] {
    EXPECT_EQ(StatusOf(AskRest("/v2/models/vehicles/classify", TestImage(1),
                               "X-Request-Id: four\r\n")),
              401);
  });
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("request_id=four "),
                                       HasSubstr("code=UNAUTHENTICATED "))));
}

}  // namespace
}  // namespace moevit
