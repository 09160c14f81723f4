#include "scheduler/latency_tail.h"

#include "gtest/gtest.h"

namespace moevit {
namespace {

TEST(LatencyTailTest, IsZeroWhenEmpty) {
  const LatencyTail tail;
  EXPECT_EQ(tail.TailMean(), 0);
  EXPECT_EQ(tail.Mean(), 0);
}

TEST(LatencyTailTest, IsTheMeanOfTheSlowest) {
  LatencyTail tail;
  for (int i = 1; i <= 1000; ++i) tail.Add(i * 1e-3);
  // Of 981 to 1000 ms.
  EXPECT_NEAR(tail.TailMean(), 0.9905, 0.05);
  EXPECT_NEAR(tail.Mean(), 0.5005, 1e-6);
}

TEST(LatencyTailTest, TheOldCountsLess) {
  LatencyTail tail;
  for (int i = 0; i < 100; ++i) tail.Add(10);
  for (int i = 0; i < 20; ++i) tail.Decay(0.5);
  for (int i = 0; i < 100; ++i) tail.Add(0.001);
  EXPECT_LT(tail.TailMean(), 0.01);
  EXPECT_NEAR(tail.weight(), 100, 0.1);
}

TEST(LatencyTailTest, AdmitsAnyLatency) {
  LatencyTail tail;
  for (const double seconds : {0., -1., 1e-12, 1e9}) tail.Add(seconds);
  EXPECT_GT(tail.TailMean(), 1e8);
}

}  // namespace
}  // namespace moevit
