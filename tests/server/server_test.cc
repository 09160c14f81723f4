// How the server starts, says how it is, and stops.

#include "server/server.h"

#include <chrono>
#include <cstdint>
#include <future>
#include <latch>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "kernels/cpu/cpu_expert_device.h"
#include "program/random_program.h"
#include "tests/server/http_get.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using Health = grpc::health::v1::HealthCheckResponse;

std::chrono::system_clock::time_point In(absl::Duration time) {
  return absl::ToChronoTime(absl::Now() + time);
}

class ServerStartTest : public ServerTest {};

TEST_F(ServerStartTest, AMissingRepositoryIsNamed) {
  options_.model_repository = repository_.path() + "/missing";
  const absl::Status status = StartServer();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr(options_.model_repository));
}

TEST_F(ServerStartTest, ABadModelIsNamedWithItsVersion) {
  dependencies_.read_model = [](const std::string&) {
    return absl::DataLossError("weights.safetensors does not match");
  };
  const absl::Status status = StartServer();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("version 1 of model 'vehicles'"));
  EXPECT_THAT(status.message(), HasSubstr("does not match"));
}

TEST_F(ServerStartTest, ADeviceThatIsNotThereIsNamed) {
  options_.devices = *ParseDevices("cpu,emulated:1", {});
  dependencies_.new_executor =
      [real = ServerDependencies::Default(options_).new_executor,
       fake = dependencies_.new_executor](const DeviceSpec& device,
                                          const Program* program) {
        const bool cpu = device.kind == DeviceSpec::Kind::kCpu;
        return cpu ? fake(device, program) : real(device, program);
      };
  const absl::Status status = StartServer();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("no emulated card 0"));
}

// Serves a random program with experts, on the real processor.
class SparseServerTest : public ServerTest {
 protected:
  SparseServerTest() {
    dependencies_.read_model = [program = program_](const std::string&) {
      QuantizedModel model;
      model.program = program;
      model.config.image_size = program.image_size;
      model.config.num_classes = program.classes;
      return model;
    };
    dependencies_.prepare_image =
        [program = program_](absl::string_view encoded, const ModelConfig&) {
          return RandomPixels(program, /*images=*/1,
                              static_cast<uint32_t>(encoded.size()));
        };
  }

  absl::Status StartWithin(int64_t expert_memory) {
    options_.expert_memory = expert_memory;
    dependencies_.new_executor =
        ServerDependencies::Default(options_).new_executor;
    return StartServer();
  }

  // What the server says of five images.
  std::string Results() {
    v1::ClassifyRequest request =
        ClassifyRequestOf({"1", "22", "333", "4444", "55555"});
    request.set_top_k(program_.classes);
    v1::ClassifyResponse response;
    const grpc::Status status = Classify(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::string classes;
    for (const v1::ImageResult& result : response.results()) {
      for (const v1::ScoredClass& scored : result.classification().classes()) {
        classes += scored.ShortDebugString() + "; ";
      }
    }
    return classes;
  }

  const Program program_ = RandomProgram({.experts = 12});
};

TEST_F(SparseServerTest, AnswersTheSameWithRoomForAThirdOfTheExperts) {
  const int64_t expert =
      NewCpuExpertDevice(&program_, {}).value()->ExpertBytes(0);
  ASSERT_TRUE(StartWithin(0).ok());
  const std::string expected = Results();
  EXPECT_THAT(expected, HasSubstr("score"));
  server_.reset();
  ASSERT_TRUE(StartWithin(4 * expert).ok());
  EXPECT_EQ(Results(), expected);
}

TEST_F(SparseServerTest, RoomForLessThanOneExpertIsRefusedAtTheStart) {
  const absl::Status status = StartWithin(100);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("version 1 of model 'vehicles'"));
  EXPECT_THAT(status.message(), HasSubstr("expert_memory is 100 bytes"));
}

TEST_F(ServerStartTest, APortInUseIsNamed) {
  options_.metrics_port = 0;
  ASSERT_TRUE(StartServer().ok());
  ServerOptions second = options_;
  second.metrics_port = -1;
  second.port = server_->port();
  absl::Status status = Server::Start(second, dependencies_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr(absl::StrCat(server_->port())));

  second.port = 0;
  second.metrics_port = server_->metrics_port();
  status = Server::Start(second, dependencies_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(),
              HasSubstr(absl::StrCat(server_->metrics_port())));
}

TEST_F(ServerStartTest, BadOptionsAreRefused) {
  options_.port = -5;
  EXPECT_EQ(StartServer().code(), absl::StatusCode::kInvalidArgument);
}

class RunningServerTest : public ServerTest {
 protected:
  RunningServerTest() { options_.drain_grace = absl::Minutes(2); }
  void SetUp() override { ASSERT_TRUE(StartServer().ok()); }

  grpc::Status Check(const std::string& service, Health* response) {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    return health_->Check(&context, request, response);
  }

  std::future<grpc::Status> ClassifyHeld() {
    control_->Hold();
    auto held = std::async(std::launch::async, [this] {
      v1::ClassifyResponse response;
      return Classify(ClassifyRequestOf({TestImage(0)}), &response);
    });
    control_->AwaitBatches(1);
    return held;
  }
};

