// moevit.v1.InferenceService, through a connection.

#include <atomic>
#include <future>
#include <latch>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ClassifyServiceTest : public ServerTest {
 protected:
  void SetUp() override {
    options_.max_message_bytes = 1 << 20;
    options_.pipeline.max_images_per_request = 5;
    options_.queue.max_images = 5;
    dependencies_.prepare_image = [this](absl::string_view encoded,
                                         const ModelConfig& config) {
      if (prepared_++ < 2) prepared_two_.count_down();
      return PrepareTestImage(encoded, config);
    };
    ASSERT_TRUE(StartServer().ok());
  }

  // Occupies the only executor until control_ releases it.
  std::future<grpc::Status> HoldExecutor() {
    control_->Hold();
    auto held = std::async(std::launch::async, [this] {
      v1::ClassifyResponse response;
      return Classify(ClassifyRequestOf({TestImage(0)}), &response);
    });
    control_->AwaitBatches(1);
    return held;
  }

  v1::ClassifyResponse response_;
  std::atomic<int> prepared_ = 0;
  std::latch prepared_two_{2};
};

TEST_F(ClassifyServiceTest, GivesTheBestClassesOfEachImage) {
  auto request = ClassifyRequestOf({TestImage(2), TestImage(1)});
  request.set_top_k(2);
  const grpc::Status status = Classify(request, &response_);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response_.model_name(), "vehicles");
  EXPECT_EQ(response_.model_version(), "3");
  ASSERT_EQ(response_.results_size(), 2);
  const v1::Classification& first = response_.results(0).classification();
  ASSERT_EQ(first.classes_size(), 2);
  EXPECT_EQ(first.classes(0).index(), 2);
  EXPECT_EQ(first.classes(0).label(), "truck");
  EXPECT_GT(first.classes(0).score(), first.classes(1).score());
  EXPECT_EQ(first.device(), "cpu");
  EXPECT_GE(first.batch_size(), 1);
  EXPECT_TRUE(first.timing().has_compute());
  EXPECT_EQ(response_.results(1).classification().classes(0).label(), "ship");
}

TEST_F(ClassifyServiceTest, ScoresAreProbabilities) {
  ASSERT_TRUE(Classify(ClassifyRequestOf({TestImage(0)}), &response_).ok());
  float sum = 0;
  for (const auto& scored : response_.results(0).classification().classes()) {
    sum += scored.score();
  }
  EXPECT_NEAR(sum, 1, 1e-6);
  EXPECT_EQ(response_.results(0).classification().classes_size(), kTestClasses);
}

TEST_F(ClassifyServiceTest, TheOnlyModelNeedsNoName) {
  auto request = ClassifyRequestOf({TestImage(0)});
  request.clear_model_name();
  EXPECT_TRUE(Classify(request, &response_).ok());
  EXPECT_EQ(response_.model_name(), "vehicles");
}

TEST_F(ClassifyServiceTest, AVersionCanBeNamed) {
  auto request = ClassifyRequestOf({TestImage(0)});
  request.set_model_version("1");
  EXPECT_TRUE(Classify(request, &response_).ok());
  EXPECT_EQ(response_.model_version(), "1");
}

TEST_F(ClassifyServiceTest, ABadImageHasAnErrorOfItsOwn) {
  const grpc::Status status =
      Classify(ClassifyRequestOf({TestImage(1), "junk", ""}), &response_);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response_.results(0).has_classification());
  for (const int i : {1, 2}) {
    ASSERT_TRUE(response_.results(i).has_error());
    EXPECT_EQ(response_.results(i).error().code(),
              grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(response_.results(i).error().message(), HasSubstr("JPEG"));
  }
}

