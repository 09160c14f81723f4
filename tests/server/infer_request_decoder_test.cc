#include "server/infer_request_decoder.h"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/little_endian.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr InferRequestLimits kLimits = {
    .image_size = 3, .channels = 2, .max_images = 4};
constexpr int kImageBytes = 3 * 3 * 2;

inference::ModelInferRequest Request(const std::string& name,
                                     const std::string& datatype,
                                     const std::vector<int64_t>& shape) {
  inference::ModelInferRequest request;
  auto* input = request.add_inputs();
  input->set_name(name);
  input->set_datatype(datatype);
  for (const int64_t extent : shape) input->add_shape(extent);
  return request;
}

inference::ModelInferRequest RawImages(const std::vector<int64_t>& shape,
                                       const std::string& raw) {
  inference::ModelInferRequest request = Request("image", "BYTES", shape);
  request.add_raw_input_contents(raw);
  return request;
}

inference::ModelInferRequest RawPixels(const std::vector<int64_t>& shape,
                                       size_t bytes) {
  inference::ModelInferRequest request = Request("pixels", "UINT8", shape);
  request.add_raw_input_contents(std::string(bytes, 'p'));
  return request;
}

inference::ModelInferRequest TypedPixels(int count, uint32_t value) {
  inference::ModelInferRequest request =
      Request("pixels", "UINT8", {1, 3, 3, 2});
  auto* contents = request.mutable_inputs(0)->mutable_contents();
  for (int i = 0; i < count; ++i) contents->add_uint_contents(value);
  return request;
}

std::string Element(const std::string& bytes) {
  std::string element;
  AppendLittleEndian32(static_cast<uint32_t>(bytes.size()), element);
  return element + bytes;
}

std::vector<std::string> Bytes(const DecodedInferRequest& decoded) {
  std::vector<std::string> all;
  for (const ImageInput& image : decoded.images) {
    all.push_back(std::string(image.bytes));
  }
  return all;
}

absl::Status StatusOf(const inference::ModelInferRequest& request) {
  return DecodeInferRequest(request, kLimits).status();
}

TEST(InferRequestDecoderTest, ReadsRawBytes) {
  const auto request = RawImages({2}, Element("cat") + Element(""));
  const auto decoded = DecodeInferRequest(request, kLimits);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_THAT(Bytes(*decoded), ElementsAre("cat", ""));
  EXPECT_EQ(decoded->images[0].kind, ImageInput::Kind::kEncoded);
  EXPECT_EQ(decoded->classification, 0);
}

TEST(InferRequestDecoderTest, ReadsTypedBytes) {
  auto request = Request("image", "BYTES", {2});
  request.mutable_inputs(0)->mutable_contents()->add_bytes_contents("cat");
  request.mutable_inputs(0)->mutable_contents()->add_bytes_contents("dog");
  const auto decoded = DecodeInferRequest(request, kLimits);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_THAT(Bytes(*decoded), ElementsAre("cat", "dog"));
}

TEST(InferRequestDecoderTest, SplitsRawPixelsByImage) {
  const auto request = RawPixels({2, 3, 3, 2}, 2 * kImageBytes);
  const auto decoded = DecodeInferRequest(request, kLimits);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_THAT(Bytes(*decoded),
              ElementsAre(SizeIs(kImageBytes), SizeIs(kImageBytes)));
  EXPECT_EQ(decoded->images[0].kind, ImageInput::Kind::kPixels);
}

TEST(InferRequestDecoderTest, TypedPixelsStayValidWhenMoved) {
  const auto request = TypedPixels(kImageBytes, 255);
  auto decoded = DecodeInferRequest(request, kLimits);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const DecodedInferRequest moved = *std::move(decoded);
  EXPECT_THAT(Bytes(moved), ElementsAre(std::string(kImageBytes, '\xff')));
}

TEST(InferRequestDecoderTest, ReadsTheClassificationParameter) {
  auto request = RawImages({1}, Element("cat"));
  auto* output = request.add_outputs();
  output->set_name("scores");
  (*output->mutable_parameters())["classification"].set_int64_param(2);
  const auto decoded = DecodeInferRequest(request, kLimits);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->classification, 2);
}

struct BadRequest {
  inference::ModelInferRequest request;
  std::string complaint;
};

