#include "scheduler/simulation/simulation.h"

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

SimulatedDevice Device(const std::string& name, absl::Duration launch,
                       absl::Duration image) {
  SimulatedDevice device;
  device.name = name;
  device.launch = launch;
  device.image = image;
  return device;
}

SimulationOptions OneDevice() {
  SimulationOptions options;
  options.devices = {
      Device("card", absl::Milliseconds(5), absl::Milliseconds(1))};
  options.images = 3000;
  return options;
}

SimulationReport SimulatePoisson(const SimulationOptions& options,
                                 double load) {
  const auto arrivals = NewPoissonArrivals(load * options.Capacity(), 7);
  absl::StatusOr<SimulationReport> report = Simulate(options, *arrivals);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? *std::move(report) : SimulationReport();
}

// Poisson arrivals, one server, a constant time: the mean wait is
// load * time / (2 * (1 - load)) (Pollaczek, Khinchine).
TEST(SimulationTest, ConstantTimesWaitAsQueueingTheorySays) {
  SimulationOptions options;
  options.devices = {
      Device("server", absl::ZeroDuration(), absl::Milliseconds(1))};
  options.batching.max_batch_size = 1;
  options.batching.max_queue_delay = absl::ZeroDuration();
  options.batching.method = BatchingMethod::kFixedDelay;
  options.images = 100'000;
  options.warmup = 0;
  constexpr double kLoad = 0.7;
  const SimulationReport report = SimulatePoisson(options, kLoad);
  const double wait = kLoad / (2 * (1 - kLoad));
  const double variance = wait * wait + kLoad / (3 * (1 - kLoad));
  // Waits are alike for about 2 * load / (1 - load)^2 times the service
  // (reflected Brownian motion), so many arrivals count as one.
  const double alike = 2 * kLoad / ((1 - kLoad) * (1 - kLoad)) * kLoad;
  const double deviation = std::sqrt(variance * alike / 100'000);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(report.latency.mean), 1 + wait,
              3 * deviation);
  EXPECT_GE(report.latency.max, report.latency.p999);
  EXPECT_THAT(report.batches, ElementsAre(testing::Pair(1, 100'000)));
}

TEST(SimulationTest, ObeysLittlesLaw) {
  SimulationOptions options = OneDevice();
  options.warmup = 0;
  for (const double load : {0.1, 0.6, 0.95}) {
    const SimulationReport report = SimulatePoisson(options, load);
    EXPECT_NEAR(
        report.mean_in_system,
        report.answered_per_second * absl::ToDoubleSeconds(report.latency.mean),
        1e-6 * report.mean_in_system);
  }
}

TEST(SimulationTest, AnswersEveryImageOnce) {
  SimulationOptions options = OneDevice();
  options.images = 5000;
  options.queue.max_images = 20;
  options.batching.policy.priority_levels = 2;
  options.requests = {{.name = "urgent",
                       .weight = 1,
                       .priority = 1,
                       .deadline = absl::Milliseconds(35)},
                      {.name = "patient", .weight = 3, .priority = 2}};
  for (const auto method :
       {BatchingMethod::kCostModel, BatchingMethod::kFixedDelay}) {
    options.batching.method = method;
    const SimulationReport report = SimulatePoisson(options, 1.4);
    EXPECT_EQ(report.images.all(), 5000);
    EXPECT_EQ(report.requests[0].images.all() + report.requests[1].images.all(),
              5000);
    EXPECT_NEAR(report.requests[0].images.all(), 1250, 150);
    EXPECT_GT(report.images.rejected, 0);
    EXPECT_GT(report.requests[0].images.missed(), 0);
    EXPECT_EQ(report.requests[1].images.missed(), 0);
    EXPECT_EQ(report.images.failed, 0);
    int64_t in_batches = 0;
    for (const auto& [size, count] : report.batches) in_batches += size * count;
    EXPECT_EQ(in_batches, report.images.answered());
    EXPECT_EQ(report.devices[0].images, in_batches);
  }
}

TEST(SimulationTest, UrgentImagesAreFaster) {
  SimulationOptions options = OneDevice();
  options.batching.policy.priority_levels = 2;
  options.requests = {{.name = "urgent", .priority = 1},
                      {.name = "patient", .weight = 4, .priority = 2}};
  const SimulationReport report = SimulatePoisson(options, 0.95);
  EXPECT_LT(report.requests[0].latency.p99, report.requests[1].latency.p99);
}

TEST(SimulationTest, TheSameSeedGivesTheSameReport) {
  SimulationOptions options = OneDevice();
  options.experts.routing = {.layers = 2, .tokens = 4};
  options.experts.expert_bytes = 100;
  options.devices[0].experts.load = absl::Microseconds(100);
  options.devices[0].experts.memory_bytes = 100;
  const SimulationReport one = SimulatePoisson(options, 0.8);
  const SimulationReport same = SimulatePoisson(options, 0.8);
  EXPECT_EQ(one.latencies, same.latencies);
  EXPECT_EQ(one.batches, same.batches);
  options.seed = 2;
  EXPECT_NE(one.latencies, SimulatePoisson(options, 0.8).latencies);
}

TEST(SimulationTest, EndsWithTheDuration) {
  SimulationOptions options = OneDevice();
  options.duration = absl::Milliseconds(250);
  const auto arrivals = NewRecordedArrivals(
      {absl::ZeroDuration(), absl::Milliseconds(250), absl::Milliseconds(251)});
  const auto report = Simulate(options, *arrivals);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->images.all(), 2);
  EXPECT_GE(report->time, absl::Milliseconds(256));
}

TEST(SimulationTest, NothingArrives) {
  const auto arrivals = NewRecordedArrivals({});
  const auto report = Simulate(OneDevice(), *arrivals);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->images.all(), 0);
  EXPECT_EQ(report->latency.p99, absl::ZeroDuration());
  EXPECT_EQ(report->MeanBatch(), 0);
}

TEST(SimulationTest, AllArriveAtOnce) {
  SimulationOptions options = OneDevice();
  options.batching.max_batch_size = 7;
  const auto arrivals = NewRecordedArrivals(
      std::vector<absl::Duration>(100, absl::ZeroDuration()));
  const auto report = Simulate(options, *arrivals);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->images.in_time, 100);
}

