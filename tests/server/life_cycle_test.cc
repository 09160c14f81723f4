// What is served while models are loaded, and which of them are.

#include <filesystem>
#include <latch>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/life_cycle_fixture.h"
#include "tests/server/temporary_directory.h"
#include "tests/server/test_model.h"

namespace moevit {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(LifeCycleTest, PortsAreOpenAndNothingIsReadyWhileModelsLoad) {
  std::latch may_load(1);
  dependencies_.read_model = [&may_load](const std::string&) {
    may_load.wait();
    return TestModel();
  };
  ASSERT_TRUE(LaunchServer().ok());
  EXPECT_TRUE(ServerLive());
  EXPECT_FALSE(ServerReady());
  EXPECT_FALSE(ModelReady("vehicles"));
  EXPECT_EQ(HealthOf(""), Health::NOT_SERVING);
  may_load.count_down();
  ASSERT_TRUE(AwaitModels().ok());
  EXPECT_TRUE(ServerReady());
  EXPECT_TRUE(ModelReady("vehicles"));
  EXPECT_EQ(HealthOf(""), Health::SERVING);
  EXPECT_EQ(HealthOf("vehicles"), Health::SERVING);
}

TEST_F(LifeCycleTest, ARequestForAModelThatIsBeingLoadedIsWorthAnotherTry) {
  std::latch loading(1);
  std::latch may_load(1);
  dependencies_.read_model = [&](const std::string&) {
    if (!loading.try_wait()) loading.count_down();
    may_load.wait();
    return TestModel();
  };
  ASSERT_TRUE(LaunchServer().ok());
  loading.wait();
  const grpc::Status status = ClassifyOne();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("'vehicles' is being loaded"));
  EXPECT_THAT(Index(), ElementsAre("vehicles/1 LOADING "));
  may_load.count_down();
  ASSERT_TRUE(AwaitModels().ok());
  EXPECT_TRUE(ClassifyOne().ok());
}

TEST_F(LifeCycleTest, EveryExecutorHasRunAnImageBeforeTheServerIsReady) {
  options_.devices = *ParseDevices("cpu,emulated:1", {});
  ASSERT_TRUE(LaunchServer().ok());
  ASSERT_TRUE(server_->AwaitModels(absl::InfiniteFuture()).ok());
  // Of two versions, on the processor and in all lanes of the card.
  EXPECT_EQ(control_->batch_sizes(), std::vector<int>(2 * options_.lanes(), 1));
}

TEST_F(LifeCycleTest, AModelThatNoDeviceCanRunIsNotServed) {
  control_->set_status(absl::UnavailableError("hung"));
  const absl::Status status = StartServer();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("version 1 of model 'vehicles'"));
}

class OneBadModelTest : public LifeCycleTest {
 protected:
  OneBadModelTest() {
    fs::create_directories(DirectoryOf("broken", 7));
    dependencies_.read_model =
        [](const std::string& directory) -> absl::StatusOr<QuantizedModel> {
      if (!absl::StrContains(directory, "broken")) return TestModel();
      return absl::DataLossError(directory + "/weights.safetensors is torn");
    };
    dependencies_.on_fatal = [this](const absl::Status& status) {
      fatal_ = status;
    };
  }

  absl::Status fatal_;
};

TEST_F(OneBadModelTest, EndsTheServerByDefault) {
  EXPECT_EQ(StartServer().code(), absl::StatusCode::kDataLoss);
  server_->Shutdown();
  EXPECT_THAT(fatal_.message(), HasSubstr("version 7 of model 'broken'"));
}

