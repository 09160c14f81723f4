// How models come and go while the server runs.

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <latch>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "program/manifest.h"
#include "tests/server/random_model.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Health = grpc::health::v1::HealthCheckResponse;

class LifeCycleTest : public ServerTest {
 protected:
  bool ServerReady() {
    grpc::ClientContext context;
    inference::ServerReadyResponse response;
    EXPECT_TRUE(open_->ServerReady(&context, {}, &response).ok());
    return response.ready();
  }

  bool ServerLive() {
    grpc::ClientContext context;
    inference::ServerLiveResponse response;
    EXPECT_TRUE(open_->ServerLive(&context, {}, &response).ok());
    return response.live();
  }

  bool ModelReady(const std::string& name) {
    grpc::ClientContext context;
    inference::ModelReadyRequest request;
    request.set_name(name);
    inference::ModelReadyResponse response;
    EXPECT_TRUE(open_->ModelReady(&context, request, &response).ok());
    return response.ready();
  }

  int HealthOf(const std::string& service) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    Health response;
    EXPECT_TRUE(health_->Check(&context, request, &response).ok());
    return response.status();
  }

  grpc::Status ClassifyOne() {
    v1::ClassifyResponse response;
    return Classify(ClassifyRequestOf({TestImage(1)}), &response);
  }

  grpc::Status Load(const std::string& name) {
    grpc::ClientContext context;
    inference::RepositoryModelLoadRequest request;
    request.set_model_name(name);
    inference::RepositoryModelLoadResponse response;
    return open_->RepositoryModelLoad(&context, request, &response);
  }

  grpc::Status Unload(const std::string& name) {
    grpc::ClientContext context;
    inference::RepositoryModelUnloadRequest request;
    request.set_model_name(name);
    (*request.mutable_parameters())["unload_dependents"].set_bool_param(false);
    inference::RepositoryModelUnloadResponse response;
    return open_->RepositoryModelUnload(&context, request, &response);
  }

  // Each version as "name/version STATE reason".
  std::vector<std::string> Index(bool ready = false) {
    grpc::ClientContext context;
    inference::RepositoryIndexRequest request;
    request.set_ready(ready);
    inference::RepositoryIndexResponse response;
    EXPECT_TRUE(open_->RepositoryIndex(&context, request, &response).ok());
    std::vector<std::string> index;
    for (const auto& model : response.models()) {
      index.push_back(absl::StrCat(model.name(), "/", model.version(), " ",
                                   model.state(), " ", model.reason()));
    }
    return index;
  }

  std::string DirectoryOf(const std::string& model, int version) const {
    return absl::StrCat(repository_.path(), "/", model, "/", version);
  }

  // Changes what the server takes for a version's manifest.
  void WriteManifest(const std::string& model, int version,
                     const std::string& text) {
    const std::string directory = DirectoryOf(model, version);
    fs::create_directories(directory);
    EXPECT_TRUE(
        WriteFile(absl::StrCat(directory, "/", kManifestFile), text).ok());
  }
};

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

class ExplicitControlTest : public LifeCycleTest {
 protected:
  ExplicitControlTest() {
    options_.model_control.mode = ModelControlMode::kExplicit;
  }
};

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

// Models in real files, on the real processor.
class ModelFilesTest : public ExplicitControlTest {
 protected:
  ModelFilesTest() {
    fs::remove_all(repository_.path() + "/vehicles");
    const ServerDependencies real = ServerDependencies::Default(options_);
    dependencies_.read_model = real.read_model;
    dependencies_.new_executor = real.new_executor;
    options_.model_control.load_models = {"*"};
    Save(1);
  }

  void Save(int version) {
    const absl::Status saved =
        SaveQuantizedModel(RandomModel(), DirectoryOf("random", version));
    ASSERT_TRUE(saved.ok()) << saved;
  }

  // The second version as it may be found while somebody copies it.
  void CopyInPart(const std::vector<std::string>& files) {
    fs::create_directories(DirectoryOf("random", 2));
    for (const std::string& file : files) {
      fs::copy(DirectoryOf("random", 1) + "/" + file,
               DirectoryOf("random", 2) + "/" + file);
    }
  }
};

TEST_F(ModelFilesTest, R16AModelWithoutItsManifestIsNotServed) {
  ASSERT_TRUE(StartServer().ok());
  CopyInPart({"config.json", "program.json", "weights.safetensors"});
  const grpc::Status status = Load("random");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(),
              AllOf(HasSubstr("version 2 of model 'random'"),
                    HasSubstr("/random/2/manifest.json")));
  EXPECT_THAT(Index(/*ready=*/true), ElementsAre("random/1 READY "));
  fs::copy(DirectoryOf("random", 1) + "/manifest.json",
           DirectoryOf("random", 2) + "/manifest.json");
  EXPECT_TRUE(Load("random").ok());
  EXPECT_THAT(Index(), ElementsAre("random/1 READY ", "random/2 READY "));
}

TEST_F(ModelFilesTest, R16AModelThatIsTornIsNotServed) {
  ASSERT_TRUE(StartServer().ok());
  CopyInPart(
      {"config.json", "program.json", "weights.safetensors", "manifest.json"});
  const std::string weights = DirectoryOf("random", 2) + "/weights.safetensors";
  fs::resize_file(weights, fs::file_size(weights) / 2);
  const grpc::Status status = Load("random");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(status.error_message(), HasSubstr("/2/weights.safetensors has"));
  EXPECT_THAT(Index(/*ready=*/true), ElementsAre("random/1 READY "));
}

// A served model whose files are overwritten stays what it was.
TEST_F(ModelFilesTest, R16AModelThatIsTornWhileItIsServedIsServedOn) {
  ASSERT_TRUE(StartServer().ok());
  const std::string program = DirectoryOf("random", 1) + "/program.json";
  ASSERT_TRUE(WriteFile(program, "{}").ok());
  WriteManifest("random", 1, "{}");
  EXPECT_FALSE(Load("random").ok());
  EXPECT_TRUE(ModelReady("random"));
  EXPECT_THAT(Index(), ElementsAre(StartsWith("random/1 READY ")));
}

int Threads() {
  return static_cast<int>(std::distance(
      fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

TEST_F(ModelFilesTest, R17ThreadsAreThoseOfTheConfigurationForEachModel) {
  options_.threads_per_batch = 3;
  options_.concurrent_batches = 2;
  const ServerDependencies real = ServerDependencies::Default(options_);
  dependencies_.new_executor = real.new_executor;
  ASSERT_TRUE(StartServer().ok());
  const int per_model =
      options_.concurrent_batches * (options_.threads_per_batch - 1);
  const int with_one = Threads();
  Save(2);
  Save(3);
  ASSERT_TRUE(Load("random").ok());
  // gRPC may have started one or the other of its own.
  EXPECT_NEAR(Threads(), with_one + 2 * per_model, 2);
  ASSERT_TRUE(Unload("random").ok());
  EXPECT_LE(Threads(), with_one + 2);
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