class BadInferRequestTest : public ::testing::TestWithParam<BadRequest> {};

TEST_P(BadInferRequestTest, R8IsRefusedWithAReason) {
  const absl::Status status = StatusOf(GetParam().request);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(status.message(), HasSubstr(GetParam().complaint));
}

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();

INSTANTIATE_TEST_SUITE_P(
    Shapes, BadInferRequestTest,
    ::testing::Values(
        BadRequest{RawPixels({-1, 3, 3, 2}, kImageBytes), "[-1, 3, 3, 2]"},
        BadRequest{RawPixels({0, 3, 3, 2}, 0), "[0, 3, 3, 2]"},
        BadRequest{RawPixels({1, 3, 3, -2}, kImageBytes), "[1, 3, 3, -2]"},
        BadRequest{RawPixels({1, 4, 3, 2}, 24), "must be [images, 3, 3, 2]"},
        BadRequest{RawPixels({3, 3, 2}, kImageBytes), "[3, 3, 2]"},
        BadRequest{RawPixels({}, 0), "[]"},
        // The product is 2^64, that is 0.
        BadRequest{RawPixels({1, int64_t{1} << 32, int64_t{1} << 32, 1}, 0),
                   "4294967296"},
        BadRequest{RawPixels({1, kHuge, kHuge, kHuge}, 0), "must be"},
        BadRequest{RawImages({-1}, Element("cat")), "[-1]"},
        BadRequest{RawImages({0}, ""), "[0]"},
        BadRequest{RawImages({1, 1}, Element("cat")), "[1, 1]"},
        BadRequest{RawImages({}, Element("cat")), "[]"}));

INSTANTIATE_TEST_SUITE_P(
    RawContents, BadInferRequestTest,
    ::testing::Values(
        BadRequest{RawPixels({1, 3, 3, 2}, kImageBytes - 1), "17 bytes"},
        BadRequest{RawPixels({1, 3, 3, 2}, kImageBytes + 1), "asks for 18"},
        BadRequest{RawPixels({1, 3, 3, 2}, 0), "0 bytes"},
        BadRequest{RawImages({1}, "cat"), "end before element 0"},
        BadRequest{RawImages({2}, Element("cat")), "end before element 1 of 2"},
        BadRequest{RawImages({1}, Element("cat").substr(0, 6)),
                   "length of 3 bytes where 2 are left"},
        BadRequest{RawImages({1}, "\xff\xff\xff\xff"), "4294967295"},
        BadRequest{RawImages({1}, Element("cat") + "x"), "1 bytes after"}));

TEST(InferRequestDecoderTest, TooManyImagesExhaustAResource) {
  const auto pixels = RawPixels({5, 3, 3, 2}, 5 * kImageBytes);
  EXPECT_EQ(StatusOf(pixels).code(), absl::StatusCode::kResourceExhausted);
  const absl::Status status = StatusOf(RawImages({kHuge}, ""));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("9223372036854775807"));
  EXPECT_THAT(status.message(), HasSubstr("limit is 4"));
}

TEST(InferRequestDecoderTest, R8RefusesOtherInputs) {
  EXPECT_THAT(StatusOf(inference::ModelInferRequest()).message(),
              HasSubstr("0 inputs"));
  EXPECT_THAT(StatusOf(Request("input_0", "BYTES", {1})).message(),
              HasSubstr("no input 'input_0'"));
  auto both = RawImages({1}, Element("cat"));
  *both.add_inputs() = RawPixels({1, 3, 3, 2}, 0).inputs(0);
  EXPECT_THAT(StatusOf(both).message(), HasSubstr("2 inputs"));
}

TEST(InferRequestDecoderTest, R8RefusesOtherDatatypes) {
  for (const char* datatype : {"FP16", "FP32", "BYTES", "uint8", ""}) {
    const auto request = Request("pixels", datatype, {1, 3, 3, 2});
    EXPECT_THAT(StatusOf(request).message(), HasSubstr("must be UINT8"));
  }
  EXPECT_THAT(StatusOf(Request("image", "UINT8", {1})).message(),
              HasSubstr("must be BYTES"));
}

