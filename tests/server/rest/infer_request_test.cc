#include "server/rest/infer_request.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<RestInferRequest> Read(const std::string& json,
                                      const std::string& data = "") {
  return ReadInferRequest(json + data, absl::StrCat(json.size()));
}

absl::Status ErrorOf(const std::string& json, const std::string& data = "") {
  return Read(json, data).status();
}

constexpr char kBinary[] =
    R"({"inputs":[{"name":"pixels","datatype":"UINT8","shape":[1,2],)"
    R"("parameters":{"binary_data_size":2}}]})";

TEST(InferRequestTest, ReadsEverythingOfARequest) {
  const auto read = ReadInferRequest(
      R"({"id":"seven","parameters":{"priority":2,"timeout":100,"on":true},
          "inputs":[{"name":"pixels","shape":[1,2,2],"datatype":"UINT8",
                     "data":[[1,2],[3,255]]}],
          "outputs":[{"name":"scores","parameters":{"classification":3}}]})",
      "");
  ASSERT_TRUE(read.ok()) << read.status();
  const inference::ModelInferRequest& request = read->request;
  EXPECT_EQ(request.id(), "seven");
  EXPECT_EQ(request.parameters().at("priority").int64_param(), 2);
  EXPECT_EQ(request.parameters().at("timeout").int64_param(), 100);
  EXPECT_TRUE(request.parameters().at("on").bool_param());
  ASSERT_EQ(request.inputs_size(), 1);
  EXPECT_EQ(request.inputs(0).name(), "pixels");
  EXPECT_EQ(request.inputs(0).datatype(), "UINT8");
  EXPECT_THAT(request.inputs(0).shape(), ElementsAre(1, 2, 2));
  EXPECT_THAT(request.inputs(0).contents().uint_contents(),
              ElementsAre(1, 2, 3, 255));
  ASSERT_EQ(request.outputs_size(), 1);
  EXPECT_EQ(request.outputs(0).name(), "scores");
  EXPECT_EQ(request.outputs(0).parameters().at("classification").int64_param(),
            3);
  EXPECT_FALSE(read->binary_output);
}

TEST(InferRequestTest, TakesTheOrderAndTheExtraFieldsThatOthersWrite) {
  const auto read = ReadInferRequest(
      R"({"unknown":{"inputs":[{"name":1}],"x":[[null,1.5,"s"]]},"flag":null,
          "inputs":[{"data":["a","b"],"datatype":"BYTES","more":{"data":[1]},
                     "shape":[2],"name":"image"}]})",
      "");
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->request.inputs_size(), 1);
  EXPECT_THAT(read->request.inputs(0).contents().bytes_contents(),
              ElementsAre("a", "b"));
  EXPECT_EQ(read->request.inputs(0).contents().uint_contents_size(), 0);
}

TEST(InferRequestTest, TakesBinaryDataAfterTheJson) {
  const auto read = Read(kBinary, std::string("\0\xff", 2));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->request.raw_input_contents(),
              ElementsAre(std::string("\0\xff", 2)));
}

