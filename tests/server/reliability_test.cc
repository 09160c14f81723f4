// Overload, time and faults, through connections. The numbers R.. are those of
// the table in tests/README.md.

#include <algorithm>
#include <functional>
#include <future>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

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

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kQueueImages = 8;

// Executors and decoders can be blocked.
class ReliabilityTest : public ServerTest {
 protected:
  struct Answer {
    grpc::Status status;
    v1::ClassifyResponse response;
    std::string pushback;  // empty if there was none
    absl::Duration duration;
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
    Answer answer;
    const absl::Time start = absl::Now();
    answer.status = native_->Classify(&context, ClassifyRequestOf({image}),
                                      &answer.response);
    answer.duration = absl::Now() - start;
    const auto& trailer = context.GetServerTrailingMetadata();
    if (const auto found = trailer.find("grpc-retry-pushback-ms");
        found != trailer.end()) {
      answer.pushback = {found->second.data(), found->second.size()};
    }
    return answer;
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
  std::vector<absl::Duration> durations;
  for (int i = 0; i < 9 * kQueueImages; ++i) {
    const Answer answer = ClassifyOne();
    ASSERT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(answer.status.error_message(), HasSubstr("the queue is full"));
    durations.push_back(answer.duration);
  }
  // The fastest, since a test machine may be busy: nothing is waited for.
  EXPECT_LT(*std::min_element(durations.begin(), durations.end()),
            absl::Milliseconds(10));
  EXPECT_EQ(decoders_.arrived(), 1 + kQueueImages) << "work for refused images";
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
  options_.queue.max_bytes = 1'000'000;
  ASSERT_TRUE(StartServer().ok());
  control_->Hold();
  std::string large = TestImage(0);
  large.resize(600'000, ' ');
  auto held =
      std::async(std::launch::async, [&] { return ClassifyOne(large); });
  control_->AwaitBatches(1);
  // The image has left the queue, and its request is still in memory.
  const Answer refused = ClassifyOne(large);
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.status.error_message(), HasSubstr("limit is 1000000"));
  control_->Release();
  EXPECT_TRUE(held.get().status.ok());
  EXPECT_TRUE(ClassifyOne(large).status.ok());
}

TEST_F(ReliabilityTest, R2TheServersLimitOnTimeHoldsWhileEveryDeviceIsBlocked) {
  options_.max_request_time = absl::Milliseconds(50);
  ASSERT_TRUE(StartServer().ok());
  control_->Hold();
  // The first is being executed, the second waits; neither has a deadline.
  auto executing = StartClassify();
  control_->AwaitBatches(1);
  auto waiting = StartClassify();
  EXPECT_EQ(executing.get().status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(waiting.get().status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(ReliabilityTest, R2DeadlinesHoldWhileEveryDecoderIsBlocked) {
  options_.max_request_time = absl::Milliseconds(50);
  options_.pipeline.decode_threads = 1;
  ASSERT_TRUE(StartServer().ok());
  decoders_.Close();
  auto decoding = StartClassify();
  auto waiting = StartClassify();
  EXPECT_EQ(decoding.get().status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(waiting.get().status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
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
  // With a short deadline: the call ends also if it gets a place.
  const auto try_once = [this] {
    grpc::ClientContext short_context;
    short_context.set_deadline(
        absl::ToChronoTime(absl::Now() + absl::Milliseconds(100)));
    v1::ClassifyResponse response;
    return native_
        ->Classify(&short_context, ClassifyRequestOf({TestImage(0)}), &response)
        .error_code();
  };
  EXPECT_EQ(try_once(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  context.TryCancel();
  EXPECT_EQ(cancelled.get().error_code(), grpc::StatusCode::CANCELLED);
  // The decoder is still blocked.
  while (try_once() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
  }
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
  while (FailedRequests() == 0) std::this_thread::yield();
  control_->Release();
  EXPECT_TRUE(ClassifyOne().status.ok());
}

TEST_F(ReliabilityTest, R4ADeadlineShorterThanTheBatchDelayCostsNoCompute) {
  options_.batching.max_batch_size = 4;
  options_.batching.method = BatchingMethod::kFixedDelay;
  options_.batching.max_queue_delay = absl::Minutes(10);
  options_.max_request_time = absl::Milliseconds(50);
  ASSERT_TRUE(StartServer().ok());
  EXPECT_EQ(ClassifyOne().status.error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(control_->batch_sizes(), IsEmpty());
}

TEST_F(ReliabilityTest, R11MessagesUpToTheLimitAreTakenAndLargerOnesNamed) {
  ASSERT_TRUE(StartServer().ok());
  for (const int mebibytes : {5, 16}) {
    std::string image = TestImage(1);
    image.resize(mebibytes << 20, ' ');
    const Answer answer = ClassifyOne(image);
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
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
    absl::Duration fastest = absl::InfiniteDuration();
    for (int i = 0; i < 5; ++i) {
      grpc::ClientContext context;
      const absl::Time start = absl::Now();
      EXPECT_TRUE(call(&context).ok());
      fastest = std::min(fastest, absl::Now() - start);
    }
    EXPECT_LT(fastest, absl::Milliseconds(50));
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
