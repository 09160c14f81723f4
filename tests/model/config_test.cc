#include "model/config.h"

#include <limits>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// In the names of timm and M3ViT, as a trained model comes.
constexpr char kTrained[] = R"({
  "architecture": "test", "image_size": 32, "patch_size": 4, "in_chans": 3,
  "embed_dim": 192, "hidden_size": 192, "depth": 6, "num_heads": 3,
  "mlp_ratio": 2.0, "num_experts": 8, "top_k": 2, "expert_hidden": 380,
  "moe_layers": [1, 3, 5], "num_classes": 2, "class_names": ["a", "b"],
  "hidden_act": "gelu_erf", "global_pool": "token", "layer_norm_eps": 1e-5,
  "gate": {"type": "noisy_topk"}, "something_else": 5,
  "preprocessing": {"input_size": [3, 32, 32], "mean": [0.1, 0.2, 0.3],
    "std": [0.4, 0.5, 0.6], "rescale": 0.00392156862745098,
    "interpolation": "bilinear", "crop_pct": 0.9}})";

// The error after each field of `changes` replaced its namesake in a good
// configuration; null removes a field.
std::string ErrorWith(const std::string& changes) {
  Json json = Json::parse(kTrained);
  json.merge_patch(Json::parse(changes));
  const absl::Status status = ParseModelConfig(json.dump()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << changes;
  return std::string(status.message());
}

ModelConfig ConfigWith(const std::string& changes) {
  Json json = Json::parse(kTrained);
  json.merge_patch(Json::parse(changes));
  const auto config = ParseModelConfig(json.dump());
  EXPECT_TRUE(config.ok()) << config.status();
  return config.value_or(ModelConfig());
}

TEST(ModelConfigTest, ReadsTheNamesOfOtherTools) {
  const ModelConfig config = ConfigWith("{}");
  EXPECT_EQ(config.name, "test");
  EXPECT_EQ(config.width, 192);
  EXPECT_EQ(config.head_width(), 64);
  EXPECT_EQ(config.tokens(), 65);
  EXPECT_EQ(config.mlp_width, 384);
  EXPECT_EQ(config.layer_norm_epsilon, 1e-5);
  EXPECT_EQ(config.pooling, Pooling::kClassToken);
  EXPECT_EQ(config.activation, ActivationKind::kGelu);
  EXPECT_THAT(config.moe.blocks, ElementsAre(1, 3, 5));
  EXPECT_TRUE(config.IsSparse(3));
  EXPECT_FALSE(config.IsSparse(2));
  EXPECT_EQ(config.moe.hidden_width, 380);
  EXPECT_EQ(config.moe.gate_order, GateOrder::kTopKThenSoftmax);
  EXPECT_EQ(config.preprocessing.interpolation, Interpolation::kBilinear);
  EXPECT_EQ(config.preprocessing.crop_fraction, 0.9);
  EXPECT_THAT(config.preprocessing.std, ElementsAre(0.4, 0.5, 0.6));
  EXPECT_THAT(config.class_names, ElementsAre("a", "b"));
}

TEST(ModelConfigTest, WhatIsWrittenIsReadBackUnchanged) {
  for (const char* changes :
       {"{}", R"({"num_experts": null, "moe_layers": null})",
        R"({"distilled": true, "hidden_act": "gelu_tanh"})",
        R"({"class_token": false, "global_pool": "avg", "qkv_bias": false})",
        R"({"gate": {"type": "m3vit"}, "class_names": null})",
        R"({"preprocessing": {"resize": "exact", "mean": [0.1, 0.7, 1e-9]}})",
        R"({"preprocessing": {"fast_decode": true}})"}) {
    const std::string written = ModelConfigToJson(ConfigWith(changes));
    const auto read = ParseModelConfig(written);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(ModelConfigToJson(*read), written);
  }
}

TEST(ModelConfigTest, DecodesInFullUnlessAskedForSpeed) {
  EXPECT_FALSE(ConfigWith("{}").preprocessing.fast_decode);
  EXPECT_TRUE(ConfigWith(R"({"preprocessing": {"fast_decode": true}})")
                  .preprocessing.fast_decode);
  EXPECT_THAT(ErrorWith(R"({"preprocessing": {"fast_decode": 1}})"),
              HasSubstr("\"preprocessing.fast_decode\" is 1"));
}

TEST(ModelConfigTest, GateTypesImplyAnOrder) {
  const auto order = [](const std::string& gate) {
    return ConfigWith("{\"gate\": " + gate + "}").moe.gate_order;
  };
  EXPECT_EQ(order(R"({"type": "naive"})"), GateOrder::kTopKThenSoftmax);
  EXPECT_EQ(order(R"({"type": "noisy_vmoe"})"), GateOrder::kSoftmaxThenTopK);
  EXPECT_EQ(order(R"({"type": "m3vit"})"), GateOrder::kSoftmaxThenTopK);
  EXPECT_EQ(order(R"({"type": "own", "order": "softmax_topk"})"),
            GateOrder::kSoftmaxThenTopK);
}

TEST(ModelConfigTest, RefusesNamesOfOneFieldThatDisagree) {
  EXPECT_THAT(ErrorWith(R"({"hidden_size": 384})"),
              HasSubstr("\"hidden_size\" is 384; expected the value of "
                        "\"embed_dim\""));
}

TEST(ModelConfigTest, NamesAMissingField) {
  EXPECT_THAT(ErrorWith(R"({"embed_dim": null, "hidden_size": null})"),
              HasSubstr("config.json: \"width\" is missing"));
  EXPECT_THAT(ErrorWith(R"({"top_k": null})"), HasSubstr("\"top_k\" is miss"));
  EXPECT_THAT(ErrorWith(R"({"mlp_ratio": null})"), HasSubstr("mlp_width is 0"));
}

TEST(ModelConfigTest, RefusesShapesOutOfBounds) {
  EXPECT_THAT(ErrorWith(R"({"image_size": 4100, "preprocessing": null})"),
              HasSubstr("image_size is 4100; admitted are 1 to 4096"));
  EXPECT_THAT(ErrorWith(R"({"patch_size": 5, "preprocessing": null})"),
              HasSubstr("image_size is 32, not a multiple of patch_size, "
                        "which is 5"));
  EXPECT_THAT(ErrorWith(R"({"patch_size": 0})"), HasSubstr("patch_size is 0"));
  EXPECT_THAT(ErrorWith(R"({"image_size": 512, "patch_size": 2,
                            "preprocessing": null})"),
              HasSubstr("number of tokens is 65537"));
  EXPECT_THAT(ErrorWith(R"({"in_chans": 4, "preprocessing": null})"),
              HasSubstr("channels is 4"));
  EXPECT_THAT(ErrorWith(R"({"embed_dim": 8196, "hidden_size": 8196})"),
              HasSubstr("width is 8196; admitted are 1 to 8192"));
  EXPECT_THAT(ErrorWith(R"({"num_heads": 5})"),
              HasSubstr("width is 192, not a multiple of heads"));
  EXPECT_THAT(ErrorWith(R"({"num_heads": 0})"), HasSubstr("heads is 0"));
  EXPECT_THAT(ErrorWith(R"({"depth": 129})"), HasSubstr("depth is 129"));
  EXPECT_THAT(ErrorWith(R"({"mlp_ratio": -1})"), HasSubstr("a ratio in"));
  EXPECT_THAT(ErrorWith(R"({"num_classes": 0})"),
              HasSubstr("num_classes is 0"));
  EXPECT_THAT(ErrorWith(R"({"layer_norm_eps": 0})"),
              HasSubstr("layer_norm_epsilon is 0"));
  EXPECT_THAT(ErrorWith(R"({"depth": 4294967297})"),
              HasSubstr("\"depth\" is 4294967297"));
}

