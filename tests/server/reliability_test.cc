// Overload, time and faults, through connections. The numbers R.. are those of
// the table in tests/README.md.
//
// That nobody waits is not shown by a watch, which a busy machine would spoil:
// all that could be waited for stands still while the answer comes.

#include <functional>
#include <future>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "proto/google/rpc/status.pb.h"
#include "tests/server/gate.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kQueueImages = 8;

// For an answer that nothing holds up, on any machine.
constexpr absl::Duration kPatience = absl::Seconds(60);

void SetPatience(grpc::ClientContext& context) {
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
}

// Executors and decoders can be blocked.
class ReliabilityTest : public ServerTest {
 protected:
  struct Answer {
    grpc::Status status;
    v1::ClassifyResponse response;
    std::string pushback;  // empty if there was none
  };

  ReliabilityTest() {
    options_.queue.max_images = kQueueImages;
    options_.queue.max_client_share = 1;
    options_.queue.max_model_share = 1;
    options_.pipeline.max_images_per_request = kQueueImages;
    options_.batching.max_batch_size = 1;
    options_.max_message_bytes = 20 << 20;
    dependencies_.prepare_image = [this](absl::string_view encoded,
                                         const ModelConfig& config) {
      decoders_.Pass();
      if (encoded == "no memory") throw std::bad_alloc();
      if (encoded == "a bug") throw std::logic_error("not foreseen");
      return PrepareTestImage(encoded, config);
    };
  }

  ~ReliabilityTest() override {
    decoders_.Open();
    control_->Release();
  }

  Answer ClassifyOne(const std::string& image = TestImage(0)) {
    grpc::ClientContext context;
    SetPatience(context);
    Answer answer;
    answer.status = native_->Classify(&context, ClassifyRequestOf({image}),
                                      &answer.response);
    const auto& trailer = context.GetServerTrailingMetadata();
    if (const auto found = trailer.find("grpc-retry-pushback-ms");
        found != trailer.end()) {
      answer.pushback = {found->second.data(), found->second.size()};
    }
    return answer;
  }

  // Sends an image that the server, not the client, must give up in time.
  // Returns the error; none if it was classified.
  std::string ErrorWithin(absl::Duration time_limit) {
    grpc::ClientContext context;
    SetPatience(context);
    auto stream = native_->ClassifyStream(&context);
    v1::ClassifyStreamRequest request;
    request.set_image(TestImage(0));
    const timespec limit = absl::ToTimespec(time_limit);
    request.mutable_time_limit()->set_seconds(limit.tv_sec);
    request.mutable_time_limit()->set_nanos(static_cast<int>(limit.tv_nsec));
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->WritesDone());
    v1::ClassifyStreamResponse response;
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_TRUE(stream->Finish().ok());
    return response.result().error().message();
  }

  // Expects the server to end a call long before its client would.
  void ExpectServerEndsCall() {
    const absl::Time start = absl::Now();
    EXPECT_EQ(ClassifyOne().status.error_code(),
              grpc::StatusCode::DEADLINE_EXCEEDED);
    EXPECT_LT(absl::Now() - start, kPatience / 2);
  }

  std::future<Answer> StartClassify() {
    return std::async(std::launch::async, [this] { return ClassifyOne(); });
  }

  // Blocks the executor with one image and fills the queue behind it.
  void BlockAndFill() {
    control_->Hold();
    accepted_.push_back(StartClassify());
    control_->AwaitBatches(1);
    for (int i = 0; i < kQueueImages; ++i) {
      accepted_.push_back(StartClassify());
    }
    decoders_.AwaitArrivals(1 + kQueueImages);
  }

  Gate decoders_;
  std::vector<std::future<Answer>> accepted_;
};

TEST_F(ReliabilityTest, R1UnderTenfoldOverloadTheExcessIsRefusedAtOnce) {
  ASSERT_TRUE(StartServer().ok());
  BlockAndFill();
  decoders_.Close();
  for (int i = 0; i < 9 * kQueueImages; ++i) {
    const Answer answer = ClassifyOne();
    ASSERT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(answer.status.error_message(), HasSubstr("the queue is full"));
  }
  EXPECT_EQ(decoders_.arrived(), 1 + kQueueImages) << "work for refused images";
  decoders_.Open();
  control_->Release();
  for (auto& accepted : accepted_) {
    const Answer answer = accepted.get();
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
  }
}

