// inference.GRPCInferenceService, through a connection. What requests may
// contain is tested in infer_request_decoder_test.cc.

#include <string>

#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OpenInferenceServiceTest : public ServerTest {
 protected:
  void SetUp() override { ASSERT_TRUE(StartServer().ok()); }

  // Calls a method that is expected to succeed.
  template <typename Method, typename Request, typename Response>
  void Call(Method method, const Request& request, Response* response) {
    grpc::ClientContext context;
    const grpc::Status status =
        (open_.get()->*method)(&context, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  using Stub = inference::GRPCInferenceService::Stub;

  inference::ModelInferResponse response_;
};

TEST_F(OpenInferenceServiceTest, IsLiveAndReady) {
  inference::ServerLiveResponse live;
  Call(&Stub::ServerLive, inference::ServerLiveRequest(), &live);
  EXPECT_TRUE(live.live());
  inference::ServerReadyResponse ready;
  Call(&Stub::ServerReady, inference::ServerReadyRequest(), &ready);
  EXPECT_TRUE(ready.ready());
}

TEST_F(OpenInferenceServiceTest, OnlyServedModelsAreReady) {
  const auto is_ready = [this](const char* name, const char* version) {
    inference::ModelReadyRequest request;
    request.set_name(name);
    request.set_version(version);
    inference::ModelReadyResponse response;
    Call(&Stub::ModelReady, request, &response);
    return response.ready();
  };
  EXPECT_TRUE(is_ready("vehicles", ""));
  EXPECT_TRUE(is_ready("vehicles", "1"));
  EXPECT_FALSE(is_ready("vehicles", "2"));
  EXPECT_FALSE(is_ready("fish", ""));
}

TEST_F(OpenInferenceServiceTest, DescribesTheServer) {
  inference::ServerMetadataResponse metadata;
  Call(&Stub::ServerMetadata, inference::ServerMetadataRequest(), &metadata);
  EXPECT_EQ(metadata.name(), "moevit");
  EXPECT_THAT(metadata.extensions(), Contains("statistics"));
}

TEST_F(OpenInferenceServiceTest, DescribesAModel) {
  inference::ModelMetadataRequest request;
  request.set_name("vehicles");
  inference::ModelMetadataResponse metadata;
  Call(&Stub::ModelMetadata, request, &metadata);
  EXPECT_THAT(metadata.versions(), ElementsAre("1", "3"));
  ASSERT_EQ(metadata.inputs_size(), 2);
  EXPECT_EQ(metadata.inputs(0).name(), "image");
  EXPECT_THAT(metadata.inputs(0).shape(), ElementsAre(-1));
  EXPECT_THAT(metadata.inputs(1).shape(), ElementsAre(-1, 2, 2, 3));
  EXPECT_THAT(metadata.outputs(0).shape(), ElementsAre(-1, kTestClasses));
}

TEST_F(OpenInferenceServiceTest, GivesAModelsConfiguration) {
  inference::ModelConfigRequest request;
  request.set_name("vehicles");
  inference::ModelConfigResponse response;
  Call(&Stub::ModelConfig, request, &response);
  EXPECT_EQ(response.config().max_batch_size(),
            options_.pipeline.max_images_per_request);
  EXPECT_THAT(response.config().dynamic_batching().preferred_batch_size(),
              ElementsAre(4));
  EXPECT_EQ(response.config().dynamic_batching().priority_levels(), 1);
  EXPECT_THAT(response.config().input(1).dims(), ElementsAre(2, 2, 3));
  EXPECT_THAT(response.config().output(0).dims(), ElementsAre(kTestClasses));
}

TEST_F(OpenInferenceServiceTest, UnknownModelsAreNotFound) {
  inference::ModelMetadataRequest metadata;
  metadata.set_name("fish");
  inference::ModelMetadataResponse metadata_response;
  grpc::ClientContext metadata_context;
  EXPECT_EQ(
      open_->ModelMetadata(&metadata_context, metadata, &metadata_response)
          .error_code(),
      grpc::StatusCode::NOT_FOUND);
  inference::ModelConfigRequest config;
  config.set_name("vehicles");
  config.set_version("2");
  inference::ModelConfigResponse config_response;
  grpc::ClientContext config_context;
  EXPECT_EQ(open_->ModelConfig(&config_context, config, &config_response)
                .error_code(),
            grpc::StatusCode::NOT_FOUND);
  auto request = InferRequestOf(TestImage(0));
  request.set_model_name("");
  EXPECT_EQ(Infer(request, &response_).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(OpenInferenceServiceTest, InfersAndRepeatsTheId) {
  const grpc::Status status = Infer(InferRequestOf(TestImage(1)), &response_);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.id(), "request 1");
  EXPECT_EQ(response_.model_version(), "3");
  EXPECT_THAT(response_.outputs(0).shape(), ElementsAre(1, kTestClasses));
  EXPECT_EQ(response_.raw_output_contents(0).size(), kTestClasses * 4);
}

TEST_F(OpenInferenceServiceTest, TypedPixelsAreValidUntilTheyAreExecuted) {
  inference::ModelInferRequest request;
  request.set_model_name("vehicles");
  auto* input = request.add_inputs();
  input->set_name("pixels");
  input->set_datatype("UINT8");
  for (const int extent : {1, 2, 2, 3}) input->add_shape(extent);
  for (const uint8_t pixel : TestPixels(2)) {
    input->mutable_contents()->add_uint_contents(pixel);
  }
  auto* output = request.add_outputs();
  output->set_name("scores");
  (*output->mutable_parameters())["classification"].set_int64_param(1);
  const grpc::Status status = Infer(request, &response_);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_THAT(response_.raw_output_contents(0), HasSubstr(":2:truck"));
}

TEST_F(OpenInferenceServiceTest, ABadImageFailsTheRequestAndIsNamed) {
  const grpc::Status status = Infer(InferRequestOf("junk"), &response_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("image 0: "));
}

TEST_F(OpenInferenceServiceTest, ABadTensorFailsTheRequest) {
  auto request = InferRequestOf(TestImage(0));
  request.mutable_inputs(0)->set_shape(0, -1);
  EXPECT_EQ(Infer(request, &response_).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(OpenInferenceServiceTest, CountsWhatItDid) {
  ASSERT_TRUE(Infer(InferRequestOf(TestImage(0)), &response_).ok());
  ASSERT_TRUE(Infer(InferRequestOf(TestImage(1)), &response_).ok());
  ASSERT_FALSE(Infer(InferRequestOf("junk"), &response_).ok());
  inference::ModelStatisticsRequest request;
  request.set_name("vehicles");
  request.set_version("3");
  inference::ModelStatisticsResponse response;
  Call(&Stub::ModelStatistics, request, &response);
  ASSERT_EQ(response.model_stats_size(), 1);
  const inference::ModelStatistics& stats = response.model_stats(0);
  EXPECT_EQ(stats.inference_count(), 2);
  EXPECT_EQ(stats.execution_count(), 2);
  EXPECT_EQ(stats.inference_stats().success().count(), 2);
  EXPECT_EQ(stats.inference_stats().fail().count(), 1);
  EXPECT_EQ(stats.inference_stats().compute_infer().count(), 2);
  EXPECT_GT(stats.inference_stats().success().ns(), 0);
  EXPECT_GT(stats.last_inference(), 0);
  ASSERT_EQ(stats.batch_stats_size(), 1);
  EXPECT_EQ(stats.batch_stats(0).batch_size(), 1);
}

TEST_F(OpenInferenceServiceTest, StatisticsWithoutANameAreOfEveryModel) {
  inference::ModelStatisticsResponse response;
  Call(&Stub::ModelStatistics, inference::ModelStatisticsRequest(), &response);
  EXPECT_EQ(response.model_stats_size(), 2);
}

// The metadata "x-request-id" that a call to a model that is not served is
// answered with.
class AnsweredIdTest : public OpenInferenceServiceTest {
 protected:
  std::string AnsweredId(const std::string& id,
                         const std::string& metadata = "") {
    grpc::ClientContext context;
    if (!metadata.empty()) context.AddMetadata("x-request-id", metadata);
    inference::ModelInferRequest request;
    request.set_model_name("fish");
    request.set_id(id);
    EXPECT_EQ(open_->ModelInfer(&context, request, &response_).error_code(),
              grpc::StatusCode::NOT_FOUND);
    const auto& answered = context.GetServerTrailingMetadata();
    const auto found = answered.find("x-request-id");
    if (found == answered.end()) return "";
    return std::string(found->second.data(), found->second.size());
  }
};

TEST_F(AnsweredIdTest, IsWhatTheClientCallsTheRequest) {
  EXPECT_EQ(AnsweredId("request 1"), "request 1");
  EXPECT_EQ(AnsweredId("request 1", "from a proxy"), "from a proxy");
}

TEST_F(AnsweredIdTest, IsNewWhereTheClientHasNone) {
  const std::string first = AnsweredId("");
  EXPECT_NE(first, "");
  EXPECT_NE(AnsweredId(""), first);
}

TEST_F(AnsweredIdTest, IsKeptBackWhereMetadataCannotHoldIt) {
  EXPECT_EQ(AnsweredId("a\nb"), "");
  EXPECT_EQ(AnsweredId(std::string(10'000, 'a')), "");
}

}  // namespace
}  // namespace moevit
