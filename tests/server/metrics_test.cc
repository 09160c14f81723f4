#include "server/metrics.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"
#include "tests/scheduler/fake_clock.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class MetricsTest : public ::testing::Test {
 protected:
  std::vector<prometheus::MetricFamily> Collect() const {
    std::vector<prometheus::MetricFamily> all;
    for (const auto& collectable : metrics_.collectables()) {
      for (auto& family : collectable->Collect()) all.push_back(family);
    }
    return all;
  }

  std::string Text() const {
    return prometheus::TextSerializer().Serialize(Collect());
  }

  FakeClock clock_;
  InFlight in_flight_{&clock_};
  QueueBudget budget_{{.max_images = 10, .max_bytes = 1000}};
  std::vector<DeviceSnapshot> devices_;
  std::vector<EnergyReport> energy_;
  Metrics metrics_{{.version = "1.2.3", .commit = "abc"},
                   absl::FromUnixSeconds(77),
                   {.queue = &budget_,
                    .in_flight = &in_flight_,
                    .clock = &clock_,
                    .devices = [this] { return devices_; },
                    .energy = [this] { return energy_; }}};
  ModelMetrics model_ = metrics_.AddModel("birds", "4");
};

TEST_F(MetricsTest, EachFamilyHasThePrefixAndAHelpText) {
  for (const prometheus::MetricFamily& family : Collect()) {
    EXPECT_THAT(family.name, StartsWith("moevit_"));
    EXPECT_GT(family.help.size(), 10) << family.name;
  }
}

TEST_F(MetricsTest, AModelIsThereBeforeItsFirstRequest) {
  EXPECT_THAT(
      Text(),
      HasSubstr(
          R"(moevit_requests_total{code="OK",model="birds",version="4"} 0)"));
  EXPECT_THAT(Text(),
              HasSubstr(R"(moevit_model_ready{model="birds",version="4"} 0)"));
}

TEST_F(MetricsTest, WhatWasCountedOfAModelLeavesWithIt) {
  model_.RecordRequest(absl::OkStatus(), absl::Milliseconds(2));
  model_ = metrics_.AddModel("birds", "5");
  EXPECT_THAT(Text(), Not(HasSubstr(R"(version="4")")));
  EXPECT_THAT(Text(), HasSubstr(R"(version="5")"));
}

TEST_F(MetricsTest, AVersionThatIsLoadedAnewCountsOn) {
  model_.RecordRequest(absl::OkStatus(), absl::Milliseconds(2));
  ModelMetrics anew = metrics_.AddModel("birds", "4");
  anew.RecordRequest(absl::OkStatus(), absl::Milliseconds(2));
  model_ = anew;
  EXPECT_THAT(Text(), HasSubstr(R"(code="OK",model="birds",version="4"} 2)"));
}

TEST_F(MetricsTest, ModelsShareEachFamily) {
  const ModelMetrics fish = metrics_.AddModel("fish", "1");
  metrics_.RecordRequestWithoutModel(absl::NotFoundError("no model 'x'"));
  std::vector<std::string> names;
  for (const prometheus::MetricFamily& family : Collect()) {
    names.push_back(family.name);
  }
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(),
            names.size());
  EXPECT_THAT(Text(), HasSubstr(R"(moevit_model_ready{model="fish")"));
  EXPECT_THAT(Text(), HasSubstr(R"(moevit_model_ready{model="birds")"));
}

TEST_F(MetricsTest, CountsRequestsByCode) {
  model_.RecordRequest(absl::OkStatus(), absl::Milliseconds(2));
  model_.RecordRequest(absl::ResourceExhaustedError("x"),
                       absl::Milliseconds(1));
  EXPECT_THAT(Text(), HasSubstr(R"(code="OK",model="birds",version="4"} 1)"));
  EXPECT_THAT(Text(), HasSubstr(R"(code="RESOURCE_EXHAUSTED",model="birds")"));
  EXPECT_THAT(Text(),
              HasSubstr(R"(moevit_request_duration_seconds_sum{model="birds",)"
                        R"(version="4"} 0.003)"));
}

TEST_F(MetricsTest, NamesOfUnknownModelsDoNotBecomeLabels) {
  metrics_.RecordRequestWithoutModel(absl::NotFoundError("no model 'x'"));
  EXPECT_THAT(
      Text(),
      HasSubstr(
          R"(moevit_requests_total{code="NOT_FOUND",model="",version=""} 1)"));
}

