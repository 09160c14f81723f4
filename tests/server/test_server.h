// A whole server on ports of its own, with TestModel in place of model files
// and FakeExecutor in place of a device, and a client's view of it.

#ifndef MOEVIT_TESTS_SERVER_TEST_SERVER_H_
#define MOEVIT_TESTS_SERVER_TEST_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "grpcpp/channel.h"
#include "gtest/gtest.h"
#include "proto/inference/grpc_service.grpc.pb.h"
#include "proto/moevit/v1/inference.grpc.pb.h"
#include "server/server.h"
#include "tests/scheduler/fake_executor.h"
#include "tests/server/health.grpc.pb.h"
#include "tests/server/temporary_directory.h"

namespace moevit {

// Serves versions 1 and 3 of the model "vehicles". The executor runs whatever
// waits as soon as it is free.
class ServerTest : public ::testing::Test {
 protected:
  ServerTest();

  // Change `options_` before. Returns when the models are loaded.
  absl::Status StartServer();

  // The same without waiting for the models.
  absl::Status LaunchServer();

  // Returns with what loading the models gave.
  absl::Status AwaitModels();

  // A new connection, with room for messages of any size.
  std::shared_ptr<grpc::Channel> NewChannel() const;

  v1::ClassifyRequest ClassifyRequestOf(
      const std::vector<std::string>& images) const;
  grpc::Status Classify(const v1::ClassifyRequest& request,
                        v1::ClassifyResponse* response);
  inference::ModelInferRequest InferRequestOf(const std::string& image) const;
  grpc::Status Infer(const inference::ModelInferRequest& request,
                     inference::ModelInferResponse* response);

  // Returns once `condition` holds; fails if that takes a minute.
  static void Await(absl::FunctionRef<bool()> condition);

  // How many requests for version 3 have failed, by the server's own count.
  uint64_t FailedRequests();

  TemporaryDirectory repository_;
  ServerOptions options_;
  ServerDependencies dependencies_;
  std::shared_ptr<FakeExecutorControl> control_ =
      std::make_shared<FakeExecutorControl>();
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::InferenceService::Stub> native_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> open_;
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_TEST_SERVER_H_