TEST_F(RunningServerTest, HealthKnowsServerServicesAndModels) {
  for (const char* service : {"", "vehicles", "moevit.v1.InferenceService",
                              "inference.GRPCInferenceService"}) {
    Health response;
    EXPECT_TRUE(Check(service, &response).ok()) << service;
    EXPECT_EQ(response.status(), Health::SERVING) << service;
  }
  Health response;
  EXPECT_EQ(Check("fish", &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(RunningServerTest, R5ShutsDownWithAWatcherAndAnIdleConnection) {
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("vehicles");
  auto watch = health_->Watch(&context, request);
  Health response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), Health::SERVING);
  const auto idle = NewChannel();
  idle->GetState(/*try_to_connect=*/true);

  const absl::Time start = Clock::Real()->Now();
  EXPECT_TRUE(server_->Shutdown());
  // Far below the grace: nobody waits for streams that do not end.
  EXPECT_LT(Clock::Real()->Now() - start, options_.drain_grace / 2);
  while (watch->Read(&response)) {
  }
  EXPECT_EQ(response.status(), Health::NOT_SERVING);
}

TEST_F(RunningServerTest, R5AnswersWhatItAcceptedBeforeItStops) {
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckRequest request;
  auto watch = health_->Watch(&context, request);
  Health response;
  ASSERT_TRUE(watch->Read(&response));
  const auto idle = NewChannel();
  ASSERT_TRUE(idle->WaitForConnected(In(absl::Minutes(1))));

  auto held = ClassifyHeld();
  auto stopped =
      std::async(std::launch::async, [this] { return server_->Shutdown(); });
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), Health::NOT_SERVING);
  // Connections are open as long as it takes; a server that does not wait
  // closes them at once.
  EXPECT_FALSE(idle->WaitForStateChange(GRPC_CHANNEL_READY,
                                        In(absl::Milliseconds(300))));
  control_->Release();
  EXPECT_TRUE(held.get().ok());
  EXPECT_TRUE(stopped.get());
}

TEST_F(RunningServerTest, IsReadyWhileADeviceServes) {
  grpc::ClientContext context;
  auto watch = health_->Watch(&context, {});
  Health response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), Health::SERVING);

  control_->set_status(absl::UnavailableError("hung"));
  auto answer = std::async(std::launch::async, [this] {
    v1::ClassifyResponse classified;
    return Classify(ClassifyRequestOf({TestImage(0)}), &classified);
  });
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), Health::NOT_SERVING);
  control_->set_status(absl::OkStatus());
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), Health::SERVING);
  EXPECT_TRUE(answer.get().ok());
  context.TryCancel();
}

TEST_F(RunningServerTest, AfterTheShutdownNobodyAnswers) {
  EXPECT_TRUE(server_->Shutdown());
  v1::ClassifyResponse response;
  EXPECT_EQ(Classify(ClassifyRequestOf({TestImage(0)}), &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

class PoliteServerTest : public RunningServerTest {
 protected:
  // For every client to be refused once, on any machine.
  PoliteServerTest() { options_.refusal_time = absl::Seconds(2); }
};

TEST_F(PoliteServerTest, R5StopsUnderLoadWithoutFailingWhatItAccepted) {
  grpc::ClientContext watching;
  auto watch = health_->Watch(&watching, {});
  Health response;
  ASSERT_TRUE(watch->Read(&response));
  const auto idle = NewChannel();
  idle->GetState(/*try_to_connect=*/true);
  constexpr int kClients = 16;
  std::latch answered(kClients);
  std::vector<std::future<grpc::Status>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::async(std::launch::async, [this, &answered] {
      const auto stub = v1::InferenceService::NewStub(NewChannel());
      bool first = true;
      while (true) {
        grpc::ClientContext context;
        v1::ClassifyResponse classified;
        const grpc::Status status = stub->Classify(
            &context, ClassifyRequestOf({TestImage(0)}), &classified);
        if (std::exchange(first, false)) answered.count_down();
        if (!status.ok()) return status;
      }
    }));
  }
  answered.wait();
  EXPECT_TRUE(server_->Shutdown());
  for (auto& client : clients) {
    const grpc::Status last = client.get();
    EXPECT_EQ(last.error_code(), grpc::StatusCode::UNAVAILABLE)
        << last.error_message();
  }
}

class ImpatientServerTest : public RunningServerTest {
 protected:
  void SetUp() override {
    options_.drain_grace = absl::ZeroDuration();
    dependencies_.prepare_image = [this](absl::string_view encoded,
                                         const ModelConfig& config) {
      accepted_.count_down();
      return PrepareTestImage(encoded, config);
    };
    RunningServerTest::SetUp();
  }

  std::latch accepted_{2};
};

TEST_F(ImpatientServerTest, WaitsForNoMoreThanTheBatchInExecution) {
  auto held = ClassifyHeld();
  auto waiting = std::async(std::launch::async, [this] {
    v1::ClassifyResponse response;
    return Classify(ClassifyRequestOf({TestImage(0)}), &response);
  });
  accepted_.wait();
  auto stopped =
      std::async(std::launch::async, [this] { return server_->Shutdown(); });
  EXPECT_FALSE(waiting.get().ok());
  control_->Release();
  held.wait();
  stopped.wait();
}

class ServerWithMetricsTest : public ServerTest {};

TEST_F(ServerWithMetricsTest, ServesThemOverHttp) {
  options_.metrics_port = 0;
  ASSERT_TRUE(StartServer().ok());
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(ClassifyRequestOf({TestImage(0)}), &response).ok());
  const std::string page = HttpGet(server_->metrics_port(), "/metrics");
  EXPECT_THAT(page, HasSubstr("200 OK"));
  EXPECT_THAT(page, HasSubstr("moevit_requests_total{code=\"OK\","
                              "model=\"vehicles\",version=\"3\"} 1"));
  EXPECT_THAT(page, HasSubstr("moevit_model_ready{model=\"vehicles\","
                              "version=\"1\"} 1"));
}

}  // namespace
}  // namespace moevit