TEST_F(ClassifyServiceTest, RefusesUnknownModelsAndVersions) {
  auto request = ClassifyRequestOf({TestImage(0)});
  request.set_model_name("fish");
  EXPECT_EQ(Classify(request, &response_).error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.set_model_name(std::string(65536, 'x'));
  EXPECT_EQ(Classify(request, &response_).error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.set_model_name("vehicles");
  request.set_model_version("2");
  EXPECT_EQ(Classify(request, &response_).error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.set_model_version("newest");
  EXPECT_EQ(Classify(request, &response_).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ClassifyServiceTest, RefusesRequestsThatMakeNoSense) {
  EXPECT_EQ(Classify(ClassifyRequestOf({}), &response_).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  auto request = ClassifyRequestOf({TestImage(0)});
  request.set_top_k(-1);
  const grpc::Status status = Classify(request, &response_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("-1"));
  request = ClassifyRequestOf({TestImage(0)});
  request.mutable_timeout()->set_seconds(-1);
  EXPECT_EQ(Classify(request, &response_).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ClassifyServiceTest, ATimeoutEndsTheWaitForTheExecutor) {
  auto held = HoldExecutor();
  auto request = ClassifyRequestOf({TestImage(0)});
  request.set_priority(1);
  request.mutable_timeout()->set_nanos(20'000'000);
  EXPECT_EQ(Classify(request, &response_).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  control_->Release();
  EXPECT_TRUE(held.get().ok());
}

TEST_F(ClassifyServiceTest, RefusesTooManyImages) {
  const std::vector<std::string> images(6, TestImage(0));
  const grpc::Status status = Classify(ClassifyRequestOf(images), &response_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("6 images, the limit is 5"));
}

TEST_F(ClassifyServiceTest, RefusesTooLargeAMessageNamingTheLimit) {
  const grpc::Status status =
      Classify(ClassifyRequestOf({std::string(2 << 20, 'x')}), &response_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("1048576"));
}

TEST_F(ClassifyServiceTest, AFullQueueRefusesAtOnce) {
  auto held = HoldExecutor();
  // There is room for one of these; which one is left to chance.
  std::promise<grpc::Status> first_answer;
  std::atomic<int> answers = 0;
  const auto classify_five = [&] {
    v1::ClassifyResponse response;
    const std::vector<std::string> images(5, TestImage(0));
    const grpc::Status status = Classify(ClassifyRequestOf(images), &response);
    if (answers++ == 0) first_answer.set_value(status);
    return status;
  };
  auto one = std::async(std::launch::async, classify_five);
  auto other = std::async(std::launch::async, classify_five);
  const grpc::Status refused = first_answer.get_future().get();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("limit is 5"));
  control_->Release();
  EXPECT_TRUE(held.get().ok());
  EXPECT_EQ(one.get().ok() + other.get().ok(), 1);
}

TEST_F(ClassifyServiceTest, DeadlinesPassWhileTheExecutorIsBusy) {
  auto held = HoldExecutor();
  grpc::ClientContext context;
  context.set_deadline(
      absl::ToChronoTime(absl::Now() + absl::Milliseconds(20)));
  EXPECT_EQ(
      native_->Classify(&context, ClassifyRequestOf({TestImage(0)}), &response_)
          .error_code(),
      grpc::StatusCode::DEADLINE_EXCEEDED);
  control_->Release();
  EXPECT_TRUE(held.get().ok());
}

TEST_F(ClassifyServiceTest, R3ACancelledRequestIsNotExecuted) {
  auto held = HoldExecutor();
  grpc::ClientContext context;
  auto cancelled = std::async(std::launch::async, [&] {
    v1::ClassifyResponse response;
    return native_->Classify(&context, ClassifyRequestOf({TestImage(0)}),
                             &response);
  });
  prepared_two_.wait();
  context.TryCancel();
  EXPECT_EQ(cancelled.get().error_code(), grpc::StatusCode::CANCELLED);
  // The client is told before the server knows.
  Await([this] { return FailedRequests() > 0; });
  control_->Release();
  EXPECT_TRUE(held.get().ok());
  EXPECT_TRUE(server_->Shutdown());
  EXPECT_THAT(control_->batch_sizes(), ElementsAre(1));
}

TEST_F(ClassifyServiceTest, AFailedExecutorIsAnErrorOfTheCall) {
  // Fails with every image but that of the probe.
  const uint8_t first_pixel = TestPixels(0)[0];
  control_->set_poison(first_pixel, absl::UnknownError("the device is gone"));
  EXPECT_EQ(
      Classify(ClassifyRequestOf({TestImage(0)}), &response_).error_code(),
      grpc::StatusCode::INTERNAL);
  control_->set_poison(first_pixel, absl::OkStatus());
  EXPECT_TRUE(Classify(ClassifyRequestOf({TestImage(0)}), &response_).ok());
}

TEST_F(ClassifyServiceTest, ListsItsModels) {
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  ASSERT_TRUE(native_->ListModels(&context, {}, &response).ok());
  ASSERT_EQ(response.models_size(), 2);
  EXPECT_EQ(response.models(1).name(), "vehicles");
  EXPECT_EQ(response.models(1).version(), "3");
  EXPECT_EQ(response.models(1).image_size(), kTestImageSize);
  EXPECT_THAT(response.models(1).class_names(),
              ElementsAre("plane", "ship", "truck"));
  EXPECT_TRUE(response.models(1).ready());
}

}  // namespace
}  // namespace moevit
