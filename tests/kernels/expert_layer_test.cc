#include "kernels/expert_layer.h"

#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_executor.h"
#include "program/random_program.h"

namespace moevit {
namespace {

TEST(FindExpertLayersTest, FindsEveryGateWithItsTwoLinears) {
  const Program program = RandomProgram({.depth = 6});
  const auto layers = FindExpertLayers(program);
  ASSERT_TRUE(layers.ok()) << layers.status();
  ASSERT_EQ(layers->size(), 3u);
  int last = -1;
  for (const ExpertLayer& layer : *layers) {
    EXPECT_GT(layer.gate, last);
    last = layer.combine;
    const auto& gate = std::get<GateOp>(program.ops[layer.gate].body);
    const auto& linear =
        std::get<ExpertLinearOp>(program.ops[layer.linear].body);
    const auto& combine =
        std::get<ExpertCombineOp>(program.ops[layer.combine].body);
    EXPECT_EQ(linear.routing, gate.output);
    EXPECT_EQ(combine.routing, gate.output);
    EXPECT_EQ(combine.input, linear.output);
  }
}

TEST(FindExpertLayersTest, ADenseProgramHasNone) {
  const auto layers = FindExpertLayers(RandomProgram({.experts = 0}));
  ASSERT_TRUE(layers.ok());
  EXPECT_TRUE(layers->empty());
}

TEST(FindExpertLayersTest, RefusesAGateWithoutExperts) {
  Program program = RandomProgram({});
  const ExpertLayer layer = FindExpertLayers(program).value()[0];
  program.ops.erase(program.ops.begin() + layer.combine);
  const auto layers = FindExpertLayers(program);
  EXPECT_EQ(layers.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(layers.status().message(),
                                program.ops[layer.gate].name))
      << layers.status();
}

TEST(FindExpertLayersTest, RefusesHiddenCodesWithASecondReader) {
  Program program = RandomProgram({});
  const ExpertLayer layer = FindExpertLayers(program).value()[0];
  const ValueId hidden =
      std::get<ExpertLinearOp>(program.ops[layer.linear].body).output;
  PoolOp reader;
  reader.input = hidden;
  program.ops.insert(program.ops.end() - 1, {"reader", reader});
  EXPECT_TRUE(absl::StrContains(FindExpertLayers(program).status().message(),
                                "also read by \"reader\""));
}

TEST(FindExpertLayersTest, RefusesTwoPairsBehindOneGate) {
  Program program = RandomProgram({});
  const ExpertLayer layer = FindExpertLayers(program).value()[0];
  Op second = program.ops[layer.linear];
  second.name = "second";
  program.ops.insert(program.ops.end() - 1, second);
  EXPECT_TRUE(absl::StrContains(FindExpertLayers(program).status().message(),
                                "\"second\""));
}

class FailingRunner : public ExpertLayerRunner {
 public:
  absl::Status RunLayer(const ExpertLayerCall& call) override {
    layers.push_back(call.layer);
    return call.layer == 1 ? absl::UnavailableError("no device is left")
                           : absl::OkStatus();
  }
  std::vector<int> layers;
};

TEST(ExpertLayerRunnerTest, ItsErrorEndsTheRun) {
  const Program program = RandomProgram({.depth = 6});
  FailingRunner runner;
  const auto cpu =
      NewCpuExecutor(&program, {.threads = 1, .expert_layers = &runner});
  std::vector<int32_t> logits(program.classes);
  const absl::Status status =
      cpu->Run(1, RandomPixels(program, 1, 1), absl::MakeSpan(logits), nullptr);
  EXPECT_EQ(status, absl::UnavailableError("no device is left"));
  EXPECT_EQ(runner.layers, (std::vector<int>{0, 1}));
}

}  // namespace
}  // namespace moevit
