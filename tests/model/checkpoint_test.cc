#include "model/checkpoint.h"

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/safetensors_writer.h"

namespace moevit {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int kWidth = 6;
constexpr int kHidden = 5;
constexpr int kExperts = 3;

struct TestTensor {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

// A checkpoint of two blocks, the second sparse, in M3ViT's names. Values count
// up from 0 in each tensor. Tests change it before they load it.
class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() {
    Add("cls_token", {1, 1, kWidth});
    Add("pos_embed", {1, 5, kWidth});
    Add("patch_embed.proj.weight", {kWidth, 3, 2, 2});
    Add("patch_embed.proj.bias", {kWidth});
    for (const std::string block : {"blocks.0.", "blocks.1."}) {
      AddNorm(block + "norm1");
      AddLinear(block + "attn.qkv", kWidth, 3 * kWidth);
      AddLinear(block + "attn.proj", kWidth, kWidth);
      AddNorm(block + "norm2");
    }
    AddLinear("blocks.0.mlp.fc1", kWidth, 7);
    AddLinear("blocks.0.mlp.fc2", 7, kWidth);
    Add("blocks.1.mlp.gate.w_gate", {kWidth, kExperts});
    const std::string experts = "blocks.1.mlp.experts.";
    Add(experts + "htoh4.weight", {kExperts, kHidden, kWidth});
    Add(experts + "htoh4.bias", {kExperts, kHidden});
    Add(experts + "h4toh.weight", {kExperts, kWidth, kHidden});
    Add(experts + "h4toh.bias", {kExperts, kWidth});
    AddNorm("norm");
    AddLinear("head", kWidth, 4);
  }

  void Add(const std::string& name, const std::vector<int64_t>& shape) {
    const int64_t size = std::accumulate(shape.begin(), shape.end(), int64_t{1},
                                         std::multiplies<>());
    TestTensor tensor{shape, std::vector<float>(size)};
    std::iota(tensor.values.begin(), tensor.values.end(), 0.0f);
    tensors_[name] = tensor;
  }

  void AddLinear(const std::string& name, int in, int out) {
    Add(name + ".weight", {out, in});
    Add(name + ".bias", {out});
  }

  void AddNorm(const std::string& name) {
    Add(name + ".weight", {kWidth});
    Add(name + ".bias", {kWidth});
  }

  void Rename(const std::string& from, const std::string& to) {
    auto node = tensors_.extract(from);
    ASSERT_FALSE(node.empty()) << from;
    node.key() = to;
    tensors_.insert(std::move(node));
  }

  // Loads the checkpoint with `fields` added to its configuration.
  absl::StatusOr<Checkpoint> Load(const std::string& fields = "") {
    const std::string directory = absl::StrCat(
        ::testing::TempDir(), "checkpoint_test_",
        ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(directory);
    const std::string config = absl::StrCat(
        R"({"image_size": 4, "patch_size": 2, "width": 6, "depth": 2,
            "heads": 2, "mlp_width": 7, "num_classes": 4, "num_experts": 3,
            "moe_blocks": [1], "top_k": 2, "expert_width": 5)",
        fields.empty() ? "" : ", ", fields, "}");
    EXPECT_TRUE(WriteFile(directory + "/config.json", config).ok());
    SafetensorsWriter writer;
    for (const auto& [name, tensor] : tensors_) {
      EXPECT_TRUE(writer.Add<float>(name, tensor.shape, tensor.values).ok());
    }
    EXPECT_TRUE(writer.Write(directory + "/model.safetensors").ok());
    return LoadCheckpoint(directory);
  }

  Checkpoint LoadOk(const std::string& fields = "") {
    const absl::StatusOr<Checkpoint> checkpoint = Load(fields);
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
    return checkpoint.value_or(Checkpoint());
  }

  std::string LoadError(const std::string& fields = "") {
    const absl::Status status = Load(fields).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }

