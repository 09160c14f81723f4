// Models that clients load, unload and replace.

#include <atomic>
#include <cstdlib>
#include <future>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "tests/server/life_cycle_fixture.h"
#include "tests/server/test_model.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ExplicitControlTest, LoadsWhatItIsAskedFor) {
  ASSERT_TRUE(StartServer().ok());
  EXPECT_TRUE(ServerReady());
  EXPECT_THAT(Index(), IsEmpty());
  EXPECT_EQ(ClassifyOne().error_code(), grpc::StatusCode::NOT_FOUND);
  const grpc::Status loaded = Load("vehicles");
  ASSERT_TRUE(loaded.ok()) << loaded.error_message();
  EXPECT_TRUE(ModelReady("vehicles"));
  EXPECT_TRUE(ClassifyOne().ok());
  EXPECT_THAT(Index(), ElementsAre("vehicles/1 READY ", "vehicles/3 READY "));
}

TEST_F(ExplicitControlTest, LoadsAtTheStartWhatTheOperatorNames) {
  options_.model_control.load_models = {"*"};
  ASSERT_TRUE(StartServer().ok());
  EXPECT_TRUE(ClassifyOne().ok());
  server_.reset();
  options_.model_control.load_models = {"fish"};
  const absl::Status status = StartServer();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("no model 'fish'"));
}

TEST_F(ExplicitControlTest, AnUnloadedModelAnswersWhatItAcceptedAndIsFreed) {
  const auto executors = [this] { return control_.use_count(); };
  ASSERT_TRUE(StartServer().ok());
  const auto without = executors();
  ASSERT_TRUE(Load("vehicles").ok());
  ASSERT_GT(executors(), without);
  control_->ForgetBatches();
  control_->Hold();
  auto held = std::async(std::launch::async, [this] { return ClassifyOne(); });
  control_->AwaitBatches(1);
  ASSERT_TRUE(Unload("vehicles").ok());
  EXPECT_FALSE(ModelReady("vehicles"));
  EXPECT_EQ(HealthOf("vehicles"), Health::NOT_SERVING);
  EXPECT_EQ(ClassifyOne().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(Index(), ElementsAre("vehicles/1 UNAVAILABLE unloaded",
                                   "vehicles/3 UNLOADING unloaded"));
  control_->Release();
  EXPECT_TRUE(held.get().ok());
  Await([&] { return executors() == without; });
  EXPECT_THAT(Index(), ElementsAre("vehicles/1 UNAVAILABLE unloaded",
                                   "vehicles/3 UNAVAILABLE unloaded"));
  EXPECT_EQ(Unload("vehicles").error_code(), grpc::StatusCode::NOT_FOUND);
  ASSERT_TRUE(Load("vehicles").ok());
  EXPECT_TRUE(ClassifyOne().ok());
}

TEST_F(ExplicitControlTest, R10HostileNamesAreJustUnknown) {
  ASSERT_TRUE(StartServer().ok());
  const std::string outside = repository_.path() + "/../";
  for (const std::string& name :
       {std::string("../vehicles"), std::string("vehicles/../vehicles"),
        std::string("./vehicles"), std::string("vehicles/1"), outside,
        std::string("/etc/passwd"), std::string("vehicles\0", 9),
        std::string(65536, 'x'), std::string(), std::string("."),
        std::string("..")}) {
    const grpc::Status status = Load(name);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND) << name;
    EXPECT_LT(status.error_message().size(), 1000);
    EXPECT_EQ(Unload(name).error_code(), grpc::StatusCode::NOT_FOUND) << name;
  }
  EXPECT_TRUE(Load("vehicles").ok());
}

TEST_F(ExplicitControlTest, WhatTheRequestCannotHaveIsNamed) {
  ASSERT_TRUE(StartServer().ok());
  grpc::ClientContext context;
  inference::RepositoryModelLoadRequest request;
  request.set_model_name("vehicles");
  (*request.mutable_parameters())["config"].set_string_param("{}");
  inference::RepositoryModelLoadResponse response;
  grpc::Status status =
      open_->RepositoryModelLoad(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("'config'"));

  grpc::ClientContext second;
  inference::RepositoryIndexRequest index;
  index.set_repository_name("other");
  inference::RepositoryIndexResponse models;
  status = open_->RepositoryIndex(&second, index, &models);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("'other'"));
}

// How often the test of reloads reloads: some for every build, 200 and more by
// hand (MOEVIT_TEST_RELOADS).
int Reloads() {
  int reloads = 10;
  const char* const wanted = std::getenv("MOEVIT_TEST_RELOADS");
  if (wanted != nullptr) {
    EXPECT_TRUE(absl::SimpleAtoi(wanted, &reloads));
  }
  return reloads;
}

TEST_F(ExplicitControlTest,
       R12ReloadsUnderTrafficFailNoRequestAndLeaveNothing) {
  options_.model_control.load_models = {"*"};
  ASSERT_TRUE(StartServer().ok());
  const auto executors = control_.use_count();
  std::atomic<bool> stop = false;
  std::vector<std::future<int>> traffic;
  for (int client = 0; client < 3; ++client) {
    traffic.push_back(std::async(std::launch::async, [&] {
      int answers = 0;
      v1::ClassifyRequest request = ClassifyRequestOf({TestImage(1)});
      request.set_model_version("3");
      while (!stop) {
        v1::ClassifyResponse response;
        const grpc::Status status = Classify(request, &response);
        EXPECT_TRUE(status.ok()) << status.error_message();
        ++answers;
      }
      return answers;
    }));
  }
  for (int i = 0; i < Reloads(); ++i) {
    WriteManifest("vehicles", 3, absl::StrCat("edition ", i));
    const grpc::Status loaded = Load("vehicles");
    EXPECT_TRUE(loaded.ok()) << loaded.error_message();
  }
  stop = true;
  for (std::future<int>& client : traffic) EXPECT_GT(client.get(), 0);
  // Those of the editions before are gone, or are just going.
  Await([&] { return control_.use_count() <= executors; });
}

TEST_F(ExplicitControlTest, WhatHasNotChangedIsNotLoadedAgain) {
  std::atomic<int> reads = 0;
  dependencies_.read_model = [&reads](const std::string&) {
    ++reads;
    return TestModel();
  };
  ASSERT_TRUE(StartServer().ok());
  ASSERT_TRUE(Load("vehicles").ok());
  EXPECT_EQ(reads, 2);
  ASSERT_TRUE(Load("vehicles").ok());
  EXPECT_EQ(reads, 2);
  WriteManifest("vehicles", 3, "another edition");
  ASSERT_TRUE(Load("vehicles").ok());
  EXPECT_EQ(reads, 3);
}

}  // namespace
}  // namespace moevit