TEST_F(MetricsTest, OnlyImagesWithAResultHaveDurations) {
  ImageResult result;
  result.queue = absl::Milliseconds(250);
  model_.RecordImage(result);
  model_.RecordImage(absl::InvalidArgumentError("truncated"));
  EXPECT_THAT(Text(), HasSubstr(R"(code="INVALID_ARGUMENT",model="birds")"));
  EXPECT_THAT(Text(),
              HasSubstr(R"(moevit_queue_duration_seconds_count{model="birds",)"
                        R"(version="4"} 1)"));
}

TEST_F(MetricsTest, BatchesAreCountedByDevice) {
  BatchReport report;
  report.device = "cpu";
  report.images = 6;
  model_.RecordBatch(report);
  EXPECT_THAT(Text(), HasSubstr(R"(moevit_batch_size_images_sum{device="cpu",)"
                                R"(model="birds",version="4"} 6)"));
}

TEST_F(MetricsTest, ABatchIsComparedWithItsPrediction) {
  BatchReport report;
  report.device = "cpu";
  report.images = 6;
  report.duration = absl::Milliseconds(12);
  model_.RecordBatch(report);  // there was none
  report.predicted = absl::Milliseconds(10);
  model_.RecordBatch(report);
  EXPECT_THAT(Text(),
              HasSubstr(R"(moevit_compute_prediction_ratio_sum{device="cpu",)"
                        R"(model="birds",version="4"} 1.2)"));
}

TEST_F(MetricsTest, CountsTheTokensOfEachExpert) {
  BatchReport report;
  report.device = "cpu";
  report.images = 1;
  report.expert_load.tokens = {{7, 0}, {3, 4}};
  model_.RecordBatch(report);
  model_.RecordBatch(report);
  report.status = absl::InternalError("x");
  model_.RecordBatch(report);
  EXPECT_THAT(Text(), HasSubstr(R"(moevit_expert_tokens_total{expert="1",)"
                                R"(layer="1",model="birds",version="4"} 8)"));
  EXPECT_THAT(Text(), HasSubstr(R"(expert="1",layer="0",model="birds",)"
                                R"(version="4"} 0)"));
}

TEST_F(MetricsTest, CountsTheWeightsAndRowsOfExpertsByDevice) {
  BatchReport report;
  report.device = "cpu";
  report.expert_load.weight_loads = 10;
  report.expert_load.weight_bytes = 5000;
  report.expert_load.weight_misses = 3;
  report.expert_load.moved_bytes = 1500;
  report.expert_load.rows = 70;
  report.expert_load.rows_in_tiles = 80;
  report.expert_load.layers = 2;
  report.expert_load.imbalance_sum = 2500;
  model_.RecordBatch(report);
  model_.RecordBatch(report);
  report.device = "emulated:0";
  model_.RecordBatch(report);
  report.status = absl::InternalError("x");
  model_.RecordBatch(report);
  const std::string text = Text();
  for (const auto& [name, value] :
       {std::pair("weight_loads_total", "20"),
        std::pair("weight_bytes_total", "10000"),
        std::pair("weight_misses_total", "6"),
        std::pair("moved_bytes_total", "3000"),
        std::pair("device_losses_total", "0"), std::pair("device_lost", "0"),
        std::pair("rows_total", "140"), std::pair("tile_rows_total", "160"),
        std::pair("imbalance", "1.25")}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(
                          "moevit_expert_", name,
                          R"({device="cpu",model="birds",version="4"} )", value,
                          "\n")));
  }
  EXPECT_THAT(text, HasSubstr(R"(moevit_expert_rows_total{device="emulated:0",)"
                              R"(model="birds",version="4"} 70)"));
}

TEST_F(MetricsTest, CountsWhatEachOfSeveralDevicesDidWithTheExperts) {
  BatchReport report;
  report.device = "cards";
  report.expert_load.layers = 1;
  report.expert_load.devices = {{.device = "emulated:0",
                                 .loads = 5,
                                 .misses = 3,
                                 .bytes = 900,
                                 .rows = 40,
                                 .rows_in_tiles = 48,
                                 .losses = 1,
                                 .lost = true},
                                {.device = "home"}};
  model_.RecordBatch(report);
  model_.RecordBatch(report);
  const std::string text = Text();
  constexpr char kCard[] =
      R"({device="emulated:0",model="birds",version="4"} )";
  for (const auto& [name, value] :
       {std::pair("weight_loads", "10"), std::pair("weight_misses", "6"),
        std::pair("moved_bytes", "1800"), std::pair("rows", "80"),
        std::pair("tile_rows", "96"), std::pair("device_losses", "2")}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("moevit_expert_", name, "_total",
                                             kCard, value, "\n")));
  }
  EXPECT_THAT(
      text, HasSubstr(absl::StrCat("moevit_expert_device_lost", kCard, "1\n")));
  EXPECT_THAT(text, HasSubstr(R"(moevit_expert_rows_total{device="home")"));
  EXPECT_THAT(text, HasSubstr(R"(moevit_expert_imbalance{device="cards")"));
  EXPECT_THAT(text, Not(HasSubstr(R"(rows_total{device="cards")")));
}

