#include "scheduler/batch_planner.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"
#include "scheduler/simulation/simulation.h"

namespace moevit {
namespace {

constexpr int kImages = 8000;
constexpr int kMaxBatch = 16;

using Devices = std::vector<SimulatedDevice>;

SimulationOptions Options(BatchingMethod method, absl::Duration delay,
                          const Devices& devices, int images = kImages) {
  SimulationOptions options;
  options.devices = devices;
  options.batching.max_batch_size = kMaxBatch;
  options.batching.max_queue_delay = delay;
  options.batching.method = method;
  options.images = images;
  return options;
}

absl::Duration P99(const SimulationOptions& options, Arrivals& arrivals) {
  const auto report = Simulate(options, arrivals);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? report->latency.p99 : absl::InfiniteDuration();
}

absl::Duration P99(BatchingMethod method, absl::Duration delay,
                   const Devices& devices, double load, int images = kImages) {
  const auto options = Options(method, delay, devices, images);
  return P99(options,
             *NewPoissonArrivals(load * options.Capacity(), /*seed=*/1));
}

absl::Duration CostModelP99(const SimulatedDevice& device, double load) {
  return P99(BatchingMethod::kCostModel, absl::Milliseconds(2), {device}, load);
}

// The p99 of the fixed delay that has the shortest.
absl::Duration BestFixedDelayP99(const SimulatedDevice& device, double load) {
  absl::Duration best = absl::InfiniteDuration();
  for (const double part : {0., 0.05, 0.3}) {
    const absl::Duration delay =
        part * (device.launch + kMaxBatch * device.image);
    best =
        std::min(best, P99(BatchingMethod::kFixedDelay, delay, {device}, load));
  }
  return best;
}

class LoadTest : public ::testing::TestWithParam<double> {};

// A processor: batches save nothing.
TEST_P(LoadTest, BeatsEveryFixedDelayWhereBatchesSaveNothing) {
  SimulatedDevice linear;
  linear.image = absl::Milliseconds(1);
  EXPECT_LT(CostModelP99(linear, GetParam()),
            0.99 * BestFixedDelayP99(linear, GetParam()));
}

// A card that has to be launched: batches save most of the time.
TEST_P(LoadTest, IsAsGoodAsTheBestFixedDelayWhereBatchesSaveMuch) {
  SimulatedDevice launched;
  launched.launch = absl::Milliseconds(5);
  launched.image = absl::Milliseconds(1);
  EXPECT_LT(CostModelP99(launched, GetParam()),
            1.02 * BestFixedDelayP99(launched, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Loads, LoadTest, ::testing::Values(0.3, 0.85, 0.95));

// 5 ms and 1 ms per image.
Devices FourCards() {
  SimulatedDevice card;
  card.launch = absl::Milliseconds(5);
  card.image = absl::Milliseconds(1);
  Devices cards;
  for (const char* name : {"a", "b", "c", "d"}) {
    card.name = name;
    cards.push_back(card);
  }
  return cards;
}

// The last of them runs few batches, and only of one image.
TEST(BatchPlannerTest, DevicesThatAreSeldomNeededCountAsTheOthersDo) {
  constexpr double kLoad = 0.1;
  constexpr int kManyImages = 20'000;
  EXPECT_LT(P99(BatchingMethod::kCostModel, absl::Milliseconds(16), FourCards(),
                kLoad, kManyImages),
            1.02 * P99(BatchingMethod::kFixedDelay, absl::Microseconds(500),
                       FourCards(), kLoad, kManyImages));
}

// Batches of three quarters of the largest leave enough capacity to spare.
TEST(BatchPlannerTest, FindsSizesBetweenPowersOfTwo) {
  constexpr double kLoad = 0.7;
  EXPECT_LT(P99(BatchingMethod::kCostModel, absl::Milliseconds(16), FourCards(),
                kLoad),
            0.97 * P99(BatchingMethod::kFixedDelay, absl::Milliseconds(4),
                       FourCards(), kLoad));
}

// About as many images in bursts of six times the rate as between them.
TEST(BatchPlannerTest, KnowsTheRateOfABurstAgain) {
  constexpr double kLoad = 0.1;
  constexpr int kManyImages = 20'000;
  const auto p99 = [](BatchingMethod method, absl::Duration delay) {
    const auto options = Options(method, delay, FourCards(), kManyImages);
    return P99(options, *NewBurstyArrivals(kLoad * options.Capacity(), {},
                                           /*seed=*/1));
  };
  EXPECT_LT(p99(BatchingMethod::kCostModel, absl::Milliseconds(16)),
            0.97 * p99(BatchingMethod::kFixedDelay, absl::Microseconds(1410)));
}

// What is true of devices that are alike may not be of these.
TEST(BatchPlannerTest, KeepsThePlainRuleWhereDevicesDiffer) {
  constexpr double kLoad = 0.85;
  Devices devices = FourCards();
  devices.resize(2);
  devices.emplace_back().name = "processor";
  devices.back().image = absl::Milliseconds(10);
  EXPECT_LT(
      P99(BatchingMethod::kCostModel, absl::Milliseconds(16), devices, kLoad),
      1.02 * P99(BatchingMethod::kFixedDelay, absl::ZeroDuration(), devices,
                 kLoad));
}

// Images that come at a high rate, and then at a low one.
std::vector<absl::Duration> HeavyThenLight(double heavy, int heavy_images,
                                           double light, int light_images) {
  std::vector<absl::Duration> times;
  const auto add = [&](double rate, int images) {
    const absl::Duration begin =
        times.empty() ? absl::ZeroDuration() : times.back();
    const auto arrivals = NewPoissonArrivals(rate, /*seed=*/1);
    for (int i = 0; i < images; ++i) times.push_back(begin + *arrivals->Next());
  };
  add(heavy, heavy_images);
  add(light, light_images);
  return times;
}

// As when a closed loop has measured the capacity before.
TEST(BatchPlannerTest, AHeavyPhaseDoesNotSlowDownALightOne) {
  constexpr int kHeavyImages = 6000;
  constexpr int kLightImages = 400;
  constexpr double kWarmup = kHeavyImages + kLightImages / 8.;
  SimulationOptions options;
  options.devices = FourCards();
  options.batching.max_queue_delay = absl::Milliseconds(16);
  options.warmup = kWarmup / (kHeavyImages + kLightImages);
  const auto arrivals = NewRecordedArrivals(
      HeavyThenLight(0.95 * options.Capacity(), kHeavyImages,
                     0.05 * options.Capacity(), kLightImages));
  const auto report = Simulate(options, *arrivals);
  ASSERT_TRUE(report.ok()) << report.status();
  // One image alone takes 6 ms, two 7.
  EXPECT_LT(report->latency.p50, absl::Microseconds(7500));
  EXPECT_LT(report->latency.p99, absl::Milliseconds(14));
}

// A processor that something else needs now and then. Chance alone changes the
// slowest answers by some percent.
TEST(BatchPlannerTest, IsNearTheBestFixedDelayWhereBatchesAreHeldUpOften) {
  SimulatedDevice processor;
  processor.launch = absl::Microseconds(150);
  processor.image = absl::Microseconds(510);
  processor.stall = absl::Milliseconds(6);
  processor.stall_share = 0.03;
  EXPECT_LT(CostModelP99(processor, 0.25),
            1.05 * BestFixedDelayP99(processor, 0.25));
}

// What batches of 1 to `max` images take, learned well.
CostModel Learned(absl::Duration launch, absl::Duration image, int max) {
  CostModel cost;
  for (int run = 0; run < 9; ++run) {
    for (int images = 1; images <= max; ++images) {
      cost.Observe(images, launch + images * image);
    }
  }
  return cost;
}

// A planner that sees groups of 4 images, of which the first is a little ahead:
// it pays to wait for the others.
class GroupsTest : public ::testing::Test {
 protected:
  void Record(int groups, absl::Duration interval,
              absl::Duration ahead = absl::Milliseconds(1)) {
    for (int group = 0; group < groups; ++group) {
      now_ += interval;
      planner_.RecordArrival(now_, cost_, /*lanes=*/1);
      for (int i = 0; i < 3; ++i) {
        planner_.RecordArrival(now_ + ahead, cost_, /*lanes=*/1);
      }
    }
  }
  bool Waits() const { return planner_.rule().delay > absl::ZeroDuration(); }

  CostModel cost_ = Learned(absl::Milliseconds(5), absl::ZeroDuration(), 8);
  BatchPlanner planner_{8, absl::Milliseconds(2)};
  absl::Time now_ = absl::UnixEpoch();
};

TEST_F(GroupsTest, KeepsThePlainRuleUntilEnoughIsKnown) {
  Record(/*groups=*/63, absl::Milliseconds(12));
  EXPECT_EQ(planner_.rule().images, 8);
  EXPECT_FALSE(Waits());
  Record(/*groups=*/200, absl::Milliseconds(12));
  EXPECT_TRUE(Waits());
}

// The slowest would take 7 ms instead of 8.
TEST_F(GroupsTest, OnOneDeviceASmallGainIsNoReasonToWait) {
  Record(/*groups=*/500, absl::Milliseconds(12),
         /*ahead=*/absl::Milliseconds(2));
  EXPECT_FALSE(Waits());
}

TEST_F(GroupsTest, ARuleIsNotForALowerRate) {
  Record(/*groups=*/500, absl::Milliseconds(12));
  ASSERT_TRUE(Waits());
  Record(/*groups=*/32, absl::Milliseconds(30));
  EXPECT_FALSE(Waits());
}

TEST_F(GroupsTest, ARuleIsNotForAHigherRate) {
  Record(/*groups=*/500, absl::Milliseconds(30));
  ASSERT_TRUE(Waits());
  Record(/*groups=*/32, absl::Milliseconds(9));
  EXPECT_FALSE(Waits());
}

TEST_F(GroupsTest, KnowsARateAgain) {
  Record(/*groups=*/500, absl::Milliseconds(12));
  Record(/*groups=*/40, absl::Milliseconds(60));
  ASSERT_FALSE(Waits());
  Record(/*groups=*/32, absl::Milliseconds(12));
  EXPECT_TRUE(Waits());
}

TEST_F(GroupsTest, KeepsTheRuleWhileTheRateChangesLittle) {
  Record(/*groups=*/500, absl::Milliseconds(12));
  Record(/*groups=*/100, absl::Milliseconds(18));
  EXPECT_TRUE(Waits());
}

TEST(BatchPlannerTest, StartsWithTheLargestBatchesAndNoDelay) {
  const BatchPlanner planner(7, absl::Milliseconds(1));
  EXPECT_EQ(planner.rule().images, 7);
  EXPECT_EQ(planner.rule().delay, absl::ZeroDuration());
}

TEST(BatchPlannerTest, LearnsSmallBatchesOnlyWhileTheyKeepUp) {
  const CostModel cost =
      Learned(absl::Milliseconds(9), absl::Milliseconds(1), 8);
  // 8 images in 17 ms, the device's utmost.
  BatchPlanner planner(8, absl::Milliseconds(1));
  absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 2000; ++i) {
    planner.RecordArrival(now, cost, /*lanes=*/1);
    now += absl::Microseconds(2200);
  }
  EXPECT_EQ(planner.rule().images, 8);
}

TEST(BatchPlannerTest, NeverDelaysLongerThanItMay) {
  const CostModel cost =
      Learned(absl::Milliseconds(50), absl::Microseconds(100), 8);
  BatchPlanner planner(8, absl::Milliseconds(3));
  absl::Time now = absl::UnixEpoch();
  for (int i = 0; i < 2000; ++i) {
    planner.RecordArrival(now, cost, /*lanes=*/2);
    EXPECT_LE(planner.rule().delay, absl::Milliseconds(3));
    now += absl::Milliseconds(i % 3);
  }
}

TEST_F(GroupsTest, FewBatchesTellNothing) {
  cost_ = CostModel();
  for (int i = 0; i < 31; ++i) cost_.Observe(4, absl::Milliseconds(5));
  Record(/*groups=*/500, absl::Milliseconds(12));
  EXPECT_FALSE(Waits());
}

TEST(BatchPlannerTest, AClockThatStandsStillChangesNothing) {
  const CostModel cost = Learned(absl::ZeroDuration(), absl::ZeroDuration(), 4);
  BatchPlanner planner(4, absl::Milliseconds(1));
  for (int i = 0; i < 2000; ++i) {
    planner.RecordArrival(absl::UnixEpoch(), cost, /*lanes=*/1);
  }
  EXPECT_EQ(planner.rule().images, 4);
}

}  // namespace
}  // namespace moevit
