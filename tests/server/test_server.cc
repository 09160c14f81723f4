#include "tests/server/test_server.h"

#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "tests/server/test_model.h"

namespace moevit {

ServerTest::ServerTest() {
  for (const char* version : {"1", "3"}) {
    std::filesystem::create_directories(
        absl::StrCat(repository_.path(), "/vehicles/", version));
  }
  options_.model_repository = repository_.path();
  options_.host = "127.0.0.1";
  options_.port = 0;
  // Its HTTP library takes up to 2 s to stop; tests of the metrics turn it on.
  options_.metrics_port = -1;
  options_.refusal_time = absl::ZeroDuration();
  // Beyond the patience of Await: it ends nothing that a test waits for.
  options_.max_request_time = absl::Hours(1);
  options_.batching.max_batch_size = 4;
  options_.batching.max_queue_delay = absl::ZeroDuration();
  dependencies_.clock = Clock::Real();
  dependencies_.read_model = [](const std::string&) { return TestModel(); };
  dependencies_.new_executor = [control = control_](const DeviceSpec&,
                                                    const Program*) {
    return std::make_unique<FakeExecutor>(kTestClasses, control);
  };
  dependencies_.prepare_image = PrepareTestImage;
  dependencies_.energy_sources = [] { return std::vector<EnergySource>(); };
}

absl::Status ServerTest::StartServer() {
  const absl::Status launched = LaunchServer();
  return launched.ok() ? AwaitModels() : launched;
}

absl::Status ServerTest::LaunchServer() {
  auto server = Server::Start(options_, dependencies_);
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  const auto channel = NewChannel();
  native_ = v1::InferenceService::NewStub(channel);
  open_ = inference::GRPCInferenceService::NewStub(channel);
  health_ = grpc::health::v1::Health::NewStub(channel);
  return absl::OkStatus();
}

absl::Status ServerTest::AwaitModels() {
  const absl::Status loaded = server_->AwaitModels(absl::InfiniteFuture());
  // Those that warmed the models up.
  control_->ForgetBatches();
  return loaded;
}

std::shared_ptr<grpc::Channel> ServerTest::NewChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  // Channels with the same arguments share a connection otherwise.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                   grpc::InsecureChannelCredentials(),
                                   arguments);
}

v1::ClassifyRequest ServerTest::ClassifyRequestOf(
    const std::vector<std::string>& images) const {
  v1::ClassifyRequest request;
  request.set_model_name("vehicles");
  for (const std::string& image : images) request.add_images(image);
  return request;
}

grpc::Status ServerTest::Classify(const v1::ClassifyRequest& request,
                                  v1::ClassifyResponse* response) {
  grpc::ClientContext context;
  return native_->Classify(&context, request, response);
}

inference::ModelInferRequest ServerTest::InferRequestOf(
    const std::string& image) const {
  inference::ModelInferRequest request;
  request.set_model_name("vehicles");
  request.set_id("request 1");
  auto* input = request.add_inputs();
  input->set_name("image");
  input->set_datatype("BYTES");
  input->add_shape(1);
  input->mutable_contents()->add_bytes_contents(image);
  return request;
}

grpc::Status ServerTest::Infer(const inference::ModelInferRequest& request,
                               inference::ModelInferResponse* response) {
  grpc::ClientContext context;
  return open_->ModelInfer(&context, request, response);
}

void ServerTest::Await(absl::FunctionRef<bool()> condition) {
  const absl::Time give_up = absl::Now() + absl::Minutes(1);
  while (!condition() && absl::Now() < give_up) std::this_thread::yield();
  EXPECT_TRUE(condition());
}

uint64_t ServerTest::FailedRequests() {
  grpc::ClientContext context;
  inference::ModelStatisticsRequest request;
  request.set_name("vehicles");
  request.set_version("3");
  inference::ModelStatisticsResponse response;
  EXPECT_TRUE(open_->ModelStatistics(&context, request, &response).ok());
  return response.model_stats(0).inference_stats().fail().count();
}

}  // namespace moevit
