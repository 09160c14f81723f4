#include "client/load_command.h"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mutex.h"
#include "client/load_schedule.h"
#include "gmock/gmock.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "proto/inference/grpc_service.grpc.pb.h"
#include "proto/moevit/v1/inference.grpc.pb.h"
#include "tests/client/command_test.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Answers at once. Refuses every request after the first `accepted`; images
// "bad" are no images, and models but "m" and the default do not exist.
class FakeService final : public v1::InferenceService::Service {
 public:
  grpc::Status Classify(grpc::ServerContext*,
                        const v1::ClassifyRequest* request,
                        v1::ClassifyResponse* response) override {
    if (!request->model_name().empty() && request->model_name() != "m") {
      return {grpc::StatusCode::NOT_FOUND, "there is no such model"};
    }
    if (++requests > accepted) {
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "queue is full"};
    }
    v1::ImageResult* result = response->add_results();
    if (request->images(0) == "bad") {
      result->mutable_error()->set_code(grpc::StatusCode::INVALID_ARGUMENT);
      result->mutable_error()->set_message("not an image");
    } else {
      v1::Timing& timing = *result->mutable_classification()->mutable_timing();
      timing.mutable_decode()->set_nanos(3'000'000);
      timing.mutable_compute()->set_seconds(1);
    }
    priority = request->priority();
    return grpc::Status::OK;
  }

  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                          v1::ListModelsResponse* response) override {
    for (const auto& [name, version, size] : models) {
      v1::Model* model = response->add_models();
      model->set_name(name);
      model->set_version(version);
      model->set_image_size(size);
    }
    return grpc::Status::OK;
  }

  struct FakeModel {
    std::string name;
    std::string version;
    int image_size;
  };
  std::vector<FakeModel> models = {{"m", "1", 3}, {"m", "2", 5}};
  std::atomic<int> requests = 0;
  int accepted = 1 << 30;
  std::atomic<uint32_t> priority = 0;
};

// Answers pixels at once, and keeps what it was asked last.
class FakePixelService final : public inference::GRPCInferenceService::Service {
 public:
  grpc::Status ModelInfer(grpc::ServerContext*,
                          const inference::ModelInferRequest* request,
                          inference::ModelInferResponse* response) override {
    MutexLock lock(&mutex_);
    last_ = *request;
    if (with_output) response->add_outputs();
    return grpc::Status::OK;
  }

  grpc::Status ServerReady(grpc::ServerContext*,
                           const inference::ServerReadyRequest*,
                           inference::ServerReadyResponse* response) override {
    response->set_ready(ready);
    return grpc::Status::OK;
  }

  grpc::Status ModelMetadata(
      grpc::ServerContext*, const inference::ModelMetadataRequest* request,
      inference::ModelMetadataResponse* response) override {
    if (request->name() != "m") return {grpc::StatusCode::NOT_FOUND, "what?"};
    response->add_inputs();
    return grpc::Status::OK;
  }

  inference::ModelInferRequest last() const {
    MutexLock lock(&mutex_);
    return last_;
  }

  bool with_output = true;
  bool ready = true;

 private:
  mutable Mutex mutex_;
  inference::ModelInferRequest last_ ABSL_GUARDED_BY(mutex_);
};

class LoadCommandTest : public CommandTest<LoadCommand> {
 protected:
  LoadCommandTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&service_);
    builder.RegisterService(&pixel_service_);
    server_ = builder.BuildAndStart();
    image_ = File("load_command_test.jpg", "ship");
  }

  ~LoadCommandTest() override {
    server_->Shutdown();
    for (const std::string& path : files_) std::remove(path.c_str());
  }

  // Writes a file that is removed after the test; returns its path.
  std::string File(const std::string& name, const std::string& content) {
    std::string path = absl::StrCat(::testing::TempDir(), "/", name);
    std::ofstream(path, std::ios::binary) << content;
    files_.push_back(path);
    return path;
  }

  // Runs `moevit load` against the fake service.
  ExitCode Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {absl::StrCat("--server=127.0.0.1:", port_),
                      "--warmup=20ms", "--duration=100ms"});
    return CommandTest::Run(std::move(arguments));
  }

  // Expects a run to fail with `message`, before it asks the server anything.
  void ExpectRefused(std::vector<std::string> arguments,
                     const std::string& message) {
    arguments.push_back(image_);
    EXPECT_EQ(Run(std::move(arguments)), kExitFailure);
    EXPECT_THAT(err_.str(), HasSubstr(message));
    EXPECT_EQ(service_.requests, 0);
  }

  FakeService service_;
  FakePixelService pixel_service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::string> files_;
  std::string image_;
};

TEST_F(LoadCommandTest, SendsWhatTheScheduleSays) {
  ASSERT_EQ(Run({"--rate=500,900", "--seed=7", "--json", image_}), kExitSuccess)
      << err_.str();
  const Json json = Json::parse(out_.str());
  ASSERT_EQ(json["runs"].size(), 2);
  const LoadWindow window = {.warmup = absl::Milliseconds(20),
                             .duration = absl::Milliseconds(100)};
  int all = 1;  // the one that shows that the server answers
  for (const Json& run : json["runs"]) {
    LoadSchedule schedule(run["offered_per_second"], window, /*seed=*/7);
    int within = 0;
    while (const auto due = schedule.Next()) {
      ++all;
      if (window.Contains(*due)) ++within;
    }
    EXPECT_EQ(run["requests"], within);
    EXPECT_EQ(run["answers"], within);
  }
  EXPECT_EQ(service_.requests, all);
}