TEST_F(OneBadModelTest, LeavesTheOthersServedIfSoWished) {
  options_.model_control.exit_on_error = false;
  EXPECT_EQ(StartServer().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(ServerReady());
  EXPECT_TRUE(ClassifyOne().ok());
  EXPECT_FALSE(ModelReady("broken"));
  EXPECT_EQ(HealthOf("broken"), Health::NOT_SERVING);
  EXPECT_THAT(Index(),
              ElementsAre(AllOf(StartsWith("broken/7 UNAVAILABLE DATA_LOSS"),
                                HasSubstr("/broken/7/weights.safetensors")),
                          "vehicles/1 READY ", "vehicles/3 READY "));
  EXPECT_THAT(Index(/*ready=*/true),
              ElementsAre("vehicles/1 READY ", "vehicles/3 READY "));
  server_->Shutdown();
  EXPECT_TRUE(fatal_.ok());
}

TEST_F(LifeCycleTest, VersionsAreServedByPolicy) {
  options_.model_control.version_policies = *VersionPolicies::Parse("latest:1");
  ASSERT_TRUE(StartServer().ok());
  EXPECT_THAT(Index(), ElementsAre("vehicles/3 READY "));
}

TEST_F(LifeCycleTest, AnEmptyRepositoryIsAnErrorIfItIsForGood) {
  fs::remove_all(repository_.path() + "/vehicles");
  EXPECT_EQ(StartServer().code(), absl::StatusCode::kFailedPrecondition);
  options_.model_control.mode = ModelControlMode::kPoll;
  EXPECT_TRUE(StartServer().ok());
  EXPECT_TRUE(ServerReady());
}

TEST_F(LifeCycleTest, ModelsAreNotLoadedOnRequestByDefault) {
  ASSERT_TRUE(StartServer().ok());
  for (const grpc::Status& status : {Load("vehicles"), Unload("vehicles")}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_THAT(status.error_message(), HasSubstr("--model_control=explicit"));
  }
  EXPECT_TRUE(ClassifyOne().ok());
}

class PollingTest : public LifeCycleTest {
 protected:
  PollingTest() {
    options_.model_control.mode = ModelControlMode::kPoll;
    // What the tests wait for comes with Reload.
    options_.model_control.poll_interval = absl::Hours(1);
  }

  // Looks at the repository until the index is `expected`.
  void AwaitIndex(const std::vector<std::string>& expected) {
    server_->Reload();
    Await([&] { return Index() == expected; });
  }
};

TEST_F(PollingTest, FollowsTheRepository) {
  ASSERT_TRUE(StartServer().ok());
  fs::create_directories(DirectoryOf("boats", 1));
  AwaitIndex({"boats/1 READY ", "vehicles/1 READY ", "vehicles/3 READY "});
  fs::remove_all(DirectoryOf("vehicles", 1));
  AwaitIndex({"boats/1 READY ", "vehicles/3 READY "});
  EXPECT_TRUE(ClassifyOne().ok());
  fs::remove_all(repository_.path() + "/boats");
  AwaitIndex({"vehicles/3 READY "});
  EXPECT_EQ(HealthOf("boats"), Health::NOT_SERVING);
}

TEST_F(PollingTest, R10ALinkThatLeadsOutsideLeavesOtherModelsAlone) {
  ASSERT_TRUE(StartServer().ok());
  const TemporaryDirectory outside;
  fs::create_directories(outside.path() + "/1");
  fs::create_directory_symlink(outside.path(), repository_.path() + "/alien");
  fs::create_directories(DirectoryOf("boats", 1));
  server_->Reload();
  Await([&] { return ModelReady("boats"); });
  EXPECT_THAT(
      Index(),
      ElementsAre(AllOf(StartsWith("alien/1 UNAVAILABLE FAILED_PRECONDITION"),
                        HasSubstr("outside of the repository")),
                  "boats/1 READY ", "vehicles/1 READY ", "vehicles/3 READY "));
}

TEST_F(PollingTest, ARepositoryThatCannotBeReadChangesNothing) {
  ASSERT_TRUE(StartServer().ok());
  const std::string hidden = repository_.path() + ".away";
  fs::rename(repository_.path(), hidden);
  server_->Reload();
  EXPECT_TRUE(ClassifyOne().ok());
  fs::rename(hidden, repository_.path());
  AwaitIndex({"vehicles/1 READY ", "vehicles/3 READY "});
}

}  // namespace
}  // namespace moevit
