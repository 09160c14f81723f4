#include "server/server_options.h"

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

ServerOptions ValidOptions() {
  ServerOptions options;
  options.model_repository = "models";
  return options;
}

TEST(ServerOptionsTest, TheDefaultsNeedARepositoryOnly) {
  EXPECT_TRUE(ValidOptions().Validate().ok());
  EXPECT_THAT(ServerOptions().Validate().message(),
              HasSubstr("model_repository"));
}

TEST(ServerOptionsTest, EachDeviceHasItsLanes) {
  ServerOptions options = ValidOptions();
  options.concurrent_batches = 3;
  options.devices = *ParseDevices("cpu,emulated:2", {});
  options.devices[2].lanes = 9;
  const BatchSchedulerOptions scheduler = options.scheduler();
  ASSERT_EQ(scheduler.devices.size(), 3);
  EXPECT_EQ(scheduler.devices[0].name, "cpu");
  EXPECT_EQ(scheduler.devices[0].lanes, 3);
  EXPECT_EQ(scheduler.devices[2].name, "emulated:1");
  EXPECT_EQ(scheduler.devices[2].lanes, 9);
  EXPECT_EQ(options.lanes(), 3 + 1 + 9);
}

TEST(ServerOptionsTest, CardsThatShareExpertsAreOneMoreDeviceWithOneLane) {
  ServerOptions options = ValidOptions();
  options.devices = *ParseDevices("cpu,emulated:2", {});
  options.cards.memory = 1;
  EXPECT_TRUE(options.Validate().ok());
  const BatchSchedulerOptions scheduler = options.scheduler();
  ASSERT_EQ(scheduler.devices.size(), 4);
  EXPECT_EQ(scheduler.devices[3].name, "cards");
  EXPECT_EQ(scheduler.devices[3].lanes, 1);
}

struct BadOption {
  std::function<void(ServerOptions&)> change;
  std::string complaint;
};

class BadServerOptionTest : public ::testing::TestWithParam<BadOption> {};

TEST_P(BadServerOptionTest, IsNamedWithItsValue) {
  ServerOptions options = ValidOptions();
  GetParam().change(options);
  const absl::Status status = options.Validate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadServerOptionTest,
    ::testing::Values(
        BadOption{[](auto& o) { o.host = ""; }, "host"},
        BadOption{[](auto& o) { o.port = -1; }, "port is -1"},
        BadOption{[](auto& o) { o.port = 65536; }, "port is 65536"},
        BadOption{[](auto& o) { o.metrics_port = 65536; },
                  "metrics_port is 65536"},
        BadOption{[](auto& o) { o.metrics_port = o.port; }, "both 8001"},
        BadOption{[](auto& o) { o.max_message_bytes = 0; },
                  "max_message_bytes is 0"},
        BadOption{[](auto& o) { o.max_message_bytes = int64_t{1} << 31; },
                  "max_message_bytes is 2147483648"},
        BadOption{[](auto& o) { o.image.max_encoded_bytes = 0; },
                  "max_image_bytes is 0"},
        BadOption{[](auto& o) { o.image.max_pixels = -1; },
                  "max_image_pixels is -1"},
        BadOption{[](auto& o) { o.pipeline.decode_threads = 0; }, "not 0"},
        BadOption{[](auto& o) { o.pipeline.max_images_per_request = 0; },
                  "not 0"},
        BadOption{[](auto& o) { o.pipeline.max_images_per_request = 2000; },
                  "max_queue_images, which is 1024"},
        BadOption{[](auto& o) { o.queue.max_bytes = 0; }, "not 0"},
        BadOption{[](auto& o) { o.batching.max_batch_size = -7; }, "not -7"},
        BadOption{[](auto& o) { o.concurrent_batches = -2; },
                  "concurrent_batches is -2"},
        BadOption{[](auto& o) { o.devices.clear(); }, "at least 1 device"},
        BadOption{[](auto& o) {
                    o.energy.models = {{"gpu", 1, 2}};
                  },
                  "energy_model names 'gpu'"},
        BadOption{[](auto& o) { o.batching.policy.priority_levels = 0; },
                  "priority_levels is 0"},
        BadOption{[](auto& o) { o.threads_per_batch = 1025; },
                  "threads_per_batch is 1025"},
        BadOption{[](auto& o) {
                    o.pin_threads = true;
                    o.concurrent_batches = 3;
                  },
                  "pin_threads is set with 3 concurrent_batches"},
        BadOption{[](auto& o) {
                    o.pin_threads = true;
                    o.memory_nodes = {{0}, {1}, {2}};
                    o.concurrent_batches = 2;
                  },
                  "it needs 1"},
        BadOption{[](auto& o) {
                    o.pin_threads = true;
                    o.memory_nodes = {{0}, {1}};
                    o.concurrent_batches = 4;
                  },
                  "it needs 2"},
        BadOption{[](auto& o) { o.expert_memory = -1; }, "expert_memory is -1"},
        BadOption{[](auto& o) { o.cards.memory = -1; }, "card_memory is -1"},
        BadOption{[](auto& o) { o.drain_grace = absl::Seconds(-1); },
                  "drain_grace is -1s"},
        BadOption{[](auto& o) { o.drain_grace = absl::InfiniteDuration(); },
                  "drain_grace is inf"},
        BadOption{[](auto& o) { o.keepalive_time = absl::ZeroDuration(); },
                  "keepalive_time is 0"},
        BadOption{[](auto& o) { o.keepalive_timeout = absl::Hours(25); },
                  "keepalive_timeout is 25h"},
        BadOption{[](auto& o) { o.min_ping_interval = absl::Seconds(-5); },
                  "min_ping_interval is -5s"}));

}  // namespace
}  // namespace moevit