TEST_F(ReliabilityTest, R1ARefusalSaysWhenToTryAgain) {
  ASSERT_TRUE(StartServer().ok());
  BlockAndFill();
  const Answer answer = ClassifyOne();
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(answer.status.error_details()));
  EXPECT_EQ(details.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  ASSERT_EQ(details.details_size(), 1);
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(0).UnpackTo(&retry));
  const int64_t delay_ms = retry.retry_delay().seconds() * 1000 +
                           retry.retry_delay().nanos() / 1'000'000;
  EXPECT_GE(delay_ms, 10);
  EXPECT_EQ(answer.pushback, std::to_string(delay_ms));
}

TEST_F(ReliabilityTest, R1WhatRequestsHoldIsBoundedInBytes) {
  options_.queue.max_bytes = 10'000;
  ASSERT_TRUE(StartServer().ok());
  control_->Hold();
  std::string large = TestImage(0);
  large.resize(6'000, ' ');
  auto held =
      std::async(std::launch::async, [&] { return ClassifyOne(large); });
  control_->AwaitBatches(1);
  // The image has left the queue, and its request is still in memory.
  const Answer refused = ClassifyOne(large);
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.status.error_message(), HasSubstr("limit is 10000"));
  control_->Release();
  EXPECT_TRUE(held.get().status.ok());
  EXPECT_TRUE(ClassifyOne(large).status.ok());
}

TEST_F(ReliabilityTest, R2TheServersLimitOnTimeHoldsWhileEveryDeviceIsBlocked) {
  options_.max_request_time = absl::Milliseconds(50);
  ASSERT_TRUE(StartServer().ok());
  control_->Hold();
  // Until one is being executed: on a slow machine its time may be up before.
  while (control_->batch_sizes().empty()) ExpectServerEndsCall();
  // This one waits.
  ExpectServerEndsCall();
}

TEST_F(ReliabilityTest, R2DeadlinesHoldWhileEveryDecoderIsBlocked) {
  options_.max_request_time = absl::Milliseconds(50);
  options_.pipeline.decode_threads = 1;
  ASSERT_TRUE(StartServer().ok());
  decoders_.Close();
  while (decoders_.arrived() == 0) ExpectServerEndsCall();
  ExpectServerEndsCall();
  decoders_.Open();
  EXPECT_TRUE(server_->Shutdown());
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
}

TEST_F(ReliabilityTest, R2TimeoutsHoldWhileEveryDecoderIsBlocked) {
  options_.pipeline.decode_threads = 1;
  ASSERT_TRUE(StartServer().ok());
  decoders_.Close();
  inference::ModelInferRequest request = InferRequestOf(TestImage(0));
  (*request.mutable_parameters())["timeout"].set_int64_param(50'000);
  const auto infer = [&] {
    inference::ModelInferResponse response;
    return Infer(request, &response);
  };
  // One is in the decoder, one waits for it; neither has a deadline.
  auto decoding = std::async(std::launch::async, infer);
  auto waiting = std::async(std::launch::async, infer);
  for (auto* call : {&decoding, &waiting}) {
    const grpc::Status status = call->get();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    EXPECT_THAT(status.error_message(), HasSubstr("timeout"));
  }
  decoders_.Open();
  EXPECT_TRUE(server_->Shutdown());
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
}

TEST_F(ReliabilityTest, R3CancellationFreesThePlaceOfAnImageNotYetDecoded) {
  options_.queue.max_images = 2;
  options_.pipeline.max_images_per_request = 2;
  options_.pipeline.decode_threads = 1;
  ASSERT_TRUE(StartServer().ok());
  // One image in the only decoder, one that waits for it.
  decoders_.Close();
  grpc::ClientContext context;
  auto cancelled = std::async(std::launch::async, [&] {
    v1::ClassifyResponse response;
    return native_->Classify(
        &context, ClassifyRequestOf({TestImage(0), TestImage(1)}), &response);
  });
  decoders_.AwaitArrivals(1);
  EXPECT_THAT(ErrorWithin(kPatience), HasSubstr("the queue is full"));
  context.TryCancel();
  EXPECT_EQ(cancelled.get().error_code(), grpc::StatusCode::CANCELLED);
  // The decoder is still blocked: who gets a place waits until its time is up.
  constexpr absl::Duration kLimit = absl::Milliseconds(100);
  Await([&] { return absl::StrContains(ErrorWithin(kLimit), "deadline"); });
}

TEST_F(ReliabilityTest, R3ACallCancelledInItsBatchEndsBeforeTheBatch) {
  ASSERT_TRUE(StartServer().ok());
  control_->Hold();
  grpc::ClientContext context;
  auto cancelled = std::async(std::launch::async, [&] {
    v1::ClassifyResponse response;
    return native_->Classify(&context, ClassifyRequestOf({TestImage(0)}),
                             &response);
  });
  control_->AwaitBatches(1);
  context.TryCancel();
  EXPECT_EQ(cancelled.get().error_code(), grpc::StatusCode::CANCELLED);
  // The executor is still blocked.
  Await([this] { return FailedRequests() > 0; });
  control_->Release();
  EXPECT_TRUE(ClassifyOne().status.ok());
}

TEST_F(ReliabilityTest, R4ADeadlineShorterThanTheBatchDelayCostsNoCompute) {
  options_.batching.max_batch_size = 2;
  options_.batching.method = BatchingMethod::kFixedDelay;
  options_.batching.max_queue_delay = absl::Minutes(10);
  ASSERT_TRUE(StartServer().ok());
  EXPECT_THAT(ErrorWithin(absl::Milliseconds(100)), HasSubstr("deadline"));
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
  // Nor has it a place in the next batch, which starts when it is full.
  auto one = StartClassify();
  auto other = StartClassify();
  EXPECT_TRUE(one.get().status.ok());
  EXPECT_TRUE(other.get().status.ok());
  EXPECT_THAT(control_->batch_sizes(), ElementsAre(2));
}

TEST_F(ReliabilityTest, R11MessagesUpToTheLimitAreTakenAndLargerOnesNamed) {
  ASSERT_TRUE(StartServer().ok());
  for (const int mebibytes : {5, 16}) {
    std::string image = TestImage(1);
    image.resize(mebibytes << 20, ' ');
    const Answer answer = ClassifyOne(image);
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_TRUE(answer.response.results(0).has_classification());
  }
  const Answer refused = ClassifyOne(std::string((20 << 20) + 1, 'x'));
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.status.error_message(),
              HasSubstr(std::to_string(20 << 20)));
}

