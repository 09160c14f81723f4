#include "scheduler/queue_budget.h"

#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

TEST(QueueBudgetTest, CountsWhatIsReserved) {
  QueueBudget budget({.max_images = 5, .max_bytes = 100});
  auto places = budget.Reserve({10, 20, 30});
  ASSERT_TRUE(places.ok());
  EXPECT_EQ(places->size(), 3);
  EXPECT_EQ(budget.usage().images, 3);
  EXPECT_EQ(budget.usage().bytes, 60);
}

TEST(QueueBudgetTest, RefusesTooManyImagesNamingBothNumbers) {
  QueueBudget budget({.max_images = 3, .max_bytes = 100});
  const auto held = budget.Reserve({1, 1});
  const auto refused = budget.Reserve({1, 1});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.status().message(), HasSubstr("holds 2 images"));
  EXPECT_THAT(refused.status().message(), HasSubstr("limit is 3"));
  EXPECT_EQ(budget.usage().images, 2);
}

TEST(QueueBudgetTest, RefusesTooManyBytesAndReservesNothing) {
  QueueBudget budget({.max_images = 10, .max_bytes = 100});
  const auto refused = budget.Reserve({60, 41});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(refused.status().message(), HasSubstr("limit of 100"));
  EXPECT_EQ(budget.usage().images, 0);
  EXPECT_EQ(budget.usage().bytes, 0);
}

TEST(QueueBudgetTest, IsNotFooledByASumThatOverflows) {
  QueueBudget budget({.max_images = 10, .max_bytes = 100});
  const int64_t huge = std::numeric_limits<int64_t>::max();
  EXPECT_FALSE(budget.Reserve({50, huge, huge}).ok());
  EXPECT_EQ(budget.usage().bytes, 0);
}

TEST(QueueBudgetTest, AdmitsExactlyTheLimit) {
  QueueBudget budget({.max_images = 2, .max_bytes = 7});
  EXPECT_TRUE(budget.Reserve({3, 4}).ok());
}

TEST(QueueBudgetTest, APlaceIsGivenBackOnceWhoeverHoldsIt) {
  QueueBudget budget({.max_images = 2, .max_bytes = 100});
  {
    auto places = budget.Reserve({40, 50});
    ASSERT_TRUE(places.ok());
    QueueBudget::Place moved = std::move(places->front());
    moved.Release();
    moved.Release();
    EXPECT_EQ(budget.usage().images, 1);
    EXPECT_EQ(budget.usage().bytes, 50);
    moved = std::move(places->back());
    EXPECT_EQ(budget.usage().images, 1);
  }
  EXPECT_EQ(budget.usage().images, 0);
  EXPECT_EQ(budget.usage().bytes, 0);
}

TEST(QueueBudgetTest, ValidatesItsLimits) {
  EXPECT_TRUE(QueueLimits().Validate().ok());
  EXPECT_THAT((QueueLimits{.max_images = 0}).Validate().message(),
              HasSubstr("not 0"));
  EXPECT_THAT(
      (QueueLimits{.max_images = 1, .max_bytes = -5}).Validate().message(),
      HasSubstr("not -5"));
}

}  // namespace
}  // namespace moevit
