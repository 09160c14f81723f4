#include "program/verify.h"

#include <functional>
#include <string>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "program/random_program.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// The first op of this type.
template <typename T>
T& Find(Program& program) {
  for (Op& op : program.ops) {
    if (T* body = std::get_if<T>(&op.body)) return *body;
  }
  ADD_FAILURE() << "no such op";
  std::abort();
}

std::string ErrorAfter(const std::function<void(Program&)>& damage) {
  Program program = RandomProgram({});
  damage(program);
  const absl::Status status = VerifyProgram(program);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(VerifyProgramTest, AcceptsProgramsOfAllShapes) {
  for (uint32_t seed = 0; seed < 5; ++seed) {
    EXPECT_TRUE(VerifyProgram(RandomProgram({.seed = seed})).ok());
    EXPECT_TRUE(
        VerifyProgram(RandomProgram({.seed = seed, .experts = 0})).ok());
    EXPECT_TRUE(VerifyProgram(RandomProgram({.seed = seed,
                                             .prefix_tokens = 0,
                                             .pool_mean = true,
                                             .attention_levels = 256}))
                    .ok());
    EXPECT_TRUE(
        VerifyProgram(
            RandomProgram({.seed = seed, .prefix_tokens = 2, .head_rows = 2}))
            .ok());
  }
}

TEST(VerifyProgramTest, RefusesAnEmptyProgram) {
  EXPECT_EQ(VerifyProgram(Program()).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(VerifyProgramTest, ProvesThatAccumulatorsFit32Bits) {
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<LinearOp>(p).matrix.matrix.bias[3] = 2147483647;
              }),
              AllOf(HasSubstr("blocks.0.attn.qkv"),
                    HasSubstr("output channel 3"), HasSubstr("2147483647")));
}

TEST(VerifyProgramTest, ProvesThatLeftShiftsFit32Bits) {
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<LinearAddOp>(p).matrix.shift[0] = -15;
              }),
              HasSubstr("with a shift of -15"));
}

TEST(VerifyProgramTest, ProvesThatLayerNormFits32Bits) {
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<LayerNormOp>(p).gamma[5] = 32767;
                Find<LayerNormOp>(p).beta[5] = 1 << 30;
              }),
              HasSubstr("largest result of channel 5"));
}

TEST(VerifyProgramTest, ProvesThatGateLogitsCanBeSubtracted) {
  EXPECT_THAT(
      ErrorAfter([](Program& p) { Find<GateOp>(p).bias[4] = 2000000000; }),
      HasSubstr("largest accumulator of expert 4"));
}

TEST(VerifyProgramTest, RefusesUnnormalizedMultipliers) {
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<LinearOp>(p).matrix.matrix.multiplier[0] = 16383;
              }),
              HasSubstr("multiplier is 16383"));
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<AttentionOp>(p).level_multiplier[0] = 5;
              }),
              HasSubstr("multiplier is 5"));
}

TEST(VerifyProgramTest, RefusesTheWeightThatPackingCannotHold) {
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<LinearOp>(p).matrix.matrix.weight[7] = -128;
              }),
              HasSubstr("weight 7 is -128"));
}

TEST(VerifyProgramTest, RefusesTensorsOfTheWrongSize) {
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<LinearOp>(p).matrix.matrix.bias.pop_back();
              }),
              HasSubstr("bias has 71 elements, not 72"));
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<PatchEmbedOp>(p).positions.pop_back();
              }),
              HasSubstr("positions has "));
  EXPECT_THAT(ErrorAfter([](Program& p) { Find<AttentionOp>(p).levels = 17; }),
              HasSubstr("levels is 17, neither 16 nor 256"));
}

TEST(VerifyProgramTest, RefusesValuesReadBeforeTheyAreWritten) {
  EXPECT_THAT(ErrorAfter([](Program& p) { std::swap(p.ops[1], p.ops[2]); }),
              HasSubstr("read before it is written"));
}

TEST(VerifyProgramTest, RefusesValuesWrittenTwiceOrNever) {
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<LinearAddOp>(p).output = Find<PatchEmbedOp>(p).output;
              }),
              HasSubstr("written twice"));
  EXPECT_THAT(ErrorAfter([](Program& p) {
                p.values.push_back({"spare", ElementType::kCode, 1, 1});
              }),
              HasSubstr("no op writes value \"spare\""));
}

TEST(VerifyProgramTest, RefusesValueIndicesOutsideTheProgram) {
  for (int id : {-1, 1000000}) {
    EXPECT_THAT(ErrorAfter([id](Program& p) { Find<LinearOp>(p).input = id; }),
                HasSubstr("value index"));
  }
}

TEST(VerifyProgramTest, RefusesShapesThatDoNotFit) {
  EXPECT_THAT(ErrorAfter([](Program& p) { p.values[2].channels = 71; }),
              HasSubstr("71"));
  EXPECT_THAT(ErrorAfter([](Program& p) { Find<AttentionOp>(p).heads = 5; }),
              HasSubstr("heads 5 do not divide width 24"));
  EXPECT_THAT(ErrorAfter([](Program& p) { p.image_size = 13; }),
              HasSubstr("does not divide image_size 13"));
}

TEST(VerifyProgramTest, RefusesExpertListsOfTheWrongLength) {
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<ExpertLinearOp>(p).experts.pop_back();
              }),
              HasSubstr("experts has 4 elements, not 5"));
  EXPECT_THAT(ErrorAfter([](Program& p) { Find<GateOp>(p).top_k = 6; }),
              HasSubstr("top_k is 6"));
}

TEST(VerifyProgramTest, NamesTheExpertThatIsWrong) {
  EXPECT_THAT(ErrorAfter([](Program& p) {
                Find<ExpertLinearOp>(p).experts[3].output_zero = 128;
              }),
              AllOf(HasSubstr("expert 3"), HasSubstr("output_zero is 128")));
}

TEST(VerifyProgramTest, RefusesNamesThatOccurTwice) {
  EXPECT_THAT(ErrorAfter([](Program& p) { p.ops[2].name = p.ops[1].name; }),
              HasSubstr("name occurs twice"));
  EXPECT_THAT(
      ErrorAfter([](Program& p) { p.values[2].name = p.values[1].name; }),
      HasSubstr("occurs twice"));
}

TEST(VerifyProgramTest, RefusesPixelsAndLogitsInTheMiddle) {
  EXPECT_THAT(ErrorAfter([](Program& p) { p.ops.pop_back(); }),
              HasSubstr("head must be the last op"));
  EXPECT_THAT(ErrorAfter([](Program& p) { p.ops.erase(p.ops.begin()); }),
              HasSubstr("patch_embed must be the first op"));
}

}  // namespace
}  // namespace moevit
