#include "server/inference_pipeline.h"

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/retry_after.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/in_flight.h"
#include "server/metrics.h"
#include "tests/base/allocation_faults.h"
#include "tests/scheduler/fake_clock.h"
#include "tests/scheduler/fake_executor.h"
#include "tests/server/test_model.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Outcome = absl::StatusOr<InferencePipeline::Results>;

class InferencePipelineTest : public ::testing::Test {
 protected:
  InferencePipelineTest() {
    model_->name = "vehicles";
    model_->version = 1;
    model_->model = TestModel();
    model_->metrics = metrics_.AddModel("vehicles", "1");
    ScheduledModelOptions options;
    options.shape = model_->shape();
    options.batching.max_batch_size = 8;
    options.batching.max_queue_delay = absl::ZeroDuration();
    options.batching.policy = Policy();
    options.new_executor = [this](DeviceId) {
      return std::make_unique<FakeExecutor>(kTestClasses, control_);
    };
    model_->queue = *scheduler_.AddModel(std::move(options));
  }

  ~InferencePipelineTest() override { control_->Release(); }

  static QueuePolicy Policy() {
    QueuePolicy policy;
    policy.priority_levels = 2;
    policy.default_priority_level = 2;
    policy.default_timeout = absl::Seconds(5);
    return policy;
  }

  std::future<Outcome> Run(InferenceRequest request) {
    request.model = model_;
    auto promise = std::make_shared<std::promise<Outcome>>();
    pipeline_.Run(std::move(request), [promise](Outcome outcome) {
      promise->set_value(std::move(outcome));
    });
    return promise->get_future();
  }

  std::future<Outcome> RunEncoded(const std::vector<std::string>& images) {
    InferenceRequest request;
    for (const std::string& image : images) {
      request.images.push_back({ImageInput::Kind::kEncoded, image});
    }
    return Run(std::move(request));
  }

  FakeClock clock_;
  InFlight in_flight_{&clock_};
  QueueBudget budget_{
      {.max_images = 3, .max_bytes = 1000, .max_model_share = 1}};
  Metrics metrics_{{}, clock_.Now(), {}};
  std::shared_ptr<ServedModel> model_ = std::make_shared<ServedModel>();
  std::shared_ptr<FakeExecutorControl> control_ =
      std::make_shared<FakeExecutorControl>();
  BatchScheduler scheduler_{BatchSchedulerOptions(), &clock_};
  InferencePipeline pipeline_{
      {.decode_threads = 2, .max_images_per_request = 4, .policy = Policy()},
      PrepareTestImage,
      &budget_,
      &scheduler_,
      &clock_};
};

TEST_F(InferencePipelineTest, ResultsAreInTheOrderOfTheImages) {
  const std::vector<std::string> images = {TestImage(2), TestImage(0),
                                           TestImage(1)};
  const Outcome outcome = RunEncoded(images).get();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(outcome->size(), 3);
  EXPECT_THAT((*outcome)[0]->logits, ElementsAre(0, -1, 200));
  EXPECT_THAT((*outcome)[1]->logits, ElementsAre(200, -1, -2));
  EXPECT_THAT((*outcome)[2]->logits, ElementsAre(0, 200, -2));
}

TEST_F(InferencePipelineTest, PixelsAreNotDecoded) {
  const std::vector<uint8_t> pixels = TestPixels(1);
  InferenceRequest request;
  request.images.push_back(
      {ImageInput::Kind::kPixels,
       {reinterpret_cast<const char*>(pixels.data()), pixels.size()}});
  const Outcome outcome = Run(std::move(request)).get();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ((*outcome)[0]->logits[1], 200);
  EXPECT_EQ((*outcome)[0]->decode, absl::ZeroDuration());
}