TEST_F(ReliabilityTest, R13HealthAndMetadataAnswerWhileEverythingIsBlocked) {
  options_.pipeline.decode_threads = 2;
  ASSERT_TRUE(StartServer().ok());
  BlockAndFill();
  // And both decoders.
  control_->Release();
  for (auto& accepted : accepted_) accepted.wait();
  accepted_.clear();
  control_->Hold();
  decoders_.Close();
  const int before = decoders_.arrived();
  for (int i = 0; i < kQueueImages; ++i) accepted_.push_back(StartClassify());
  decoders_.AwaitArrivals(before + 2);

  const std::vector<std::function<grpc::Status(grpc::ClientContext*)>> calls = {
      [&](auto* context) {
        grpc::health::v1::HealthCheckResponse response;
        return health_->Check(context, {}, &response);
      },
      [&](auto* context) {
        inference::ServerLiveResponse response;
        return open_->ServerLive(context, {}, &response);
      },
      [&](auto* context) {
        inference::ServerReadyResponse response;
        return open_->ServerReady(context, {}, &response);
      },
      [&](auto* context) {
        inference::ModelMetadataRequest request;
        request.set_name("vehicles");
        inference::ModelMetadataResponse response;
        return open_->ModelMetadata(context, request, &response);
      },
      [&](auto* context) {
        v1::ListModelsResponse response;
        return native_->ListModels(context, {}, &response);
      },
  };
  for (const auto& call : calls) {
    grpc::ClientContext context;
    SetPatience(context);
    const grpc::Status status = call(&context);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  decoders_.Open();
  control_->Release();
  for (auto& accepted : accepted_) EXPECT_TRUE(accepted.get().status.ok());
}

TEST_F(ReliabilityTest, AnExceptionInADecoderIsTheErrorOfItsImage) {
  ASSERT_TRUE(StartServer().ok());
  v1::ClassifyResponse response;
  ASSERT_TRUE(Classify(ClassifyRequestOf({"no memory", TestImage(1), "a bug"}),
                       &response)
                  .ok());
  EXPECT_EQ(response.results(0).error().code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(response.results(1).has_classification());
  EXPECT_EQ(response.results(2).error().code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(response.results(2).error().message(), HasSubstr("not foreseen"));
}

TEST_F(ReliabilityTest, AnExceptionInAnExecutorIsAnErrorOfItsBatchOnly) {
  ASSERT_TRUE(StartServer().ok());
  control_->ThrowNext();
  EXPECT_EQ(ClassifyOne().status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(ClassifyOne().status.ok());
}

}  // namespace
}  // namespace moevit