TEST_F(LoadCommandTest, CountsRefusalsApart) {
  service_.accepted = 1;
  ASSERT_EQ(Run({"--rate=500", "--json", image_}), kExitSuccess) << err_.str();
  const Json run = Json::parse(out_.str())["runs"][0];
  EXPECT_EQ(run["answers"], 0);
  EXPECT_EQ(run["errors"]["RESOURCE_EXHAUSTED"]["count"], run["requests"]);
  EXPECT_EQ(run["errors"]["RESOURCE_EXHAUSTED"]["first_message"],
            "queue is full");
}

TEST_F(LoadCommandTest, CountsImagesThatAreNone) {
  const std::string bad = File("load_command_test_bad.jpg", "bad");
  ASSERT_EQ(Run({"--rate=500", "--json", image_, bad}), kExitSuccess);
  const Json run = Json::parse(out_.str())["runs"][0];
  EXPECT_GT(run["errors"]["INVALID_ARGUMENT"]["count"], 0);
}

TEST_F(LoadCommandTest, RunsAClosedLoop) {
  ASSERT_EQ(Run({"--closed", "--concurrency=3", "--connections=2", "--json",
                 "--priority=4", image_}),
            kExitSuccess)
      << err_.str();
  const Json run = Json::parse(out_.str())["runs"][0];
  EXPECT_EQ(run["loop"], "closed");
  EXPECT_EQ(run["requests"], run["answers"]);
  EXPECT_EQ(service_.priority, 4);
  EXPECT_EQ(run["server_ms"]["decode"]["max"], 3);
  EXPECT_EQ(run["server_ms"]["queue"]["max"], 0);
  EXPECT_EQ(run["server_ms"]["compute"]["max"], 1000);
}

TEST_F(LoadCommandTest, SendsPixelsOfTheModelsSize) {
  ASSERT_EQ(Run({"--rate=200", "--pixels", "--priority=2", "--json"}),
            kExitSuccess)
      << err_.str();
  const Json run = Json::parse(out_.str())["runs"][0];
  EXPECT_GT(run["answers"], 0);
  EXPECT_EQ(run["answers"], run["requests"]);
  EXPECT_FALSE(run.contains("server_ms"));
  EXPECT_EQ(service_.requests, 0);
  inference::ModelInferRequest sent = pixel_service_.last();
  EXPECT_EQ(sent.model_name(), "m");
  EXPECT_EQ(sent.model_version(), "");
  EXPECT_EQ(sent.parameters().at("priority").uint64_param(), 2);
  ASSERT_EQ(sent.raw_input_contents_size(), 1);
  EXPECT_EQ(sent.raw_input_contents(0).size(), 5 * 5 * 3);
  ASSERT_EQ(Run({"--rate=200", "--pixels", "--version=1"}), kExitSuccess);
  sent = pixel_service_.last();
  EXPECT_EQ(sent.model_version(), "1");
  EXPECT_EQ(sent.raw_input_contents(0).size(), 3 * 3 * 3);
}

