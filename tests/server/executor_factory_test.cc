#include "server/executor_factory.h"

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/card/card_device.h"
#include "kernels/card/card_expert_device.h"
#include "kernels/card/direct_card.h"
#include "kernels/reference/reference_executor.h"
#include "program/random_program.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// A server with two cards that may hold so many bytes of experts.
class ExecutorFactoryTest : public ::testing::Test {
 protected:
  void MakeFactory(int64_t memory) {
    ServerOptions options;
    options.devices = *ParseDevices("cpu,xrt:3b:00.1,xrt:3c:00.1", {});
    options.cards.image = "u280.xclbin";
    options.cards.memory = memory;
    options.threads_per_batch = 1;
    devices_ = options.all_devices();
    factory_ = std::make_unique<ExecutorFactory>(
        options,
        std::make_shared<CardDevices>(options.cards,
                                      [](const XrtCardOptions& card) {
                                        return NewDirectCard(card.name);
                                      }),
        nullptr);
  }

  std::unique_ptr<Executor> New(const DeviceSpec& device,
                                const Program& program) {
    auto made = factory_->New(device, &program);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? *std::move(made) : nullptr;
  }

  // By device, whether it runs the program.
  std::vector<bool> RunOn(const Program& program) {
    std::vector<bool> runs;
    for (const DeviceSpec& device : devices_) {
      runs.push_back(New(device, program) != nullptr);
    }
    return runs;
  }

  static std::vector<int32_t> Classify(Executor& executor,
                                       const Program& program,
                                       ExpertLoad* load) {
    std::vector<int32_t> logits(2 * program.classes);
    EXPECT_TRUE(
        executor
            .Run(2, RandomPixels(program, 2, 1), absl::MakeSpan(logits), load)
            .ok());
    return logits;
  }

  static int64_t AllExpertsBytes(const Program& program) {
    CardDevice card(NewDirectCard("card"), CardDeviceOptions());
    return ExpertBytesOn(&card, program).value();
  }

  std::vector<DeviceSpec> devices_;
  std::unique_ptr<ExecutorFactory> factory_;
  const Program program_ = RandomProgram({.depth = 4, .experts = 8});
};

TEST_F(ExecutorFactoryTest, EachCardRunsAModelWhoseExpertsFit) {
  MakeFactory(AllExpertsBytes(program_));
  ASSERT_THAT(devices_, SizeIs(4));
  EXPECT_EQ(devices_[3].name, "cards");
  EXPECT_EQ(RunOn(program_), std::vector<bool>({true, true, true, false}));
}

TEST_F(ExecutorFactoryTest, TheCardsRunTogetherOneWhoseExpertsExceedThem) {
  MakeFactory(AllExpertsBytes(program_) / 4);
  EXPECT_EQ(RunOn(program_), std::vector<bool>({true, false, false, true}));
  EXPECT_EQ(RunOn(RandomProgram({.experts = 0})),
            std::vector<bool>({true, true, true, false}));
  const auto executor = New(devices_[3], program_);
  ExpertLoad load;
  EXPECT_EQ(Classify(*executor, program_, &load),
            Classify(*NewReferenceExecutor(&program_), program_, nullptr));
  ASSERT_THAT(load.devices, SizeIs(3));
  EXPECT_EQ(load.devices[0].device, "xrt:0000:3b:00.1");
  EXPECT_EQ(load.devices[2].device, "home");
  EXPECT_GT(load.devices[0].rows + load.devices[1].rows, 0);
}

TEST_F(ExecutorFactoryTest, WithoutALimitEachCardHoldsWholeModels) {
  MakeFactory(0);
  EXPECT_EQ(RunOn(program_), std::vector<bool>({true, true, true}));
}

TEST_F(ExecutorFactoryTest, MemoryForLessThanAnExpertIsRefused) {
  MakeFactory(AllExpertsBytes(program_) / 16 - 1);
  const absl::Status status = factory_->New(devices_[3], &program_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("one expert alone takes"));
}

}  // namespace
}  // namespace moevit
