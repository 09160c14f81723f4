#include "kernels/card/card_expert_device.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"
#include "tests/kernels/card/unreliable_card.h"
#include "tests/kernels/program_shapes.h"

namespace moevit {
namespace {

constexpr int64_t kPlenty = 1 << 20;

// Runs the experts of every layer on one device, so many in one call, after
// having loaded the ones that come next.
class RunnerOfGroups : public ExpertLayerRunner {
 public:
  RunnerOfGroups(ExpertDevice* device, int experts_at_a_time)
      : device_(*device), at_a_time_(experts_at_a_time) {}

  absl::Status RunLayer(const ExpertLayerCall& call) override {
    const int experts = static_cast<int>(call.first.size()) - 1;
    absl::Status status = Load(call.layer, 0, experts);
    for (int e = 0; e < experts && status.ok(); e += at_a_time_) {
      const int end = std::min(e + at_a_time_, experts);
      std::vector<ExpertPart> parts;
      for (int expert = e; expert < end; ++expert) {
        parts.push_back({expert, call.first[expert],
                         call.first[expert + 1] - call.first[expert]});
      }
      status = Load(call.layer, end, experts);
      status.Update(device_.Run(call, parts));
      for (int expert = e; expert < end; ++expert) {
        device_.Evict(call.layer, expert);
      }
    }
    return status;
  }

 private:
  absl::Status Load(int layer, int first, int experts) {
    absl::Status status;
    for (int e = first; e < std::min(first + at_a_time_, experts); ++e) {
      status.Update(device_.Load(layer, e));
    }
    return status;
  }

  ExpertDevice& device_;
  const int at_a_time_;
};

class CardExpertDeviceTest : public ::testing::Test {
 protected:
  CardExpertDeviceTest() { MakeCard(CardVerification::kNone); }

  void MakeCard(CardVerification verification) {
    auto card = std::make_unique<UnreliableCard>();
    card_ = card.get();
    CardDeviceOptions options;
    options.verification = verification;
    options.canary_period = 4;
    cards_ = std::make_unique<CardDevice>(std::move(card), options);
  }

  std::unique_ptr<ExpertDevice> NewDevice(const Program& program,
                                          CardExpertDeviceOptions options) {
    auto device = NewCardExpertDevice(cards_.get(), &program, options);
    EXPECT_TRUE(device.ok()) << device.status();
    return device.ok() ? *std::move(device) : nullptr;
  }

  // Every expert of the first layer over one row of zeros.
  static absl::Status RunExpert(ExpertDevice& device, const Program& program,
                                int expert) {
    absl::Status status = device.Load(0, expert);
    if (!status.ok()) return status;
    const int32_t zero = 0;
    const std::vector<uint8_t> codes(1024, 128);
    std::vector<int16_t> outputs(1024);
    ExpertLayerCall call;
    call.order = {&zero, 1};
    call.tokens = {&zero, 1};
    call.codes = codes.data();
    call.outputs = outputs.data();
    call.output_stride =
        program.values[FindOutput(program)].channels / 64 * 64 + 64;
    return device.Run(call, {{expert, 0, 1}});
  }

  static ValueId FindOutput(const Program& program) {
    const int combine = FindExpertLayers(program)->front().combine;
    return std::get<ExpertCombineOp>(program.ops[combine].body).output;
  }

