#include "server/status_report.h"

#include <memory>

#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/status_page.h"

namespace moevit {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class StatusReportTest : public ::testing::Test {
 protected:
  StatusReportTest() {
    model_->name = "birds";
    model_->version = 4;
    model_->metrics = metrics_.AddModel("birds", "4");
    report_.start = absl::FromUnixSeconds(100);
    report_.now = absl::FromUnixSeconds(160);
    report_.models.push_back(model_);
  }

  Json Document() const { return Json::parse(StatusJson(report_)); }

  Metrics metrics_{{}, absl::UnixEpoch(), {}};
  std::shared_ptr<ServedModel> model_ = std::make_shared<ServedModel>();
  StatusReport report_;
};

TEST_F(StatusReportTest, SaysWhatRunsAndHowFast) {
  model_->metrics.RecordRequest(absl::OkStatus(), absl::Milliseconds(3));
  BatchReport batch;
  batch.device = "cpu";
  batch.images = 5;
  batch.expert_load.tokens = {{7, 0}, {3, 4}};
  model_->metrics.RecordBatch(batch);
  model_->statistics.RecordBatch(batch, report_.now);
  const Json document = Document();
  EXPECT_EQ(document["uptime_s"], 60);
  const Json& model = document["models"][0];
  EXPECT_EQ(model["name"], "birds");
  EXPECT_EQ(model["version"], 4);
  EXPECT_EQ(model["images"], 5);
  EXPECT_EQ(model["latency"]["count"], 1);
  EXPECT_EQ(model["expert_tokens"], Json({{7, 0}, {3, 4}}));
  const Json& buckets = model["latency"]["buckets"];
  EXPECT_EQ(buckets.back(), Json({nullptr, 1}));
  EXPECT_EQ(buckets[0], Json({0.0001, 0}));
}

TEST_F(StatusReportTest, SaysWhatDevicesDo) {
  DeviceSnapshot device;
  device.name = "emulated:0";
  device.state = DeviceHealth::State::kQuarantined;
  device.lanes = 2;
  device.failures = 3;
  device.busy = absl::Milliseconds(2500);
  report_.devices.push_back(device);
  const Json json = Document()["devices"][0];
  EXPECT_EQ(json["name"], "emulated:0");
  EXPECT_EQ(json["state"], "quarantined");
  EXPECT_EQ(json["busy_s"], 2.5);
  EXPECT_EQ(json["failures"], 3);
}

TEST_F(StatusReportTest, ASensorThatIsNotUpHasNoValues) {
  EnergyReport up;
  up.up = true;
  up.joules = 9;
  up.watts = 30.5;
  EnergyReport down = up;
  down.up = false;
  report_.energy = {up, down};
  const Json energy = Document()["energy"];
  EXPECT_EQ(energy[0]["watts"], 30.5);
  EXPECT_EQ(energy[0]["joules"], 9);
  EXPECT_TRUE(energy[1]["watts"].is_null());
  EXPECT_TRUE(energy[1]["joules"].is_null());
}

TEST_F(StatusReportTest, NamesOfAnyBytesGiveADocument) {
  model_->name = "\xff<script>\"\n";
  EXPECT_THAT(Document()["models"][0]["name"].get<std::string>(),
              HasSubstr("<script>\"\n"));
}

TEST(StatusPageTest, LoadsNothingAndIsRecognizedByDigest) {
  const std::string page(StatusPage());
  for (const char* outside : {"http:", "https:", "src=", "<link", "@import",
                              "innerHTML", " style=", " onclick"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  const std::string policy = StatusPagePolicy();
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_THAT(policy, ContainsRegex("script-src 'sha256-[A-Za-z0-9+/]{43}='"));
  EXPECT_THAT(policy, ContainsRegex("style-src 'sha256-[A-Za-z0-9+/]{43}='"));
}

}  // namespace
}  // namespace moevit
