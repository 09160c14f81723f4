#include "server/infer_response_encoder.h"

#include <bit>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/little_endian.h"
#include "tests/server/test_model.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

ImageResult ResultWithLogits(std::vector<int32_t> logits) {
  ImageResult result;
  result.logits = std::move(logits);
  return result;
}

class InferResponseEncoderTest : public ::testing::Test {
 protected:
  InferResponseEncoderTest() {
    model_.name = "vehicles";
    model_.version = 7;
    model_.model = TestModel();
    model_.model.program.logit_scale = 1.0;
  }

  inference::ModelInferResponse Encode(int64_t classification) {
    inference::ModelInferResponse response;
    EncodeInferResponse(model_, results_, classification, &response);
    return response;
  }

  static std::vector<std::string> Elements(absl::string_view raw) {
    std::vector<std::string> elements;
    while (!raw.empty()) {
      const uint32_t length = LoadLittleEndian32(raw);
      elements.push_back(std::string(raw.substr(4, length)));
      raw.remove_prefix(4 + length);
    }
    return elements;
  }

  ServedModel model_;
  std::vector<ImageResult> results_ = {ResultWithLogits({0, 50, 0}),
                                       ResultWithLogits({1, 1, 1})};
};

TEST_F(InferResponseEncoderTest, ScoresAreRawLittleEndianFloats) {
  const inference::ModelInferResponse response = Encode(0);
  EXPECT_EQ(response.model_name(), "vehicles");
  EXPECT_EQ(response.model_version(), "7");
  ASSERT_EQ(response.outputs_size(), 1);
  EXPECT_EQ(response.outputs(0).name(), "scores");
  EXPECT_EQ(response.outputs(0).datatype(), "FP32");
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(2, 3));
  EXPECT_FALSE(response.outputs(0).has_contents());
  ASSERT_EQ(response.raw_output_contents_size(), 1);
  const absl::string_view raw = response.raw_output_contents(0);
  ASSERT_EQ(raw.size(), 2 * 3 * 4);
  std::vector<float> scores;
  for (int i = 0; i < 6; ++i) {
    scores.push_back(
        std::bit_cast<float>(LoadLittleEndian32(raw.substr(4 * i))));
  }
  constexpr float kThird = 1.0f / 3;
  EXPECT_THAT(scores,
              ElementsAre(FloatNear(0, 1e-6), FloatNear(1, 1e-6),
                          FloatNear(0, 1e-6), FloatNear(kThird, 1e-6),
                          FloatNear(kThird, 1e-6), FloatNear(kThird, 1e-6)));
}

TEST_F(InferResponseEncoderTest, ClassificationGivesTheBestWithLabels) {
  const inference::ModelInferResponse response = Encode(2);
  EXPECT_EQ(response.outputs(0).datatype(), "BYTES");
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(2, 2));
  EXPECT_THAT(Elements(response.raw_output_contents(0)),
              ElementsAre("1.000000:1:ship", "0.000000:0:plane",
                          "0.333333:0:plane", "0.333333:1:ship"));
}

TEST_F(InferResponseEncoderTest, ClassificationIsCutToTheNumberOfClasses) {
  EXPECT_THAT(Encode(int64_t{1} << 40).outputs(0).shape(), ElementsAre(2, 3));
}

TEST_F(InferResponseEncoderTest, ClassesWithoutNamesHaveNoLabel) {
  model_.model.config.class_names.clear();
  results_.resize(1);
  EXPECT_THAT(Elements(Encode(1).raw_output_contents(0)),
              ElementsAre("1.000000:1"));
}

}  // namespace
}  // namespace moevit
