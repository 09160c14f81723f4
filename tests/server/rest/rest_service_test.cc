// The REST front end of a whole server, through connections.

#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/little_endian.h"
#include "tests/server/rest/http_client.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

using Json = nlohmann::json;

class RestServiceTest : public ServerTest {
 protected:
  RestServiceTest() { options_.rest_port = 0; }

  std::string Ask(absl::string_view method, absl::string_view target,
                  absl::string_view body = "", absl::string_view headers = "") {
    return HttpClient(server_->rest_port()).Ask(method, target, body, headers);
  }

  std::string Infer(const std::string& body) {
    return Ask("POST", "/v2/models/vehicles/infer", body);
  }

  // A request for one image, in base64.
  static std::string RequestOf(const std::string& image) {
    return absl::StrCat(
        R"({"id":"seven","inputs":[{"name":"image","datatype":"BYTES",)"
        R"("shape":[1],"parameters":{"content_type":"base64"},"data":[")",
        absl::Base64Escape(image), R"("]}]})");
  }
};

TEST_F(RestServiceTest, SaysThatItIsLiveAndReady) {
  ASSERT_TRUE(StartServer().ok());
  for (const char* path :
       {"/v2/health/live", "/v2/health/ready", "/v2/models/vehicles/ready",
        "/v2/models/vehicles/versions/1/ready"}) {
    EXPECT_EQ(StatusOf(Ask("GET", path)), 200) << path;
  }
  EXPECT_EQ(StatusOf(Ask("GET", "/v2/models/vehicles/versions/2/ready")), 404);
}

TEST_F(RestServiceTest, DescribesTheServerAndItsModels) {
  ASSERT_TRUE(StartServer().ok());
  const Json server = Json::parse(BodyOf(Ask("GET", "/v2")));
  EXPECT_EQ(server["name"], "moevit");
  const Json model = Json::parse(BodyOf(Ask("GET", "/v2/models/vehicles")));
  EXPECT_EQ(model["versions"], Json({"1", "3"}));
  EXPECT_EQ(model["inputs"][0]["name"], "image");
  EXPECT_EQ(model["inputs"][0]["shape"], Json({-1}));
  const Json config =
      Json::parse(BodyOf(Ask("GET", "/v2/models/vehicles/config")));
  EXPECT_TRUE(config["max_batch_size"].is_number());
  const Json stats = Json::parse(BodyOf(Ask("GET", "/v2/models/stats")));
  EXPECT_EQ(stats["model_stats"].size(), 2);
}

TEST_F(RestServiceTest, AnswersAsTheServiceOverGrpcDoes) {
  ASSERT_TRUE(StartServer().ok());
  const std::string response = Infer(RequestOf(TestImage(1)));
  ASSERT_EQ(StatusOf(response), 200) << response;
  const Json answer = Json::parse(BodyOf(response));
  EXPECT_EQ(answer["id"], "seven");
  EXPECT_EQ(answer["model_version"], "3");
  inference::ModelInferResponse grpc_answer;
  ASSERT_TRUE(
      ServerTest::Infer(InferRequestOf(TestImage(1)), &grpc_answer).ok());
  const Json& output = answer["outputs"][0];
  EXPECT_EQ(output["shape"], Json({1, kTestClasses}));
  EXPECT_EQ(output["data"].size() * sizeof(float),
            grpc_answer.raw_output_contents(0).size());
}

TEST_F(RestServiceTest, AnswersInBinaryWhenAskedTo) {
  ASSERT_TRUE(StartServer().ok());
  std::string data;
  AppendLittleEndian32(static_cast<uint32_t>(TestImage(1).size()), data);
  data += TestImage(1);
  const std::string json = absl::StrCat(
      R"({"parameters":{"binary_data_output":true},"inputs":[{"name":"image",)"
      R"("datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":)",
      data.size(), "}}]}");
  const std::string response = Ask(
      "POST", "/v2/models/vehicles/infer", json + data,
      absl::StrCat("Inference-Header-Content-Length: ", json.size(), "\r\n"));
  ASSERT_EQ(StatusOf(response), 200) << response;
  EXPECT_THAT(response, HasSubstr("Inference-Header-Content-Length: "));
}

TEST_F(RestServiceTest, ClassifiesAPlainImage) {
  ASSERT_TRUE(StartServer().ok());
  const std::string response =
      Ask("POST", "/v2/models/vehicles/classify?top_k=2", TestImage(1));
  ASSERT_EQ(StatusOf(response), 200) << response;
  const Json answer = Json::parse(BodyOf(response));
  EXPECT_EQ(answer["model_name"], "vehicles");
  EXPECT_EQ(answer["classes"].size(), 2);
  EXPECT_TRUE(answer["classes"][0]["label"].is_string());
  for (const char* top_k : {"-1", "x", "1.5", "99999999999"}) {
    EXPECT_EQ(
        StatusOf(Ask("POST",
                     absl::StrCat("/v2/models/vehicles/classify?top_k=", top_k),
                     "ok")),
        400)
        << top_k;
  }
}

TEST_F(RestServiceTest, RefusesBadRequestsAsTheServiceOverGrpcDoes) {
  ASSERT_TRUE(StartServer().ok());
  EXPECT_EQ(StatusOf(Infer("{")), 400);
  EXPECT_EQ(StatusOf(Infer("{}")), 400);
  const std::string shape =
      Infer(R"({"inputs":[{"name":"pixels","datatype":"UINT8","shape":[1,-1],)"
            R"("data":[0]}]})");
  EXPECT_EQ(StatusOf(shape), 400);
  EXPECT_THAT(Json::parse(BodyOf(shape))["error"].get<std::string>(),
              HasSubstr("[1, -1]"));
  const std::string missing =
      Ask("POST", "/v2/models/..%2Fetc/infer", RequestOf(TestImage(1)));
  EXPECT_EQ(StatusOf(missing), 404);
  EXPECT_EQ(StatusOf(Ask("POST", "/v2/models/vehicles/versions/0x3/infer",
                         RequestOf(TestImage(1)))),
            400);
}

TEST_F(RestServiceTest, RefusesOtherMethodsFormsAndEncodings) {
  ASSERT_TRUE(StartServer().ok());
  const std::string method = Ask("GET", "/v2/models/vehicles/infer");
  EXPECT_EQ(StatusOf(method), 405);
  EXPECT_THAT(method, HasSubstr("Allow: POST"));
  EXPECT_EQ(StatusOf(Ask("POST", "/v2/models/vehicles/infer", "x",
                         "Content-Encoding: gzip\r\n")),
            415);
  EXPECT_EQ(StatusOf(Ask("POST", "/v2/models/vehicles/classify", "x",
                         "Content-Type: multipart/form-data\r\n")),
            415);
  EXPECT_EQ(StatusOf(Ask("GET", "/v1/models")), 404);
}

TEST_F(RestServiceTest, RefusesABodyOverTheLimitOfMessages) {
  options_.max_message_bytes = 100;
  ASSERT_TRUE(StartServer().ok());
  HttpClient client(server_->rest_port());
  client.Send(
      "POST /v2/models/vehicles/classify HTTP/1.1\r\n"
      "Content-Length: 101\r\n\r\n");
  EXPECT_EQ(StatusOf(client.Read()), 413);
}

}  // namespace
}  // namespace moevit
