// Exceptions where nobody expects them, above all for want of memory, through
// connections: they end what was being done, and not the server. Those in
// decoders and executors are in reliability_test.cc.

#include <atomic>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "scheduler/clock.h"
#include "tests/base/allocation_faults.h"
#include "tests/server/rest/http_client.h"
#include "tests/server/test_model.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

// Of strings that the server copies; nothing else has just this size.
constexpr size_t kOddBytes = 77'777;
constexpr size_t kOddSlack = 200;

class ExceptionTest : public ServerTest {
 protected:
  // The version whose directory ends so is read by `read` instead.
  template <typename Read>
  void ReplaceRead(absl::string_view ending, Read read) {
    dependencies_.read_model =
        [ending = std::string(ending),
         read](const std::string& directory) -> absl::StatusOr<QuantizedModel> {
      if (absl::EndsWith(directory, ending)) return read();
      return TestModel();
    };
    options_.model_control.exit_on_error = false;
  }

  grpc::Status ListModels() {
    grpc::ClientContext context;
    v1::ListModelsResponse response;
    return native_->ListModels(&context, {}, &response);
  }

  grpc::Status Index(inference::RepositoryIndexResponse* response) {
    grpc::ClientContext context;
    return open_->RepositoryIndex(&context, {}, response);
  }

  grpc::Status ClassifyOne() {
    v1::ClassifyResponse response;
    return Classify(ClassifyRequestOf({TestImage(1)}), &response);
  }
};

TEST_F(ExceptionTest, InAMethodWithOneAnswerIsItsAnswer) {
  ReplaceRead("/3", [] {
    QuantizedModel model = TestModel();
    model.config.class_names[0] = std::string(kOddBytes, 'x');
    return model;
  });
  ASSERT_TRUE(StartServer().ok());
  {
    const AllocationFaults faults(
        AllocationsOf(kOddBytes, kOddBytes + kOddSlack));
    const grpc::Status status = ListModels();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(status.error_message(), HasSubstr("not enough memory"));
  }
  EXPECT_TRUE(ListModels().ok());
}

TEST_F(ExceptionTest, InTheRepositorysIndexIsItsAnswer) {
  options_.rest_port = 0;
  ReplaceRead("/3", []() -> absl::StatusOr<QuantizedModel> {
    return absl::DataLossError(std::string(kOddBytes, 'x'));
  });
  EXPECT_FALSE(StartServer().ok());
  inference::RepositoryIndexResponse index;
  const auto ask_rest = [this] {
    return StatusOf(
        HttpClient(server_->rest_port()).Ask("POST", "/v2/repository/index"));
  };
  {
    const AllocationFaults faults(
        AllocationsOf(kOddBytes, kOddBytes + kOddSlack));
    EXPECT_EQ(Index(&index).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(ask_rest(), 429);
  }
  EXPECT_TRUE(Index(&index).ok());
  EXPECT_EQ(ask_rest(), 200);
}

// Whether this thread has asked for the time: gRPC has handed it to the server.
thread_local bool asked_for_time = false;

class MarkingClock final : public Clock {
 public:
  absl::Time Now() override {
    asked_for_time = true;
    return Real()->Now();
  }
  void WaitUntil(Mutex* mutex, CondVar* changed, absl::Time deadline) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    Real()->WaitUntil(mutex, changed, deadline);
  }
};

class StreamExceptionTest : public ExceptionTest {
 protected:
  void SetUp() override {
    static MarkingClock clock;
    dependencies_.clock = &clock;
    ASSERT_TRUE(StartServer().ok());
    asked_for_time = false;  // This thread is a client's from now on.
    stream_ = native_->ClassifyStream(&context_);
    request_.set_image(TestImage(1));
    request_.set_image_id(std::string(kOddBytes, 'x'));
  }

  // The server's first `count` copies of the id.
  std::function<bool(size_t)> CopiesOfTheId(int count) {
    return [this, count, odd = AllocationsOf(kOddBytes, kOddBytes + kOddSlack)](
               size_t bytes) {
      return asked_for_time && odd(bytes) && ++copies_ <= count;
    };
  }

  std::atomic<int> copies_ = 0;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ClassifyStreamRequest,
                                           v1::ClassifyStreamResponse>>
      stream_;
  v1::ClassifyStreamRequest request_;
  v1::ClassifyStreamResponse response_;
};

TEST_F(StreamExceptionTest, InARequestIsItsAnswer) {
  {
    const AllocationFaults faults(CopiesOfTheId(1));
    stream_->Write(request_);
    ASSERT_TRUE(stream_->Read(&response_));
  }
  EXPECT_EQ(response_.result().error().code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  stream_->Write(request_);
  ASSERT_TRUE(stream_->Read(&response_));
  EXPECT_TRUE(response_.result().has_classification());
  stream_->WritesDone();
  EXPECT_TRUE(stream_->Finish().ok());
}

// The answer to a request that failed has the id, too.
TEST_F(StreamExceptionTest, InItsAnswerTooEndsTheStream) {
  {
    const AllocationFaults faults(CopiesOfTheId(2));
    stream_->Write(request_);
    EXPECT_FALSE(stream_->Read(&response_));
  }
  EXPECT_EQ(stream_->Finish().error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(ClassifyOne().ok());
}

TEST_F(ExceptionTest, WhileAModelIsLoadedLeavesTheOthersServed) {
  ReplaceRead(
      "/3", []() -> absl::StatusOr<QuantizedModel> { throw std::bad_alloc(); });
  EXPECT_EQ(StartServer().code(), absl::StatusCode::kResourceExhausted);
  inference::RepositoryIndexResponse index;
  ASSERT_TRUE(Index(&index).ok());
  ASSERT_EQ(index.models_size(), 2);
  EXPECT_EQ(index.models(0).state(), "READY");
  EXPECT_EQ(index.models(1).state(), "UNAVAILABLE");
  EXPECT_THAT(index.models(1).reason(),
              HasSubstr("not enough memory to load version 3"));
  EXPECT_TRUE(ClassifyOne().ok());
}

TEST_F(ExceptionTest, WhileAnExecutorIsMadeIsTheErrorOfTheLoad) {
  options_.model_control.mode = ModelControlMode::kExplicit;
  dependencies_.new_executor =
      [](const DeviceSpec&,
         const Program*) -> absl::StatusOr<std::unique_ptr<Executor>> {
    throw std::runtime_error("not foreseen");
  };
  ASSERT_TRUE(StartServer().ok());
  grpc::ClientContext context;
  inference::RepositoryModelLoadRequest request;
  request.set_model_name("vehicles");
  inference::RepositoryModelLoadResponse response;
  const grpc::Status status =
      open_->RepositoryModelLoad(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(status.error_message(), HasSubstr("not foreseen"));
}

}  // namespace
}  // namespace moevit
