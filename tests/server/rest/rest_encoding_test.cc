// How answers and errors are written.

#include <bit>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/retry_after.h"
#include "gmock/gmock.h"
#include "google/protobuf/duration.pb.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "proto/inference/grpc_service.pb.h"
#include "proto/inference/model_config.pb.h"
#include "server/little_endian.h"
#include "server/rest/http_status.h"
#include "server/rest/infer_response.h"
#include "server/rest/message_json.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

using Json = nlohmann::json;

inference::ModelInferResponse ResponseOf(const std::string& datatype,
                                         const std::string& raw) {
  inference::ModelInferResponse response;
  response.set_model_name("vehicles");
  response.set_model_version("3");
  response.set_id("seven");
  auto* output = response.add_outputs();
  output->set_name("scores");
  output->set_datatype(datatype);
  output->add_shape(1);
  output->add_shape(2);
  response.add_raw_output_contents(raw);
  return response;
}

std::string Floats() {
  std::string raw;
  AppendLittleEndian32(std::bit_cast<uint32_t>(0.25F), raw);
  AppendLittleEndian32(std::bit_cast<uint32_t>(0.75F), raw);
  return raw;
}

TEST(RestEncodingTest, ScoresAreAListOfNumbers) {
  const HttpResponse http =
      WriteInferResponse(ResponseOf("FP32", Floats()), /*binary=*/false);
  EXPECT_EQ(http.status, 200);
  EXPECT_EQ(http.content_type, "application/json");
  EXPECT_EQ(Json::parse(http.body),
            Json::parse(R"({"model_name":"vehicles","model_version":"3",
                            "id":"seven","outputs":[{"name":"scores",
                            "datatype":"FP32","shape":[1,2],
                            "data":[0.25,0.75]}]})"));
}

TEST(RestEncodingTest, BinaryScoresFollowTheJson) {
  const HttpResponse http =
      WriteInferResponse(ResponseOf("FP32", Floats()), /*binary=*/true);
  ASSERT_EQ(http.headers.size(), 1);
  EXPECT_EQ(http.headers[0].first, "Inference-Header-Content-Length");
  const size_t json_bytes = std::stoul(http.headers[0].second);
  const Json head = Json::parse(http.body.substr(0, json_bytes));
  EXPECT_EQ(head["outputs"][0]["parameters"]["binary_data_size"], 8);
  EXPECT_EQ(http.body.substr(json_bytes), Floats());
}

TEST(RestEncodingTest, ClassesAreAListOfStrings) {
  std::string raw;
  for (const std::string element : {"0.9:1:bus", "0.1:0:car"}) {
    AppendLittleEndian32(static_cast<uint32_t>(element.size()), raw);
    raw += element;
  }
  const HttpResponse http =
      WriteInferResponse(ResponseOf("BYTES", raw), /*binary=*/false);
  EXPECT_EQ(Json::parse(http.body)["outputs"][0]["data"],
            Json({"0.9:1:bus", "0.1:0:car"}));
}

TEST(RestEncodingTest, MessagesKeepNamesAndNumbers) {
  inference::ModelConfig config;
  config.set_name("vehicles");
  config.set_max_batch_size(4);
  auto* input = config.add_input();
  input->set_data_type(inference::TYPE_UINT8);
  input->add_dims(12);
  const Json json = MessageToJson(config);
  EXPECT_EQ(json["name"], "vehicles");
  EXPECT_EQ(json["max_batch_size"], 4);
  EXPECT_EQ(json["input"][0]["data_type"], "TYPE_UINT8");
  EXPECT_EQ(json["input"][0]["dims"], Json({12}));
  EXPECT_EQ(json["output"], Json::array());
  EXPECT_FALSE(json.contains("dynamic_batching"));

  inference::ModelInferRequest request;
  (*request.mutable_parameters())["priority"].set_uint64_param(7);
  EXPECT_EQ(MessageToJson(request)["parameters"]["priority"],
            Json({{"uint64_param", 7}}));

  google::protobuf::Duration duration;
  duration.set_seconds(2);
  duration.set_nanos(500'000'000);
  EXPECT_EQ(MessageToJson(duration), 2.5);
}

TEST(RestEncodingTest, CodesBecomeStatuses) {
  using Code = absl::StatusCode;
  for (const auto& [code, status] :
       {std::pair(Code::kInvalidArgument, 400),
        std::pair(Code::kUnauthenticated, 401),
        std::pair(Code::kPermissionDenied, 403),
        std::pair(Code::kNotFound, 404),
        std::pair(Code::kResourceExhausted, 429),
        std::pair(Code::kCancelled, 499), std::pair(Code::kInternal, 500),
        std::pair(Code::kDataLoss, 500), std::pair(Code::kUnimplemented, 501),
        std::pair(Code::kUnavailable, 503),
        std::pair(Code::kDeadlineExceeded, 504)}) {
    EXPECT_EQ(HttpError(absl::Status(code, "text")).status, status) << code;
  }
}

TEST(RestEncodingTest, ErrorsAreJsonWhateverTheyQuote) {
  const HttpResponse error =
      HttpError(absl::InvalidArgumentError("a \"\xff\" b"));
  EXPECT_EQ(error.content_type, "application/json");
  EXPECT_EQ(Json::parse(error.body)["error"], "a \"\xEF\xBF\xBD\" b");
}

TEST(RestEncodingTest, OverloadSaysWhenToComeAgain) {
  const absl::Status full = absl::ResourceExhaustedError("full");
  for (const auto& [delay, seconds] :
       {std::pair(absl::Milliseconds(10), "1"),
        std::pair(absl::Seconds(2), "2"),
        std::pair(absl::Milliseconds(2001), "3")}) {
    EXPECT_THAT(HttpError(WithRetryAfter(full, delay)).headers,
                ElementsAre(Pair("Retry-After", seconds)));
  }
  EXPECT_THAT(
      HttpError(WithRetryAfter(absl::UnavailableError("x"), absl::Seconds(5)))
          .headers,
      ElementsAre(Pair("Retry-After", "5")));
  // It would be as full then.
  EXPECT_THAT(HttpError(full).headers, ElementsAre());
  EXPECT_THAT(HttpError(absl::UnavailableError("no device")).headers,
              ElementsAre(Pair("Retry-After", "1")));
  EXPECT_THAT(HttpError(absl::NotFoundError("no model")).headers,
              ElementsAre());
}

}  // namespace
}  // namespace moevit