  UnreliableCard* card_ = nullptr;  // owned by cards_
  std::unique_ptr<CardDevice> cards_;
};

TEST_F(CardExpertDeviceTest, EqualsTheReferenceWhateverFitsTheCard) {
  for (const ProgramShape& shape : ProgramShapes()) {
    const Program program = RandomProgram(shape.options);
    if (FindExpertLayers(program)->empty()) continue;
    const auto reference = NewReferenceExecutor(&program);
    // Few rows at a time, so that parts are cut; one expert at a time has no
    // room for the next one.
    for (const auto& [at_a_time, max_rows] :
         {std::pair(1, 5), std::pair(2, 7), std::pair(100, 4096)}) {
      const auto device =
          NewDevice(program, {.memory_bytes = kPlenty, .max_rows = max_rows});
      RunnerOfGroups runner(device.get(), at_a_time);
      const auto cpu =
          NewCpuExecutor(&program, {.threads = 1, .expert_layers = &runner});
      for (const int images : {1, 3}) {
        const auto pixels = RandomPixels(program, images, 3);
        EXPECT_EQ(Classify(*cpu, program, images, pixels),
                  Classify(*reference, program, images, pixels))
            << shape.name << ", " << at_a_time << " experts at a time";
      }
    }
  }
}

TEST_F(CardExpertDeviceTest, CutsMatricesThatExceedTheWeightBuffer) {
  const Program program =
      RandomProgram({.width = 96, .experts = 2, .expert_width = 3100});
  const auto device =
      NewDevice(program, {.memory_bytes = int64_t{8} << 20, .max_rows = 40});
  RunnerOfGroups runner(device.get(), 2);
  const auto cpu =
      NewCpuExecutor(&program, {.threads = 1, .expert_layers = &runner});
  const auto pixels = RandomPixels(program, 2, 3);
  EXPECT_EQ(Classify(*cpu, program, 2, pixels),
            Classify(*NewReferenceExecutor(&program), program, 2, pixels));
}

TEST_F(CardExpertDeviceTest, RefusesWhatExceedsItUntilSomethingLeaves) {
  const Program program = RandomProgram({});
  const int64_t bytes =
      NewDevice(program, {.memory_bytes = kPlenty})->ExpertBytes(0);
  EXPECT_GE(bytes, 2 * 24 * 28);
  const auto device = NewDevice(program, {.memory_bytes = 3 * bytes - 1});
  EXPECT_EQ(device->memory_bytes(), 2 * bytes);
  EXPECT_TRUE(RunExpert(*device, program, 1).ok());
  EXPECT_TRUE(RunExpert(*device, program, 4).ok());
  EXPECT_TRUE(device->Load(0, 4).ok());
  const absl::Status full = device->Load(0, 0);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(absl::StrContains(full.message(), "expert 0 of layer 0")) << full;
  device->Evict(0, 2);  // is not there
  EXPECT_FALSE(device->Load(0, 0).ok());
  device->Evict(0, 1);
  EXPECT_TRUE(RunExpert(*device, program, 0).ok());
}

TEST_F(CardExpertDeviceTest, KnowsWhatAllExpertsTake) {
  const Program program = RandomProgram({.depth = 4, .experts = 9});
  const int64_t bytes =
      NewDevice(program, {.memory_bytes = kPlenty})->ExpertBytes(0);
  EXPECT_EQ(*ExpertBytesOn(cards_.get(), program), 2 * 9 * bytes);
  EXPECT_EQ(*ExpertBytesOn(cards_.get(), RandomProgram({.experts = 0})), 0);
}

TEST_F(CardExpertDeviceTest, RefusesMemoryForLessThanAnExpert) {
  const Program program = RandomProgram({});
  const absl::Status status =
      NewCardExpertDevice(cards_.get(), &program, {.memory_bytes = 1000})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::StrContains(status.message(), "1000 bytes")) << status;
}

TEST_F(CardExpertDeviceTest, RefusesExpertsTooWideForTheKernel) {
  const Program program = RandomProgram({.expert_width = 20000});
  EXPECT_EQ(NewCardExpertDevice(cards_.get(), &program,
                                {.memory_bytes = int64_t{1} << 30})
                .status()
                .code(),
            absl::StatusCode::kUnimplemented);
}

TEST_F(CardExpertDeviceTest, NothingToRunIsNothingToDo) {
  const Program program = RandomProgram({});
  const auto device = NewDevice(program, {.memory_bytes = kPlenty});
  EXPECT_TRUE(device->Run({}, {}).ok());
  ASSERT_TRUE(device->Load(0, 3).ok());
  EXPECT_TRUE(device->Run({}, {{3, 0, 0}}).ok());
  EXPECT_EQ(device->Run({}, {{2, 0, 1}}).code(), absl::StatusCode::kInternal);
}

TEST_F(CardExpertDeviceTest, ALostCardComesBackEmpty) {
  const Program program = RandomProgram({});
  const auto device = NewDevice(program, {.memory_bytes = kPlenty});
  ASSERT_TRUE(RunExpert(*device, program, 2).ok());
  card_->FailAfter(2, absl::DeadlineExceededError("hangs"));
  EXPECT_EQ(RunExpert(*device, program, 2).code(),
            absl::StatusCode::kDeadlineExceeded);
  card_->FailResets({absl::NotFoundError("still in reset")});
  EXPECT_EQ(device->Restore().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(device->Load(0, 2).code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(device->Restore().ok());
  EXPECT_EQ(card_->resets(), 1);
  EXPECT_EQ(device->Run({}, {{2, 0, 1}}).code(), absl::StatusCode::kInternal);
  EXPECT_TRUE(RunExpert(*device, program, 2).ok());
}

TEST_F(CardExpertDeviceTest, NoticesThatSomebodyElseResetTheCard) {
  const Program program = RandomProgram({});
  const auto device = NewDevice(program, {.memory_bytes = kPlenty});
  const auto other = NewDevice(program, {.memory_bytes = kPlenty});
  ASSERT_TRUE(RunExpert(*device, program, 2).ok());
  card_->FailAfter(1, absl::InternalError("reports an error"));
  EXPECT_EQ(RunExpert(*other, program, 0).code(), absl::StatusCode::kInternal);
  ASSERT_TRUE(other->Restore().ok());
  EXPECT_EQ(RunExpert(*device, program, 2).code(),
            absl::StatusCode::kUnavailable);
  ASSERT_TRUE(device->Restore().ok());
  EXPECT_EQ(card_->resets(), 1);
  EXPECT_TRUE(RunExpert(*device, program, 2).ok());
  EXPECT_TRUE(RunExpert(*other, program, 0).ok());
}

TEST_F(CardExpertDeviceTest, CanaryFindsOutputsThatAreWrong) {
  const Program program = RandomProgram({});
  MakeCard(CardVerification::kCanary);
  const auto device = NewDevice(program, {.memory_bytes = kPlenty});
  for (int run = 0; run < 4; ++run) {
    ASSERT_TRUE(RunExpert(*device, program, run).ok());
  }
  card_->DamageCopyAfter(1);
  const absl::Status status = RunExpert(*device, program, 0);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(status.message(), "expert 0 of layer 0"))
      << status;
}

TEST_F(CardExpertDeviceTest, RunningTwiceFindsWhatWentWrongOnce) {
  const Program program = RandomProgram({});
  MakeCard(CardVerification::kTwice);
  const auto device = NewDevice(program, {.memory_bytes = kPlenty});
  ASSERT_TRUE(RunExpert(*device, program, 1).ok());
  card_->DamageCopyAfter(2);
  EXPECT_EQ(RunExpert(*device, program, 2).code(), absl::StatusCode::kDataLoss);
  ASSERT_TRUE(device->Restore().ok());
  EXPECT_EQ(card_->resets(), 1);
}

}  // namespace
}  // namespace moevit
