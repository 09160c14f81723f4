// ClassifyStream and ModelStreamInfer, through connections.

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "tests/server/gate.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// The image "slow" waits at a gate in its decoder.
class StreamTest : public ServerTest {
 protected:
  using Stream = grpc::ClientReaderWriter<v1::ClassifyStreamRequest,
                                          v1::ClassifyStreamResponse>;

  StreamTest() {
    options_.pipeline.decode_threads = 2;
    options_.max_stream_requests = 4;
    dependencies_.prepare_image = [this](absl::string_view encoded,
                                         const ModelConfig& config) {
      if (encoded == "slow") {
        slow_.Pass();
        return PrepareTestImage(TestImage(2), config);
      }
      fast_.Pass();
      return PrepareTestImage(encoded, config);
    };
  }

  ~StreamTest() override {
    slow_.Open();
    control_->Release();
  }

  void SetUp() override {
    ASSERT_TRUE(StartServer().ok());
    stream_ = native_->ClassifyStream(&context_);
  }

  static v1::ClassifyStreamRequest RequestOf(const std::string& id,
                                             const std::string& image) {
    v1::ClassifyStreamRequest request;
    request.set_image_id(id);
    request.set_image(image);
    return request;
  }

  v1::ClassifyStreamResponse Next() {
    v1::ClassifyStreamResponse response;
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }

  Gate slow_;
  Gate fast_;
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
};

