#include "client/health_command.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "proto/inference/grpc_service.grpc.pb.h"
#include "tests/client/command_test.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Knows one model, "cats".
class ReadinessService final : public inference::GRPCInferenceService::Service {
 public:
  grpc::Status ServerReady(grpc::ServerContext* /*context*/,
                           const inference::ServerReadyRequest* /*request*/,
                           inference::ServerReadyResponse* response) override {
    response->set_ready(server_ready);
    return grpc::Status::OK;
  }
  grpc::Status ModelReady(grpc::ServerContext* /*context*/,
                          const inference::ModelReadyRequest* request,
                          inference::ModelReadyResponse* response) override {
    if (request->name() != "cats") {
      return {grpc::StatusCode::NOT_FOUND, "no such model"};
    }
    response->set_ready(model_ready);
    return grpc::Status::OK;
  }

  bool server_ready = true;
  bool model_ready = true;
};

class HealthCommandTest : public CommandTest<HealthCommand> {
 protected:
  HealthCommandTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }

  // Runs `moevit health` against the service.
  ExitCode RunHealth(std::vector<std::string> flags = {}) {
    flags.insert(flags.begin(), absl::StrCat("--server=127.0.0.1:", port_));
    return Run(std::move(flags));
  }

  ReadinessService service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

TEST_F(HealthCommandTest, SucceedsForReadyServer) {
  EXPECT_EQ(RunHealth(), kExitSuccess);
  EXPECT_EQ(out_.str(), "ready\n");
}

TEST_F(HealthCommandTest, FailsForServerThatIsNotReady) {
  service_.server_ready = false;
  EXPECT_EQ(RunHealth(), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("is not ready"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(HealthCommandTest, AsksForOneModelByItsName) {
  service_.server_ready = false;
  EXPECT_EQ(RunHealth({"--model=cats"}), kExitSuccess);
  service_.model_ready = false;
  EXPECT_EQ(RunHealth({"--model=cats"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("cats is not ready"));
}

TEST_F(HealthCommandTest, FailsForUnknownModelWithTheServersReason) {
  EXPECT_EQ(RunHealth({"--model=dogs"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("NOT_FOUND: no such model"));
}

TEST_F(HealthCommandTest, FailsWhereNoServerIs) {
  server_->Shutdown();
  EXPECT_EQ(RunHealth(), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("is moevit-server running there?"));
}

}  // namespace
}  // namespace moevit