TEST(InferRequestDecoderTest, R8RefusesRawAndTypedContentsTogether) {
  auto request = RawImages({1}, Element("cat"));
  request.mutable_inputs(0)->mutable_contents()->add_bytes_contents("cat");
  EXPECT_THAT(StatusOf(request).message(), HasSubstr("raw_input_contents"));
}

TEST(InferRequestDecoderTest, R8RefusesARequestWithoutData) {
  EXPECT_THAT(StatusOf(Request("image", "BYTES", {1})).message(),
              HasSubstr("no data for input 'image'"));
}

TEST(InferRequestDecoderTest, R8RefusesMoreRawContentsThanInputs) {
  auto request = RawImages({1}, Element("cat"));
  request.add_raw_input_contents(Element("dog"));
  EXPECT_THAT(StatusOf(request).message(), HasSubstr("2 raw_input_contents"));
}

TEST(InferRequestDecoderTest, R8RefusesTypedContentsOfAnotherLength) {
  EXPECT_THAT(StatusOf(TypedPixels(kImageBytes - 1, 0)).message(),
              HasSubstr("17 elements"));
  auto request = Request("image", "BYTES", {2});
  request.mutable_inputs(0)->mutable_contents()->add_bytes_contents("cat");
  EXPECT_THAT(StatusOf(request).message(), HasSubstr("asks for 2"));
}

TEST(InferRequestDecoderTest, R8RefusesContentsInAFieldOfAnotherDatatype) {
  auto request = TypedPixels(kImageBytes, 0);
  request.mutable_inputs(0)->mutable_contents()->add_fp32_contents(1);
  EXPECT_THAT(StatusOf(request).message(), HasSubstr("not for UINT8"));
}

TEST(InferRequestDecoderTest, R8RefusesPixelsThatAreNotBytes) {
  EXPECT_THAT(StatusOf(TypedPixels(kImageBytes, 256)).message(),
              HasSubstr("element 256"));
}

TEST(InferRequestDecoderTest, RefusesOtherOutputs) {
  auto request = RawImages({1}, Element("cat"));
  request.add_outputs()->set_name("logits");
  EXPECT_THAT(StatusOf(request).message(), HasSubstr("'logits'"));
  request.mutable_outputs(0)->set_name("scores");
  request.add_outputs()->set_name("scores");
  EXPECT_THAT(StatusOf(request).message(), HasSubstr("2 outputs"));
}

TEST(InferRequestDecoderTest, RefusesAClassificationThatIsNoCount) {
  auto request = RawImages({1}, Element("cat"));
  auto* output = request.add_outputs();
  output->set_name("scores");
  auto& parameter = (*output->mutable_parameters())["classification"];
  parameter.set_int64_param(0);
  EXPECT_FALSE(StatusOf(request).ok());
  parameter.set_int64_param(-3);
  EXPECT_FALSE(StatusOf(request).ok());
  parameter.set_string_param("3");
  EXPECT_FALSE(StatusOf(request).ok());
}

TEST(InferRequestDecoderTest, ReadsPriorityAndTimeout) {
  auto request = RawImages({1}, Element("cat"));
  auto& parameters = *request.mutable_parameters();
  parameters["priority"].set_uint64_param(2);
  parameters["timeout"].set_int64_param(1500);
  parameters["of_another_server"].set_bool_param(true);
  const auto decoded = DecodeInferRequest(request, kLimits);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->priority, 2);
  EXPECT_EQ(decoded->timeout, absl::Microseconds(1500));
  parameters["priority"].set_int64_param(3);
  EXPECT_EQ(DecodeInferRequest(request, kLimits)->priority, 3);
}

TEST(InferRequestDecoderTest, RefusesPrioritiesAndTimeoutsThatAreNone) {
  for (const char* name : {"priority", "timeout"}) {
    auto request = RawImages({1}, Element("cat"));
    auto& parameter = (*request.mutable_parameters())[name];
    parameter.set_int64_param(-1);
    EXPECT_THAT(StatusOf(request).message(), HasSubstr(name));
    parameter.set_string_param("1");
    EXPECT_THAT(StatusOf(request).message(), HasSubstr(name));
    parameter.set_bool_param(true);
    EXPECT_FALSE(StatusOf(request).ok());
  }
}

}  // namespace
}  // namespace moevit