TEST(InferRequestTest, RefusesBinaryDataOfAnotherSize) {
  EXPECT_THAT(std::string(ErrorOf(kBinary, "x").message()),
              HasSubstr("'binary_data_size' of 2 where 1 bytes are left"));
  EXPECT_THAT(std::string(ErrorOf(kBinary, "xyz").message()),
              HasSubstr("1 bytes after the last"));
  for (const char* size : {"-1", "\"2\"", "2.0", "9223372036854775808"}) {
    EXPECT_EQ(ErrorOf(absl::StrCat(R"({"inputs":[{"parameters":)"
                                   R"({"binary_data_size":)",
                                   size, "}}]}"),
                      "xy")
                  .code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
}

TEST(InferRequestTest, RefusesALengthOfTheJsonThatIsNotOne) {
  for (const char* length : {"-1", "x", "3", "99999999999999999999"}) {
    const auto read = ReadInferRequest("{}", length);
    EXPECT_THAT(std::string(read.status().message()),
                HasSubstr("Inference-Header-Content-Length"))
        << length;
  }
}

TEST(InferRequestTest, DecodesBase64WhereTheInputSaysSo) {
  const auto image = [](const std::string& element) {
    return ReadInferRequest(
        absl::StrCat(R"({"inputs":[{"parameters":{"content_type":"base64"},)",
                     R"("data":[")", element, R"("]}]})"),
        "");
  };
  EXPECT_THAT(image("AP8=")->request.inputs(0).contents().bytes_contents(),
              ElementsAre(std::string("\0\xff", 2)));
  EXPECT_THAT(std::string(image("A===").status().message()),
              HasSubstr("not base64"));
}

TEST(InferRequestTest, AnOutputsWishForBinaryGoesBeforeTheRequests) {
  EXPECT_TRUE(
      ReadInferRequest(R"({"parameters":{"binary_data_output":true}})", "")
          ->binary_output);
  EXPECT_FALSE(ReadInferRequest(R"({"parameters":{"binary_data_output":true},
                           "outputs":[{"parameters":{"binary_data":false}}]})",
                                "")
                   ->binary_output);
}

TEST(InferRequestTest, RefusesWhatIsNotARequestInJson) {
  for (const char* json : {"",
                           "{",
                           "[]",
                           "7",
                           "null",
                           "\"text\"",
                           "{}x",
                           R"({"id":})",
                           R"({"inputs":{}})",
                           R"({"inputs":[1]})",
                           R"({"inputs":[[]]})",
                           R"({"inputs":null})",
                           R"({"id":7})",
                           R"({"parameters":[]})",
                           R"({"parameters":{"a":[1]}})",
                           R"({"parameters":{"a":null}})",
                           R"({"inputs":[{"name":7}]})",
                           R"({"inputs":[{"shape":7}]})",
                           R"({"inputs":[{"shape":["1"]}]})",
                           R"({"inputs":[{"shape":[[1]]}]})",
                           R"({"inputs":[{"shape":[1.5]}]})",
                           R"({"inputs":[{"data":[-1]}]})",
                           R"({"inputs":[{"data":[4294967296]}]})",
                           R"({"inputs":[{"data":[1.5]}]})",
                           R"({"inputs":[{"data":[true]}]})",
                           R"({"inputs":[{"data":[{}]}]})",
                           R"({"inputs":[{"data":[1e999]}]})",
                           "{\"id\":\"\xff\"}"}) {
    EXPECT_EQ(ReadInferRequest(json, "").status().code(),
              absl::StatusCode::kInvalidArgument)
        << json;
  }
}

TEST(InferRequestTest, NamesTheFieldThatIsWrong) {
  EXPECT_THAT(std::string(ErrorOf(R"({"inputs":[{"shape":["1"]}]})").message()),
              HasSubstr("'inputs', 'shape' must not be a string"));
}

TEST(InferRequestTest, NamesTheRequestAlsoIfItIsRefused) {
  std::string id;
  EXPECT_FALSE(ReadInferRequest(R"({"id":"seven","inputs":7})", "", &id).ok());
  EXPECT_EQ(id, "seven");
  EXPECT_TRUE(ReadInferRequest(R"({"id":"eight"})", "", &id).ok());
  EXPECT_EQ(id, "eight");
}

TEST(InferRequestTest, RefusesDeepNestingWithoutRecursion) {
  for (const std::string& start :
       {std::string(R"({"inputs":[{"data":)"), std::string(R"({"unknown":)")}) {
    EXPECT_THAT(
        std::string(ErrorOf(start + std::string(100'000, '[')).message()),
        HasSubstr("nests deeper"));
  }
}

TEST(InferRequestTest, RefusesMoreJsonThanMayBeParsed) {
  const std::string spaces(kMaxInferJsonBytes - 1, ' ');
  EXPECT_TRUE(ReadInferRequest(spaces.substr(1) + "{}", "").ok());
  EXPECT_EQ(ReadInferRequest(spaces + "{}", "").status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace moevit