TEST(ModelConfigTest, RefusesExpertsOutOfBounds) {
  EXPECT_THAT(ErrorWith(R"({"num_experts": 1})"),
              HasSubstr("num_experts is 1"));
  EXPECT_THAT(ErrorWith(R"({"num_experts": 1025})"),
              HasSubstr("admitted are 2 to 1024"));
  EXPECT_THAT(ErrorWith(R"({"top_k": 9})"),
              HasSubstr("top_k is 9; admitted are 1 to 8"));
  EXPECT_THAT(ErrorWith(R"({"moe_layers": [1, 6]})"),
              HasSubstr("moe_blocks[1] is 6; admitted are 0 to 5"));
  EXPECT_THAT(ErrorWith(R"({"moe_layers": [3, 3]})"), HasSubstr("ascending"));
  EXPECT_THAT(ErrorWith(R"({"moe_layers": []})"), HasSubstr("is empty"));
  EXPECT_THAT(ErrorWith(R"({"num_experts": 0})"),
              HasSubstr("moe_blocks has 3 entries"));
  EXPECT_THAT(ErrorWith(R"({"expert_hidden": null})"),
              HasSubstr("expert_width is 0"));
}

TEST(ModelConfigTest, RefusesUnknownWordsListingTheKnown) {
  EXPECT_THAT(ErrorWith(R"({"global_pool": "max"})"),
              HasSubstr("\"global_pool\" is \"max\"; expected one of token, "
                        "mean, avg"));
  EXPECT_THAT(ErrorWith(R"({"hidden_act": "relu"})"), HasSubstr("gelu_erf"));
  EXPECT_THAT(ErrorWith(R"({"gate": {"type": "hash"}})"),
              HasSubstr("\"gate.type\" is \"hash\""));
  EXPECT_THAT(ErrorWith(R"({"preprocessing": {"interpolation": "lanczos"}})"),
              HasSubstr("bilinear, bicubic"));
}

