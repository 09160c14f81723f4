#include "client/classify_output.h"

#include <string>

#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

v1::ClassifyResponse ResponseWithShip() {
  v1::ClassifyResponse response;
  response.set_model_name("cifar10");
  response.set_model_version("1");
  v1::Classification* result = response.add_results()->mutable_classification();
  v1::ScoredClass* ship = result->add_classes();
  ship->set_label("ship");
  ship->set_index(8);
  ship->set_score(0.9376f);
  v1::ScoredClass* airplane = result->add_classes();
  airplane->set_label("airplane");
  airplane->set_score(0.0125f);
  result->set_device("cpu");
  result->set_batch_size(3);
  result->mutable_timing()->mutable_decode()->set_nanos(250'000);
  result->mutable_timing()->mutable_queue()->set_nanos(1'500'000);
  result->mutable_timing()->mutable_compute()->set_seconds(2);
  return response;
}

TEST(ClassifyOutputTest, WritesTextBestClassFirst) {
  EXPECT_EQ(ClassificationToText(
                "a b.jpg", ResponseWithShip().results(0).classification()),
            "a b.jpg: ship 93.8%, airplane 1.2%");
}

TEST(ClassifyOutputTest, WritesJsonThatParsesBack) {
  const v1::ClassifyResponse response = ResponseWithShip();
  const Json json = Json::parse(ClassificationToJson(
      "ship.jpg", response, response.results(0).classification()));
  EXPECT_EQ(json["file"], "ship.jpg");
  EXPECT_EQ(json["model"], "cifar10");
  EXPECT_EQ(json["version"], "1");
  ASSERT_EQ(json["classes"].size(), 2u);
  EXPECT_EQ(json["classes"][0]["label"], "ship");
  EXPECT_EQ(json["classes"][0]["index"], 8);
  EXPECT_FLOAT_EQ(json["classes"][0]["score"], 0.9376f);
  EXPECT_EQ(json["device"], "cpu");
  EXPECT_EQ(json["batch_size"], 3);
  EXPECT_DOUBLE_EQ(json["decode_ms"], 0.25);
  EXPECT_DOUBLE_EQ(json["queue_ms"], 1.5);
  EXPECT_DOUBLE_EQ(json["compute_ms"], 2000);
}

TEST(ClassifyOutputTest, WritesErrorAsJson) {
  const Json json = Json::parse(
      ErrorToJson("x.png", absl::InvalidArgumentError("not an \"image\"\n")));
  EXPECT_EQ(json["file"], "x.png");
  EXPECT_EQ(json["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(json["error"]["message"], "not an \"image\"\n");
}

TEST(ClassifyOutputTest, SurvivesFileNamesThatAreNotUtf8) {
  const std::string text =
      ErrorToJson("caf\xe9.jpg", absl::NotFoundError("gone"));
  EXPECT_EQ(Json::parse(text)["file"], "caf\xef\xbf\xbd.jpg");
}

}  // namespace
}  // namespace moevit