TEST_F(StreamTest, AnswersEachImageWithItsId) {
  for (int i = 0; i < 3; ++i) {
    stream_->Write(RequestOf(std::to_string(i), TestImage(i)));
  }
  stream_->WritesDone();
  std::map<std::string, std::string> labels;
  for (int i = 0; i < 3; ++i) {
    const v1::ClassifyStreamResponse answer = Next();
    EXPECT_EQ(answer.model_name(), "vehicles");
    EXPECT_EQ(answer.model_version(), "3");
    labels[answer.image_id()] =
        answer.result().classification().classes(0).label();
  }
  const std::map<std::string, std::string> expected = {
      {"0", "plane"}, {"1", "ship"}, {"2", "truck"}};
  EXPECT_EQ(labels, expected);
  v1::ClassifyStreamResponse none;
  EXPECT_FALSE(stream_->Read(&none));
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(StreamTest, EndsWellWithoutAnyImage) {
  stream_->WritesDone();
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(StreamTest, ErrorsAreAnswersAndTheStreamGoesOn) {
  stream_->Write(RequestOf("junk", "not an image"));
  EXPECT_EQ(Next().result().error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  auto request = RequestOf("fish", TestImage(0));
  request.set_model_name("fish");
  stream_->Write(request);
  const v1::ClassifyStreamResponse answer = Next();
  EXPECT_EQ(answer.image_id(), "fish");
  EXPECT_EQ(answer.result().error().code(), grpc::StatusCode::NOT_FOUND);
  request = RequestOf("negative", TestImage(0));
  request.set_top_k(-1);
  stream_->Write(request);
  EXPECT_EQ(Next().result().error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  stream_->Write(RequestOf("good", TestImage(1)));
  EXPECT_TRUE(Next().result().has_classification());
  stream_->WritesDone();
  EXPECT_TRUE(stream_->Finish().ok());
}

TEST_F(StreamTest, AnswersComeAsTheyFinish) {
  slow_.Close();
  stream_->Write(RequestOf("first", "slow"));
  slow_.AwaitArrivals(1);
  stream_->Write(RequestOf("second", TestImage(1)));
  EXPECT_EQ(Next().image_id(), "second");
  slow_.Open();
  EXPECT_EQ(Next().image_id(), "first");
}

TEST_F(StreamTest, AnImageHasATimeLimitOfItsOwn) {
  control_->Hold();
  auto request = RequestOf("urgent", TestImage(0));
  request.mutable_time_limit()->set_nanos(30'000'000);
  stream_->Write(request);
  const v1::ClassifyStreamResponse answer = Next();
  EXPECT_EQ(answer.image_id(), "urgent");
  EXPECT_EQ(answer.result().error().code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  control_->Release();
  stream_->Write(RequestOf("patient", TestImage(0)));
  EXPECT_TRUE(Next().result().has_classification());
}

TEST_F(StreamTest, CancellingTheStreamCancelsItsImages) {
  control_->Hold();
  for (int i = 0; i < 3; ++i) stream_->Write(RequestOf("", TestImage(0)));
  control_->AwaitBatches(1);
  fast_.AwaitArrivals(3);
  context_.TryCancel();
  EXPECT_EQ(stream_->Finish().error_code(), grpc::StatusCode::CANCELLED);
  // The executor is still blocked, and keeps nobody.
  Await([this] { return FailedRequests() == 3; });
  control_->Release();
}

TEST_F(StreamTest, AnIdleStreamDoesNotHoldUpTheShutdown) {
  stream_->Write(RequestOf("", TestImage(0)));
  Next();
  EXPECT_TRUE(server_->Shutdown());
  v1::ClassifyStreamResponse none;
  EXPECT_FALSE(stream_->Read(&none));
  EXPECT_FALSE(stream_->Finish().ok());
}

TEST_F(StreamTest, AcceptedImagesAreAnsweredBeforeTheShutdown) {
  control_->Hold();
  stream_->Write(RequestOf("last", TestImage(0)));
  control_->AwaitBatches(1);
  auto stopped =
      std::async(std::launch::async, [this] { return server_->Shutdown(); });
  control_->Release();
  EXPECT_TRUE(Next().result().has_classification());
  EXPECT_TRUE(stopped.get());
}

// Ids are large, so that answers nobody reads fill the connection.
TEST_F(StreamTest, R19ASlowReaderHoldsUpNobodyElse) {
  // Far more than the stream, the connection and the system's buffers take.
  constexpr int kImages = 100;
  // What others get done while the stream stands still, and it stands for good.
  constexpr int kOthers = 50;
  const std::string large_id(512 << 10, 'x');
  std::atomic<int> written = 0;
  auto writer = std::async(std::launch::async, [&] {
    while (written < kImages &&
           stream_->Write(RequestOf(large_id, TestImage(0)))) {
      ++written;
    }
  });
  fast_.AwaitArrivals(options_.max_stream_requests);
  int last = 0;
  for (int others = 0; written < kImages && others < kOthers; ++others) {
    v1::ClassifyResponse response;
    ASSERT_TRUE(Classify(ClassifyRequestOf({TestImage(1)}), &response).ok());
    const int now = written;
    if (std::exchange(last, now) != now) others = 0;
  }
  EXPECT_LT(written, kImages) << "the server reads on from who does not read";
  context_.TryCancel();
  writer.wait();
  EXPECT_FALSE(stream_->Finish().ok());
}

class ModelStreamTest : public ServerTest {
 protected:
  void SetUp() override { ASSERT_TRUE(StartServer().ok()); }
};

TEST_F(ModelStreamTest, AnswersWithIdsAndErrorMessagesAsTritonDoes) {
  grpc::ClientContext context;
  auto stream = open_->ModelStreamInfer(&context);
  inference::ModelInferRequest request = InferRequestOf(TestImage(2));
  request.set_id("good");
  stream->Write(request);
  inference::ModelStreamInferResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_THAT(response.error_message(), IsEmpty());
  EXPECT_EQ(response.infer_response().id(), "good");
  EXPECT_EQ(response.infer_response().model_version(), "3");
  EXPECT_EQ(response.infer_response().raw_output_contents_size(), 1);

  request = InferRequestOf("junk");
  request.set_id("bad image");
  stream->Write(request);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_THAT(response.error_message(), HasSubstr("image 0: "));
  EXPECT_EQ(response.infer_response().id(), "bad image");
  EXPECT_EQ(response.infer_response().outputs_size(), 0);

  request.set_model_name("fish");
  request.set_id("bad model");
  stream->Write(request);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_THAT(response.error_message(), HasSubstr("fish"));
  EXPECT_EQ(response.infer_response().id(), "bad model");
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace moevit