TEST(SimulationTest, ManyDevicesShareTheWork) {
  SimulationOptions options = OneDevice();
  options.devices.clear();
  for (int i = 0; i < 40; ++i) {
    options.devices.push_back(Device(std::to_string(i), absl::Milliseconds(5),
                                     absl::Milliseconds(1)));
  }
  const SimulationReport report = SimulatePoisson(options, 0.9);
  EXPECT_EQ(report.images.in_time, 3000);
  for (const DeviceReport& device : report.devices) {
    EXPECT_GT(device.images, 0) << device.name;
  }
}

TEST(SimulationTest, WorkOfALostDeviceIsDoneByTheOthers) {
  SimulationOptions options = OneDevice();
  options.devices.push_back(options.devices[0]);
  options.devices[1].name = "mortal";
  options.devices[1].fails_at = absl::Milliseconds(700);
  options.devices[1].back_at = absl::Milliseconds(2500);
  const SimulationReport report = SimulatePoisson(options, 0.45);
  EXPECT_EQ(report.images.in_time, 3000);
  EXPECT_EQ(report.images.failed, 0);
  EXPECT_GE(report.devices[1].failures, 1);
  EXPECT_GT(report.devices[1].images, 0);
  EXPECT_EQ(report.devices[0].failures, 0);
}

TEST(SimulationTest, StallsHoldUpTheirShareOfTheBatches) {
  SimulationOptions options = OneDevice();
  options.batching.max_batch_size = 1;
  options.devices[0].stall = absl::Milliseconds(50);
  options.devices[0].stall_share = 0.1;
  const SimulationReport report = SimulatePoisson(options, 0.2);
  EXPECT_NEAR(absl::ToDoubleSeconds(report.devices[0].busy),
              3000 * (0.006 + 0.1 * 0.05), 2);
}

TEST(SimulationTest, WithoutDevicesImagesFailAfterTheOutage) {
  SimulationOptions options = OneDevice();
  options.devices[0].fails_at = absl::Milliseconds(100);
  options.dispatcher.max_outage = absl::Seconds(1);
  const SimulationReport report = SimulatePoisson(options, 0.5);
  EXPECT_EQ(report.images.all(), 3000);
  EXPECT_GT(report.images.in_time, 0);
  EXPECT_GT(report.images.failed, 2000);
}

TEST(SimulationTest, NamesTheOptionThatIsBad) {
  const auto error = [](const std::function<void(SimulationOptions*)>& spoil) {
    SimulationOptions options = OneDevice();
    spoil(&options);
    const auto arrivals = NewRecordedArrivals({});
    const absl::Status status = Simulate(options, *arrivals).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_THAT(error([](auto* o) { o->devices.clear(); }),
              HasSubstr("there are 0 devices"));
  EXPECT_THAT(error([](auto* o) { o->devices.resize(1001); }),
              HasSubstr("there are 1001 devices"));
  EXPECT_THAT(error([](auto* o) { o->devices[0].lanes = 0; }),
              HasSubstr("device card: lanes is 0"));
  EXPECT_THAT(error([](auto* o) { o->devices[0].launch = -absl::Seconds(1); }),
              HasSubstr("device card: launch is -1s"));
  EXPECT_THAT(error([](auto* o) {
                o->devices[0].launch = o->devices[0].image =
                    absl::ZeroDuration();
              }),
              HasSubstr("a batch must take some time"));
  EXPECT_THAT(error([](auto* o) {
                o->devices[0].fails_at = absl::Seconds(2);
                o->devices[0].back_at = absl::Seconds(1);
              }),
              HasSubstr("back is 1s"));
  EXPECT_THAT(error([](auto* o) { o->devices[0].stall_share = 1.5; }),
              HasSubstr("stall_share is 1.5; it must be in [0, 1]"));
  EXPECT_THAT(error([](auto* o) { o->devices[0].stall = -absl::Seconds(1); }),
              HasSubstr("stall is -1s"));
  EXPECT_THAT(error([](auto* o) { o->sharded = true; }),
              HasSubstr("nothing to shard"));
  EXPECT_THAT(error([](auto* o) { o->requests[0].priority = 2; }),
              HasSubstr("requests all is 2; it must be in [1, 1]"));
  EXPECT_THAT(error([](auto* o) { o->requests[0].weight = 0; }),
              HasSubstr("the weight of requests all is 0"));
  EXPECT_THAT(
      error([](auto* o) { o->requests[0].deadline = absl::ZeroDuration(); }),
      HasSubstr("the deadline of requests all is 0"));
  EXPECT_THAT(error([](auto* o) { o->images = 0; }), HasSubstr("images is 0"));
  EXPECT_THAT(error([](auto* o) { o->duration = absl::ZeroDuration(); }),
              HasSubstr("duration is 0"));
  EXPECT_THAT(error([](auto* o) { o->warmup = 1; }), HasSubstr("warmup is 1"));
  EXPECT_THAT(error([](auto* o) { o->batching.max_batch_size = 5000; }),
              HasSubstr("max_batch_size is 5000"));
  EXPECT_THAT(error([](auto* o) { o->experts.expert_bytes = 0; }),
              HasSubstr("expert_bytes is 0"));
}

}  // namespace
}  // namespace moevit
