#include "scheduler/queue_budget.h"

#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/retry_after.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

constexpr absl::Time kStart = absl::UnixEpoch();
using Claims = QueueBudget::Claims;

QueueLimits Limits(int64_t images, int64_t bytes) {
  return {.max_images = images,
          .max_bytes = bytes,
          .max_client_share = 1,
          .max_model_share = 1};
}

absl::StatusOr<Claims> Reserve(QueueBudget& budget, int64_t images,
                               int64_t bytes, absl::Time now = kStart) {
  return budget.Reserve(
      {.client = "c", .model = "m", .images = images, .bytes = bytes}, now);
}

TEST(QueueBudgetTest, CountsWhatIsReserved) {
  QueueBudget budget(Limits(5, 100));
  const auto claims = Reserve(budget, 3, 60);
  ASSERT_TRUE(claims.ok());
  EXPECT_EQ(claims->places.size(), 3);
  EXPECT_EQ(budget.usage().images, 3);
  EXPECT_EQ(budget.usage().bytes, 60);
}

TEST(QueueBudgetTest, RefusesTooManyImagesNamingTheNumbers) {
  QueueBudget budget(Limits(3, 100));
  const auto held = Reserve(budget, 2, 2);
  const auto refused = Reserve(budget, 2, 2);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.status().message(),
              HasSubstr("it holds 2 images, the request has 2, the limit is "
                        "3"));
  EXPECT_EQ(budget.usage().images, 2);
}

TEST(QueueBudgetTest, RefusesTooManyBytesAndReservesNothing) {
  QueueBudget budget(Limits(10, 100));
  const auto refused = Reserve(budget, 2, 101);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.status().message(), HasSubstr("limit is 100"));
  EXPECT_EQ(budget.usage().images, 0);
  EXPECT_EQ(budget.usage().bytes, 0);
}

TEST(QueueBudgetTest, IsNotFooledByASumThatOverflows) {
  QueueBudget budget(Limits(10, 100));
  const auto held = Reserve(budget, 1, 50);
  EXPECT_FALSE(Reserve(budget, 1, std::numeric_limits<int64_t>::max()).ok());
  EXPECT_EQ(budget.usage().bytes, 50);
}

TEST(QueueBudgetTest, AdmitsExactlyTheLimit) {
  QueueBudget budget(Limits(2, 7));
  EXPECT_TRUE(Reserve(budget, 2, 7).ok());
}

TEST(QueueBudgetTest, AClaimIsGivenBackOnceWhoeverHoldsIt) {
  QueueBudget budget(Limits(2, 100));
  {
    auto claims = Reserve(budget, 2, 90);
    ASSERT_TRUE(claims.ok());
    QueueBudget::Claim moved = std::move(claims->places.front());
    moved.Release();
    moved.Release();
    EXPECT_EQ(budget.usage().images, 1);
    EXPECT_EQ(budget.usage().bytes, 90);
    moved = std::move(claims->places.back());
    EXPECT_EQ(budget.usage().images, 1);
  }
  EXPECT_EQ(budget.usage().images, 0);
  EXPECT_EQ(budget.usage().bytes, 0);
}

TEST(QueueBudgetTest, MemoryIsHeldLongerThanThePlaces) {
  QueueBudget budget(Limits(2, 100));
  auto claims = Reserve(budget, 1, 90);
  claims->places.clear();
  EXPECT_EQ(budget.usage().images, 0);
  EXPECT_EQ(budget.usage().bytes, 90);
  EXPECT_FALSE(Reserve(budget, 1, 11).ok());
}

class QueueShareTest : public ::testing::Test {
 protected:
  // Takes one image at a time until that is refused; returns how many.
  int TakeAll(absl::string_view client, absl::string_view model) {
    int taken = 0;
    while (true) {
      auto claims = budget_.Reserve(
          {.client = client, .model = model, .images = 1, .bytes = 1}, kStart);
      if (!claims.ok()) return taken;
      claims_.push_back(*std::move(claims));
      ++taken;
    }
  }

  QueueBudget budget_{{.max_images = 100,
                       .max_bytes = 1'000'000,
                       .max_client_share = 0.5,
                       .max_model_share = 0.75}};
  std::vector<Claims> claims_;
};

TEST_F(QueueShareTest, OneClientLeavesRoomForTheNext) {
  EXPECT_EQ(TakeAll("greedy", "m1"), 50);
  // Not more than what is free then.
  EXPECT_EQ(TakeAll("next", "m2"), 25);
  EXPECT_EQ(TakeAll("third", "m3"), 12);
}

TEST_F(QueueShareTest, ManyClientsOfOneModelLeaveRoomForTheNextModel) {
  for (const char* client : {"a", "b", "c", "d", "e", "f"}) {
    TakeAll(client, "popular");
  }
  EXPECT_EQ(budget_.usage().images, 75);
  EXPECT_GT(TakeAll("a", "other") + TakeAll("g", "other"), 10);
}

TEST_F(QueueShareTest, WhoHoldsNothingMayTakeWhatIsThere) {
  EXPECT_TRUE(
      budget_
          .Reserve(
              {.client = "c", .model = "m", .images = 100, .bytes = 1'000'000},
              kStart)
          .ok());
}

TEST_F(QueueShareTest, BytesAreSharedToo) {
  const auto half = budget_.Reserve(
      {.client = "c", .model = "m", .images = 1, .bytes = 500'000}, kStart);
  const auto refused = budget_.Reserve(
      {.client = "c", .model = "m", .images = 1, .bytes = 1}, kStart);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.status().message(),
              HasSubstr("this client holds 500000 bytes of the 1000000"));
}

TEST_F(QueueShareTest, WhatIsGivenBackCanBeTakenAgain) {
  EXPECT_EQ(TakeAll("c", "m"), 50);
  claims_.clear();
  EXPECT_EQ(TakeAll("c", "m"), 50);
}

TEST(QueueBudgetTest, ARefusalSaysWhenToTryAgainByHowFastImagesLeave) {
  QueueBudget budget(Limits(100, 1000));
  std::vector<Claims> waiting;
  absl::Time now = kStart;
  // 50 images per second leave, one by one.
  for (int i = 0; i < 100; ++i) {
    waiting.push_back(*Reserve(budget, 1, 1, now));
    waiting.clear();
    now += absl::Milliseconds(20);
  }
  waiting.push_back(*Reserve(budget, 95, 1, now));
  const auto delay = RetryAfter(Reserve(budget, 30, 1, now).status());
  ASSERT_TRUE(delay.has_value());
  EXPECT_NEAR(absl::ToDoubleMilliseconds(*delay), 25 * 20, 1);
}

TEST(QueueBudgetTest, WhatCanNeverFitIsNotToBeTriedAgain) {
  QueueBudget budget(Limits(10, 100));
  const absl::Status status = Reserve(budget, 11, 1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(RetryAfter(status).has_value());
}

TEST(QueueBudgetTest, ValidatesItsLimits) {
  EXPECT_TRUE(QueueLimits().Validate().ok());
  EXPECT_THAT(Limits(0, 1).Validate().message(), HasSubstr("not 0"));
  EXPECT_THAT(Limits(1, -5).Validate().message(), HasSubstr("not -5"));
  QueueLimits limits;
  limits.max_client_share = 0;
  EXPECT_THAT(limits.Validate().message(), HasSubstr("client must be above 0"));
  limits = {};
  limits.max_model_share = 1.5;
  EXPECT_THAT(limits.Validate().message(), HasSubstr("not 1.5"));
}

}  // namespace
}  // namespace moevit
