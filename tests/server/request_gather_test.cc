#include "server/request_gather.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/metrics.h"
#include "tests/base/allocation_faults.h"
#include "tests/scheduler/fake_clock.h"
#include "tests/server/test_model.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

// A request for two images; tests do the work of watch and pipeline.
class RequestGatherTest : public ::testing::Test {
 protected:
  RequestGatherTest() {
    model_->model = TestModel();
    model_->metrics = metrics_.AddModel("vehicles", "1");
    InferenceRequest request;
    request.model = model_;
    request.images.resize(2);
    request.deadline = clock_.Now() + absl::Seconds(9);
    gather_ = std::make_shared<RequestGather>(
        std::move(request), QueueBudget::Claim(),
        [this](absl::StatusOr<InferenceResults> outcome) {
          outcome_ = std::move(outcome);
        });
  }

  FakeClock clock_;
  RequestWatch watch_{&clock_};
  Metrics metrics_{{}, clock_.Now(), {}};
  std::shared_ptr<ServedModel> model_ = std::make_shared<ServedModel>();
  std::shared_ptr<RequestGather> gather_;
  std::optional<absl::StatusOr<InferenceResults>> outcome_;
};

TEST_F(RequestGatherTest, AnswersWithoutAnyMemory) {
  gather_->StartWatch(&watch_, absl::InfiniteFuture());
  ImageResult first;
  ImageResult second;
  const AllocationFaults faults(EveryAllocationHere());
  gather_->SetResult(0, std::move(first));
  gather_->SetResult(1, std::move(second));
  ASSERT_TRUE(outcome_.has_value());
  EXPECT_TRUE(outcome_->ok());
}

TEST_F(RequestGatherTest, EndsWithoutAnyMemory) {
  gather_->StartWatch(&watch_, absl::InfiniteFuture());
  gather_->KeepWaiting(0, ImageTask());
  {
    const AllocationFaults faults(EveryAllocationHere());
    gather_->OnTime();
  }
  ASSERT_TRUE(outcome_.has_value());
  EXPECT_FALSE(outcome_->ok());
}

TEST_F(RequestGatherTest, ATimeoutEndsTheWaitForADecoder) {
  gather_->StartWatch(&watch_, clock_.Now() + absl::Seconds(2));
  gather_->KeepWaiting(0, ImageTask());
  gather_->OnTime();
  ASSERT_TRUE(outcome_.has_value());
  EXPECT_EQ(outcome_->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(outcome_->status().message(), HasSubstr("timeout"));
  EXPECT_FALSE(gather_->TakeWaiting(0).has_value());
}

TEST_F(RequestGatherTest, ATimeoutEndsNothingThatIsDecoded) {
  gather_->StartWatch(&watch_, clock_.Now() + absl::Seconds(2));
  gather_->KeepWaiting(0, ImageTask());
  EXPECT_TRUE(gather_->TakeWaiting(0).has_value());
  gather_->LeaveDecoder();
  gather_->OnTime();
  EXPECT_FALSE(outcome_.has_value());
  // What comes next is the deadline.
  gather_->OnTime();
  ASSERT_TRUE(outcome_.has_value());
  EXPECT_THAT(outcome_->status().message(), HasSubstr("deadline"));
}

}  // namespace
}  // namespace moevit
