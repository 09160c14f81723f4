#include "kernels/cpu/cpu_expert_device.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"
#include "tests/kernels/cpu/edited_programs.h"

namespace moevit {
namespace {

std::unique_ptr<ExpertDevice> NewDevice(
    const Program& program, const CpuExpertDeviceOptions& options = {}) {
  auto device = NewCpuExpertDevice(&program, options);
  EXPECT_TRUE(device.ok()) << device.status();
  return *std::move(device);
}

// Runs every expert of every layer on one device, loading each anew.
class OneDeviceRunner : public ExpertLayerRunner {
 public:
  explicit OneDeviceRunner(std::unique_ptr<ExpertDevice> device)
      : device_(std::move(device)) {}

  absl::Status RunLayer(const ExpertLayerCall& call) override {
    for (size_t e = 0; e + 1 < call.first.size(); ++e) {
      const int expert = static_cast<int>(e);
      const ExpertPart part = {expert, call.first[e],
                               call.first[e + 1] - call.first[e]};
      absl::Status status = device_->Load(call.layer, expert);
      if (status.ok()) status = device_->Run(call, {part});
      if (!status.ok()) return status;
      device_->Evict(call.layer, expert);
    }
    return absl::OkStatus();
  }

 private:
  const std::unique_ptr<ExpertDevice> device_;
};

std::vector<int32_t> Classify(Executor& executor, const Program& program,
                              int images) {
  std::vector<int32_t> logits(int64_t{images} * program.classes);
  const absl::Status status =
      executor.Run(images, RandomPixels(program, images, 3),
                   absl::MakeSpan(logits), nullptr);
  EXPECT_TRUE(status.ok()) << status;
  return logits;
}

class CpuExpertDeviceTest : public ::testing::TestWithParam<Isa> {};

TEST_P(CpuExpertDeviceTest, EqualsTheReferenceWithRoomForOneExpert) {
  std::vector<Program> programs = {
      RandomProgram({}),
      RandomProgram({.width = 15, .experts = 3, .expert_width = 70}),
      // More than one task per expert.
      RandomProgram({.image_size = 32, .experts = 1, .top_k = 1}),
      RandomProgram({.experts = 4, .top_k = 4, .expert_width = 1})};
  programs.push_back(RandomProgram({}));
  SaturateProducts(programs.back());
  for (const Program& program : programs) {
    const int64_t bytes =
        NewDevice(program, {.isa = GetParam()})->ExpertBytes(0);
    OneDeviceRunner runner(NewDevice(
        program, {.memory_bytes = bytes, .threads = 2, .isa = GetParam()}));
    const auto cpu = NewCpuExecutor(
        &program, {.threads = 1, .isa = GetParam(), .expert_layers = &runner});
    for (int images : {1, 5}) {
      EXPECT_EQ(Classify(*cpu, program, images),
                Classify(*NewReferenceExecutor(&program), program, images));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllIsas, CpuExpertDeviceTest,
                         ::testing::ValuesIn(AvailableIsas()),
                         [](const ::testing::TestParamInfo<Isa>& info) {
                           return std::string(IsaName(info.param));
                         });

TEST(CpuExpertDeviceMemoryTest, RefusesWhatExceedsItUntilSomethingLeaves) {
  const Program program = RandomProgram({});
  const int64_t bytes = NewDevice(program)->ExpertBytes(0);
  EXPECT_GE(bytes, 2 * 24 * 28);
  const auto device =
      NewDevice(program, {.name = "d", .memory_bytes = 2 * bytes + 1});
  EXPECT_TRUE(device->Load(0, 1).ok());
  EXPECT_TRUE(device->Load(0, 4).ok());
  EXPECT_TRUE(device->Load(0, 4).ok());
  const absl::Status full = device->Load(0, 0);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(absl::StrContains(full.message(), "d: expert 0 of layer 0"))
      << full;
  device->Evict(0, 2);
  EXPECT_FALSE(device->Load(0, 0).ok());
  device->Evict(0, 1);
  EXPECT_TRUE(device->Load(0, 0).ok());
}

TEST(CpuExpertDeviceMemoryTest, RunningWhatIsNotLoadedIsAnError) {
  const Program program = RandomProgram({});
  const auto device = NewDevice(program);
  ExpertLayerCall call;
  EXPECT_EQ(device->Run(call, {{3, 0, 1}}).code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(device->Run(call, {}).ok());
}

TEST(CpuExpertDeviceMemoryTest, ADenseProgramHasNoExperts) {
  const Program program = RandomProgram({.experts = 0});
  EXPECT_TRUE(NewCpuExpertDevice(&program, {}).ok());
}

}  // namespace
}  // namespace moevit