TEST_F(MetricsTest, AModelWithoutExpertsHasNoneOfTheirMetrics) {
  BatchReport report;
  report.device = "cpu";
  model_.RecordBatch(report);
  EXPECT_THAT(Text(), Not(HasSubstr("moevit_expert_rows_total{")));
}

TEST_F(MetricsTest, DevicesAreReadAtTheScrape) {
  DeviceSnapshot device;
  device.name = "emulated:0";
  device.state = DeviceHealth::State::kQuarantined;
  device.batches = 5;
  device.failures = 2;
  device.retries = 3;
  device.probes = 1;
  devices_.push_back(device);
  EXPECT_THAT(Text(), HasSubstr(R"(moevit_device_state{device="emulated:0",)"
                                R"(state="quarantined"} 1)"));
  EXPECT_THAT(Text(), HasSubstr(R"(state="serving"} 0)"));
  EXPECT_THAT(Text(), HasSubstr("moevit_device_batches_total{device="
                                "\"emulated:0\"} 5"));
  EXPECT_THAT(Text(), HasSubstr("moevit_device_failures_total"));
  EXPECT_THAT(Text(), HasSubstr("moevit_device_retries_total"));
  EXPECT_THAT(Text(), HasSubstr("moevit_device_probes_total"));
}

TEST_F(MetricsTest, EnergyIsToldByDeviceSourceAndModel) {
  EnergyReport report;
  report.device = "cpu";
  report.source = "rapl";
  report.up = true;
  report.sampled = clock_.Now();
  report.joules = 70.5;
  report.watts = 30;
  report.model_joules = {{"birds", 12}};
  energy_.push_back(report);
  clock_.Advance(absl::Milliseconds(500));
  for (const char* line :
       {R"(moevit_energy_joules_total{device="cpu",source="rapl"} 70.5)",
        R"(moevit_power_watts{device="cpu",source="rapl"} 30)",
        R"(moevit_energy_sensor_up{device="cpu",source="rapl"} 1)",
        R"(moevit_energy_sample_age_seconds{device="cpu",source="rapl"} 0.5)",
        R"(moevit_model_energy_joules_total{device="cpu",source="rapl",)"
        R"(model="birds"} 12)"}) {
    EXPECT_THAT(Text(), HasSubstr(line));
  }
}

TEST_F(MetricsTest, R14ASensorThatFailsHasNoEnergyRatherThanNone) {
  EnergyReport report;
  report.device = "cpu";
  report.source = "rapl";
  report.joules = 70.5;
  energy_.push_back(report);
  EXPECT_THAT(
      Text(),
      HasSubstr(R"(moevit_energy_sensor_up{device="cpu",source="rapl"} 0)"));
  for (const char* absent :
       {"moevit_energy_joules_total", "moevit_power_watts",
        "moevit_model_energy_joules_total", "moevit_energy_sample_age"}) {
    EXPECT_THAT(Text(), Not(HasSubstr(absent)));
  }
}

TEST_F(MetricsTest, TheQueueIsReadAtTheScrape) {
  const auto claims =
      budget_.Reserve({.client = "c", .model = "m", .images = 2, .bytes = 150},
                      absl::UnixEpoch());
  in_flight_.Begin();
  EXPECT_THAT(Text(), HasSubstr("moevit_queue_images 2"));
  EXPECT_THAT(Text(), HasSubstr("moevit_queue_bytes 150"));
  EXPECT_THAT(Text(), HasSubstr("moevit_requests_in_flight 1"));
}

TEST_F(MetricsTest, SaysWhatIsRunningSinceWhen) {
  EXPECT_THAT(
      Text(),
      HasSubstr(R"(moevit_build_info{commit="abc",version="1.2.3"} 1)"));
  EXPECT_THAT(Text(), HasSubstr("moevit_process_start_time_seconds 77"));
}

}  // namespace
}  // namespace moevit