  std::map<std::string, TestTensor> tensors_;
};

TEST_F(CheckpointTest, ReadsDenseAndSparseBlocks) {
  const Checkpoint checkpoint = LoadOk();
  EXPECT_EQ(checkpoint.patch_embed.in, 12);
  EXPECT_EQ(checkpoint.patch_embed.out, kWidth);
  EXPECT_EQ(checkpoint.prefix_tokens.size(), 6u);
  EXPECT_EQ(checkpoint.positions.size(), 30u);
  ASSERT_EQ(checkpoint.blocks.size(), 2u);
  EXPECT_EQ(checkpoint.blocks[0].mlps.size(), 1u);
  EXPECT_FALSE(checkpoint.blocks[0].gate.has_value());
  EXPECT_EQ(checkpoint.blocks[0].mlps[0].fc1.out, 7);
  EXPECT_EQ(checkpoint.blocks[0].qkv.out, 3 * kWidth);
  EXPECT_EQ(checkpoint.blocks[1].mlps.size(), 3u);
  EXPECT_TRUE(checkpoint.norm.has_value());
  EXPECT_FALSE(checkpoint.pooled_norm.has_value());
  EXPECT_FALSE(checkpoint.distillation_head.has_value());
}

TEST_F(CheckpointTest, SplitsStackedExperts) {
  const MlpWeights last = LoadOk().blocks[1].mlps[2];
  EXPECT_EQ(last.fc1.weight.front(), 2 * kHidden * kWidth);
  EXPECT_EQ(last.fc1.weight.size(), size_t{kHidden * kWidth});
  EXPECT_THAT(last.fc1.bias, ElementsAre(10, 11, 12, 13, 14));
  EXPECT_EQ(last.fc2.weight.back(), 3 * kHidden * kWidth - 1);
  EXPECT_THAT(last.fc2.bias, ElementsAre(12, 13, 14, 15, 16, 17));
}

TEST_F(CheckpointTest, TransposesTheGate) {
  const LinearWeights gate = LoadOk().blocks[1].gate.value();
  EXPECT_EQ(gate.in, kWidth);
  EXPECT_EQ(gate.out, kExperts);
  EXPECT_THAT(gate.weight, ElementsAre(0, 3, 6, 9, 12, 15,   //
                                       1, 4, 7, 10, 13, 16,  //
                                       2, 5, 8, 11, 14, 17));
  EXPECT_THAT(gate.bias, ElementsAre(0, 0, 0));
}

TEST_F(CheckpointTest, ReadsFastMoeExpertsAndGate) {
  std::erase_if(tensors_, [](const auto& entry) {
    return entry.first.find("experts") != std::string::npos;
  });
  tensors_.erase("blocks.1.mlp.gate.w_gate");
  AddLinear("blocks.1.mlp.gate.gate", kWidth, kExperts);
  for (int i = 0; i < kExperts; ++i) {
    const std::string expert = absl::StrCat("blocks.1.mlp.experts.", i, ".");
    Add(expert + "htoh4.weight", {1, kHidden, kWidth});
    Add(expert + "htoh4.bias", {1, kHidden});
    Add(expert + "h4toh.weight", {1, kWidth, kHidden});
    Add(expert + "h4toh.bias", {1, kWidth});
  }
  tensors_["blocks.1.mlp.experts.1.h4toh.bias"].values[5] = 42;
  const Checkpoint checkpoint = LoadOk();
  const BlockWeights& block = checkpoint.blocks[1];
  EXPECT_THAT(block.gate->bias, ElementsAre(0, 1, 2));
  EXPECT_EQ(block.gate->weight[kWidth], kWidth);
  ASSERT_EQ(block.mlps.size(), 3u);
  EXPECT_EQ(block.mlps[1].fc2.bias[5], 42);
}

TEST_F(CheckpointTest, StripsPrefixes) {
  Rename("norm.bias", "module.norm.bias");
  Rename("norm.weight", "module.backbone.norm.weight");
  LoadOk();
}

TEST_F(CheckpointTest, RefusesTensorsThatPrefixesAloneDistinguish) {
  AddNorm("module.norm");
  EXPECT_THAT(LoadError(), HasSubstr("are both \"norm.bias\""));
}

TEST_F(CheckpointTest, ReadsTheGateOfASingleTask) {
  Rename("blocks.1.mlp.gate.w_gate", "blocks.1.mlp.gate.depth.w_gate");
  EXPECT_EQ(LoadOk().blocks[1].gate->weight[1], 3);
}

TEST_F(CheckpointTest, RefusesGatesOfSeveralTasks) {
  Rename("blocks.1.mlp.gate.w_gate", "blocks.1.mlp.gate.0.w_gate");
  Add("blocks.1.mlp.gate.1.w_gate", {kWidth, kExperts});
  EXPECT_THAT(LoadError(), HasSubstr("one gate for each of 2 tasks"));
}

TEST_F(CheckpointTest, IgnoresTheNoiseOfTraining) {
  Add("blocks.1.mlp.gate.w_noise", {kWidth, kExperts});
  LoadOk();
}

TEST_F(CheckpointTest, ReadsADistilledModel) {
  Add("dist_token", {1, 1, kWidth});
  tensors_["dist_token"].values.assign(kWidth, 9);
  Add("pos_embed", {1, 6, kWidth});
  AddLinear("head_dist", kWidth, 4);
  const Checkpoint checkpoint = LoadOk(R"("distilled": true)");
  EXPECT_THAT(checkpoint.prefix_tokens,
              ElementsAre(0, 1, 2, 3, 4, 5, 9, 9, 9, 9, 9, 9));
  EXPECT_TRUE(checkpoint.distillation_head.has_value());
}

TEST_F(CheckpointTest, ReadsTheNormAfterMeanPooling) {
  Rename("norm.weight", "fc_norm.weight");
  Rename("norm.bias", "fc_norm.bias");
  const Checkpoint checkpoint = LoadOk(R"("pooling": "mean")");
  EXPECT_FALSE(checkpoint.norm.has_value());
  EXPECT_TRUE(checkpoint.pooled_norm.has_value());
}

TEST_F(CheckpointTest, RefusesThatNormWithoutMeanPooling) {
  Rename("norm.weight", "fc_norm.weight");
  Rename("norm.bias", "fc_norm.bias");
  EXPECT_THAT(LoadError(), HasSubstr("\"norm.weight\" is missing"));
}

TEST_F(CheckpointTest, FillsMissingQkvBiasesWithZeros) {
  tensors_.erase("blocks.0.attn.qkv.bias");
  tensors_.erase("blocks.1.attn.qkv.bias");
  EXPECT_THAT(LoadError(), HasSubstr("attn.qkv.bias\" is missing"));
  EXPECT_THAT(LoadOk(R"("qkv_bias": false)").blocks[1].qkv.bias, Each(0.0f));
}

TEST_F(CheckpointTest, NamesAMissingTensorAndItsShape) {
  tensors_.erase("blocks.1.mlp.experts.h4toh.weight");
  EXPECT_THAT(LoadError(), HasSubstr("\"blocks.1.mlp.experts.h4toh.weight\" is "
                                     "missing; expected shape [3, 6, 5]"));
}

TEST_F(CheckpointTest, NamesBothShapesOfAWrongTensor) {
  Add("head.weight", {kWidth, 4});
  EXPECT_THAT(LoadError(),
              HasSubstr("\"head.weight\" has shape [6, 4]; expected [4, 6]"));
}

TEST_F(CheckpointTest, RefusesTensorsWithoutAPlace) {
  for (int i = 0; i < 5; ++i) Add(absl::StrCat("blocks.0.ls", i), {kWidth});
  EXPECT_THAT(LoadError(), HasSubstr("5 tensors have no place"));
  EXPECT_THAT(LoadError(), HasSubstr("blocks.0.ls0, blocks.0.ls1, "));
}

TEST_F(CheckpointTest, RefusesBlocksBeyondTheDepth) {
  AddNorm("blocks.2.norm1");
  EXPECT_THAT(LoadError(), HasSubstr("blocks.2.norm1.bias"));
}

TEST_F(CheckpointTest, RefusesValuesThatAreNotFinite) {
  tensors_["blocks.0.mlp.fc2.weight"].values[11] = std::nanf("");
  EXPECT_THAT(LoadError(),
              HasSubstr("\"blocks.0.mlp.fc2.weight\" holds nan at index 11"));
  tensors_["blocks.0.mlp.fc2.weight"].values[11] = -INFINITY;
  EXPECT_THAT(LoadError(), HasSubstr("holds -inf at index 11"));
}

TEST(LoadCheckpointTest, ReportsAMissingDirectory) {
  EXPECT_EQ(LoadCheckpoint("no such directory").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace moevit