TEST_F(InferencePipelineTest, ABadImageFailsAlone) {
  const std::vector<std::string> images = {"junk", TestImage(1), ""};
  const Outcome outcome = RunEncoded(images).get();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ((*outcome)[0].status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE((*outcome)[1].ok());
  EXPECT_FALSE((*outcome)[2].ok());
}

TEST_F(InferencePipelineTest, ARequestOfBadImagesNeedsNoExecutor) {
  const Outcome outcome = RunEncoded({"junk"}).get();
  ASSERT_TRUE(outcome.ok());
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
}

TEST_F(InferencePipelineTest, AFailedExecutorFailsTheRequest) {
  control_->set_status(absl::FailedPreconditionError("not today"));
  EXPECT_THAT(RunEncoded({TestImage(1)}).get().status().message(),
              HasSubstr("not today"));
}

TEST_F(InferencePipelineTest, RefusesARequestWithoutImages) {
  EXPECT_EQ(RunEncoded({}).get().status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(InferencePipelineTest, RefusesTooManyImagesNamingTheLimit) {
  const std::vector<std::string> images(5, TestImage(0));
  const absl::Status status = RunEncoded(images).get().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("5 images, the limit is 4"));
}

TEST_F(InferencePipelineTest, RefusesWhatDoesNotFitIntoTheQueue) {
  const std::vector<std::string> images(4, TestImage(0));
  const absl::Status status = RunEncoded(images).get().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(status.message(), HasSubstr("the queue is full"));
  const std::string large(2000, 'x');
  EXPECT_EQ(RunEncoded({large}).get().status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(InferencePipelineTest, EveryOutcomeFreesTheQueue) {
  RunEncoded({TestImage(0), "junk"}).wait();
  control_->set_status(absl::FailedPreconditionError("x"));
  RunEncoded({TestImage(0)}).wait();
  EXPECT_EQ(budget_.usage().images, 0);
  EXPECT_EQ(budget_.usage().bytes, 0);
}

TEST_F(InferencePipelineTest, AnExpiredRequestIsRefusedOnArrival) {
  InferenceRequest request;
  const std::string image = TestImage(0);
  request.images.push_back({ImageInput::Kind::kEncoded, image});
  request.deadline = clock_.Now();
  EXPECT_EQ(Run(std::move(request)).get().status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
}

TEST_F(InferencePipelineTest, ACancelledRequestIsNeitherDecodedNorExecuted) {
  InferenceRequest request;
  const std::string image = TestImage(0);
  request.images.push_back({ImageInput::Kind::kEncoded, image});
  const auto cancellation = std::make_shared<Cancellation>();
  cancellation->Cancel();
  request.cancellation = cancellation;
  EXPECT_EQ(Run(std::move(request)).get().status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
}

TEST_F(InferencePipelineTest, R2ADeadlineEndsARequestThatIsBeingExecuted) {
  control_->Hold();
  InferenceRequest request;
  auto owner = std::make_shared<const std::string>(TestImage(0));
  const std::weak_ptr<const std::string> owned = owner;
  request.images.push_back({ImageInput::Kind::kEncoded, *owner});
  request.owner = std::move(owner);
  request.deadline = clock_.Now() + absl::Seconds(1);
  auto outcome = Run(std::move(request));
  control_->AwaitBatches(1);
  clock_.Advance(absl::Seconds(1));
  ASSERT_EQ(outcome.wait_for(std::chrono::minutes(1)),
            std::future_status::ready);
  EXPECT_EQ(outcome.get().status().code(), absl::StatusCode::kDeadlineExceeded);
  // What the executor may still use is kept, and counted.
  EXPECT_FALSE(owned.expired());
  EXPECT_GT(budget_.usage().bytes, 0);
  control_->Release();
}

TEST_F(InferencePipelineTest, R1AClientLeavesRoomForTheNext) {
  control_->Hold();
  const std::vector<std::string> images = {TestImage(0), TestImage(1)};
  const auto request_of = [&](const char* client, int count) {
    InferenceRequest request;
    for (int i = 0; i < count; ++i) {
      request.images.push_back({ImageInput::Kind::kEncoded, images[i]});
    }
    request.client = client;
    return request;
  };
  auto running = Run(request_of("greedy", 1));
  control_->AwaitBatches(1);
  auto waiting = Run(request_of("greedy", 2));
  auto third = Run(request_of("greedy", 1));
  ASSERT_EQ(third.wait_for(std::chrono::seconds(0)), std::future_status::ready);
  const absl::Status refused = third.get().status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.message(), HasSubstr("this client holds 2 images"));
  EXPECT_TRUE(RetryAfter(refused).has_value());
  auto next = Run(request_of("next", 1));
  control_->Release();
  EXPECT_TRUE(running.get().ok());
  EXPECT_TRUE(waiting.get().ok());
  EXPECT_TRUE(next.get().ok());
}

TEST_F(InferencePipelineTest, ATimeoutEndsTheWaitForABusyDevice) {
  control_->Hold();
  const std::vector<std::string> images = {TestImage(0)};
  auto running = RunEncoded(images);
  control_->AwaitBatches(1);
  InferenceRequest request;
  request.images.push_back({ImageInput::Kind::kEncoded, images[0]});
  request.timeout = absl::Seconds(2);
  auto waiting = Run(std::move(request));
  auto by_default = RunEncoded(images);
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(waiting.get().status().code(), absl::StatusCode::kDeadlineExceeded);
  clock_.Advance(absl::Seconds(3));
  EXPECT_THAT(by_default.get().status().message(), HasSubstr("timeout"));
  control_->Release();
  EXPECT_TRUE(running.get().ok());
}

// One allocation of Run after the other.
TEST_F(InferencePipelineTest, AFailedAllocationCostsNoMoreThanItsRequest) {
  const std::vector<std::string> images = {TestImage(2), TestImage(0)};
  bool failed = true;
  for (int nth = 0; failed && nth < 100; ++nth) {
    InferenceRequest request;
    request.model = model_;
    for (const std::string& image : images) {
      request.images.push_back({ImageInput::Kind::kEncoded, image});
    }
    auto promise = std::make_shared<std::promise<Outcome>>();
    InferenceDone done = [promise](Outcome outcome) {
      promise->set_value(std::move(outcome));
    };
    int left = nth;
    {
      const AllocationFaults faults(
          [&left, here = EveryAllocationHere()](size_t bytes) {
            return here(bytes) && left-- == 0;
          });
      pipeline_.Run(std::move(request), std::move(done));
    }
    failed = left < 0;
    const Outcome outcome = promise->get_future().get();
    if (!outcome.ok()) {
      EXPECT_EQ(outcome.status().code(), absl::StatusCode::kResourceExhausted);
    }
    EXPECT_TRUE(failed || outcome.ok()) << outcome.status();
    // Images may still be with a decoder, for nobody.
    while (budget_.usage().images > 0) std::this_thread::yield();
  }
  EXPECT_FALSE(failed);
}

TEST(InferencePipelineOptionsTest, NameTheBadValue) {
  EXPECT_TRUE(InferencePipelineOptions().Validate().ok());
  EXPECT_THAT(
      (InferencePipelineOptions{.decode_threads = -1}).Validate().message(),
      HasSubstr("not -1"));
}

}  // namespace
}  // namespace moevit