TEST(ModelConfigTest, RefusesTokensThatContradictThePooling) {
  EXPECT_THAT(ErrorWith(R"({"class_token": false})"),
              HasSubstr("class_token is false"));
  EXPECT_THAT(ErrorWith(R"({"class_token": false, "distilled": true})"),
              HasSubstr("distilled is true"));
  EXPECT_THAT(ErrorWith(R"({"global_pool": "avg", "distilled": true})"),
              HasSubstr("distilled is true"));
}

TEST(ModelConfigTest, RefusesPreprocessingItCannotDo) {
  EXPECT_THAT(ErrorWith(R"({"preprocessing": {"crop_pct": 0.01}})"),
              HasSubstr("crop_fraction is 0.01"));
  EXPECT_THAT(ErrorWith(R"({"preprocessing": {"std": [1, 0, 1]}})"),
              HasSubstr("preprocessing.std[1] is 0"));
  EXPECT_THAT(ErrorWith(R"({"preprocessing": {"mean": [123, 116, 103]}})"),
              HasSubstr("preprocessing.mean[0] is 123"));
  EXPECT_THAT(ErrorWith(R"({"preprocessing": {"mean": [0.5]}})"),
              HasSubstr("three numbers"));
  EXPECT_THAT(ErrorWith(R"({"preprocessing": {"rescale": 1}})"),
              HasSubstr("1/255"));
  EXPECT_THAT(ErrorWith(R"({"preprocessing": {"input_size": [3, 32, 48]}})"),
              HasSubstr("expected [3, 32, 32]"));
}

TEST(ModelConfigTest, RefusesAWrongNumberOfClassNames) {
  EXPECT_THAT(ErrorWith(R"({"class_names": ["a"]})"),
              HasSubstr("class_names has 1 entries but num_classes is 2"));
}

TEST(ModelConfigTest, RefusesNotANumber) {
  ModelConfig config = ConfigWith("{}");
  config.layer_norm_epsilon = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(ValidateModelConfig(config).ok());
}

TEST(ModelConfigTest, NamesTheFileItWasLoadedFrom) {
  const std::string directory = ::testing::TempDir();
  ASSERT_TRUE(WriteFile(directory + "/config.json", "{]").ok());
  EXPECT_THAT(std::string(LoadModelConfig(directory).status().message()),
              HasSubstr(directory + "/config.json: parse error"));
  EXPECT_EQ(LoadModelConfig("no such directory").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace moevit