TEST_F(LoadCommandTest, PixelsNeedAModelThatTheServerHas) {
  EXPECT_EQ(Run({"--rate=1", "--pixels", "--model=n"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("does not serve \"n\", version \"\""));
  ExpectRefused({"--rate=1", "--pixels"}, "--pixels sends no file");
  service_.models.push_back({"n", "1", 1 << 20});
  EXPECT_EQ(Run({"--rate=1", "--pixels"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("has several models"));
  EXPECT_EQ(Run({"--rate=1", "--pixels", "--model=n"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("a model of 1048576 pixels per side"));
}

TEST_F(LoadCommandTest, RefusesAnAnswerWithoutScores) {
  pixel_service_.with_output = false;
  EXPECT_EQ(Run({"--rate=1", "--pixels"}), kExitFailure);
  EXPECT_THAT(err_.str(),
              HasSubstr("the first request: 0 outputs for 1 image"));
}

TEST_F(LoadCommandTest, ProbesWithoutImages) {
  for (const char* probe : {"--probe=ready", "--probe=metadata"}) {
    ASSERT_EQ(Run({"--rate=200", probe, "--json"}), kExitSuccess) << err_.str();
    const Json run = Json::parse(out_.str())["runs"][0];
    EXPECT_GT(run["answers"], 0);
    EXPECT_EQ(run["answers"], run["requests"]);
  }
  EXPECT_EQ(service_.requests, 0);
  EXPECT_EQ(Run({"--rate=1", "--probe=metadata", "--model=n"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("does not serve \"n\""));
  pixel_service_.ready = false;
  EXPECT_EQ(Run({"--rate=1", "--probe=ready"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("the first request: the server is not"));
}

TEST_F(LoadCommandTest, RefusesProbesThatMakeNoSense) {
  ExpectRefused({"--rate=1", "--probe=life"}, "--probe is \"life\"");
  ExpectRefused({"--rate=1", "--probe=ready"}, "--probe sends no file");
  ExpectRefused({"--rate=1", "--probe=ready", "--pixels"}, "exclude");
}

TEST_F(LoadCommandTest, DrawsAPlot) {
  const std::string file = testing::TempDir() + "/load_command_test.svg";
  files_.push_back(file);
  ASSERT_EQ(Run({"--rate=300,600", "--plot=" + file, image_}), kExitSuccess)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("answered/s"));
  const auto svg = ReadFile(file, 1 << 20);
  ASSERT_TRUE(svg.ok()) << svg.status();
  EXPECT_THAT(*svg, AllOf(HasSubstr("300.0/s"), HasSubstr("600.0/s"),
                          HasSubstr("part of the requests")));
  EXPECT_EQ(Run({"--rate=300", "--plot=/no/such/directory/x.svg", image_}),
            kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("/no/such/directory"));
}

TEST_F(LoadCommandTest, FindsARateThatIsSustained) {
  ASSERT_EQ(Run({"--find_max", "--p99=1h", "--search_steps=1",
                 "--concurrency=2", "--json", image_}),
            kExitSuccess)
      << err_.str();
  const Json json = Json::parse(out_.str());
  ASSERT_EQ(json["runs"].size(), 2);
  EXPECT_EQ(json["runs"][0]["loop"], "closed");
  EXPECT_EQ(json["sustained"]["requests_per_second"],
            json["runs"][1]["offered_per_second"]);
}

TEST_F(LoadCommandTest, SaysWhenNoRateIsSustained) {
  ASSERT_EQ(Run({"--find_max", "--p99=1us", "--search_steps=1",
                 "--concurrency=2", image_}),
            kExitSuccess)
      << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("No rate tried"));
}

TEST_F(LoadCommandTest, FindMaxNeedsAServerThatAnswers) {
  service_.accepted = 1;
  EXPECT_EQ(Run({"--find_max", "--concurrency=2", image_}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("answers nothing in a closed loop of 2"));
}

TEST_F(LoadCommandTest, SendsTheImagesOfADirectory) {
  const std::string directory =
      absl::StrCat(::testing::TempDir(), "/load_command_test");
  ASSERT_EQ(Run({"--rate=10", "deploy/samples"}), kExitSuccess) << err_.str();
  EXPECT_EQ(Run({"--rate=10", directory}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr(directory));
}

TEST_F(LoadCommandTest, NamesTheAddressOfAServerThatIsAway) {
  server_->Shutdown();
  EXPECT_EQ(Run({"--rate=10", "--timeout=5s", image_}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr(absl::StrCat("127.0.0.1:", port_)));
  EXPECT_THAT(err_.str(), HasSubstr("is moevit-server running there?"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(LoadCommandTest, EndsBeforeTheLoadWhenTheServerRefusesTheFirstImage) {
  EXPECT_EQ(Run({"--rate=10", "--model=n", image_}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("there is no such model"));
  EXPECT_EQ(Run({"--rate=10", File("load_command_test_bad.jpg", "bad")}),
            kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("the first request: not an image"));
  EXPECT_EQ(service_.requests, 1);
}

TEST_F(LoadCommandTest, RefusesFlagsThatMakeNoSense) {
  ExpectRefused({"--rate=0"}, "--rate is \"0\"; it must be a positive number");
  ExpectRefused({"--rate=10,x"}, "--rate is \"x\"");
  ExpectRefused({"--rate=inf"}, "--rate is \"inf\"");
  ExpectRefused({"--rate=1", "--duration=0"}, "--duration is 0");
  ExpectRefused({"--rate=1", "--duration=inf"}, "in [1ms, 1h]");
  ExpectRefused({"--rate=1", "--warmup=-1s"}, "--warmup is -1s");
  ExpectRefused({"--rate=1", "--timeout=0"}, "--timeout is 0");
  ExpectRefused({"--rate=1", "--connections=0"},
                "--connections is 0; it must be in [1, 1024]");
  ExpectRefused({"--closed", "--concurrency=16385"},
                "--concurrency is 16385; it must be in [1, 16384]");
  ExpectRefused({"--rate=1", "--priority=-1"}, "--priority is -1");
  ExpectRefused({"--find_max", "--p99=0"}, "--p99 is 0");
  ExpectRefused({"--find_max", "--search_steps=21"},
                "--search_steps is 21; it must be in [1, 20]");
}

TEST_F(LoadCommandTest, WantsOneKindOfLoad) {
  ExpectRefused({}, "0 of --rate, --closed and --find_max");
  ExpectRefused({"--rate=1", "--closed"}, "2 of --rate");
}

TEST_F(LoadCommandTest, WantsAnImage) {
  EXPECT_EQ(Run({"--rate=1"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("no image to send"));
  EXPECT_EQ(Run({"--rate=1", "/nonexistent/cat.jpg"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("/nonexistent/cat.jpg"));
}

}  // namespace
}  // namespace moevit
