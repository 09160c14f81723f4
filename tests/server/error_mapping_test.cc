#include "server/error_mapping.h"

#include <string>

#include "absl/status/status.h"
#include "base/retry_after.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/google/rpc/status.pb.h"

namespace moevit {
namespace {

TEST(ErrorMappingTest, KeepsCodeAndMessage) {
  const grpc::Status status =
      ToGrpcStatus(absl::ResourceExhaustedError("the queue is full"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "the queue is full");
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(ErrorMappingTest, EveryCodeHasTheSameNumber) {
  for (int code = 1; code <= 16; ++code) {
    if (code == 2 || code == 15) continue;
    const absl::Status status(static_cast<absl::StatusCode>(code), "x");
    EXPECT_EQ(ToGrpcStatus(status).error_code(), code);
  }
}

TEST(ErrorMappingTest, FaultsOfTheServerAreInternal) {
  EXPECT_EQ(ToGrpcStatus(absl::UnknownError("x")).error_code(),
            grpc::StatusCode::INTERNAL);
  EXPECT_EQ(ToGrpcStatus(absl::DataLossError("x")).error_code(),
            grpc::StatusCode::INTERNAL);
  EXPECT_EQ(GrpcCodeName(absl::DataLossError("x")), "INTERNAL");
}

TEST(ErrorMappingTest, CutsMessagesToFitIntoMetadata) {
  const grpc::Status status =
      ToGrpcStatus(absl::NotFoundError(std::string(100'000, 'x')));
  EXPECT_EQ(status.error_message().size(), 1024);
}

TEST(ErrorMappingTest, WhenToTryAgainIsAmongTheDetails) {
  const grpc::Status status = ToGrpcStatus(WithRetryAfter(
      absl::ResourceExhaustedError("full"), absl::Milliseconds(2345)));
  EXPECT_EQ(status.error_message(), "full");
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(details.message(), "full");
  ASSERT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(),
            "type.googleapis.com/google.rpc.RetryInfo");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(0).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 2);
  EXPECT_EQ(retry.retry_delay().nanos(), 345'000'000);
  EXPECT_TRUE(ToGrpcStatus(absl::NotFoundError("x")).error_details().empty());
}

TEST(ErrorMappingTest, NamesCodesAsGrpcDoes) {
  EXPECT_EQ(GrpcCodeName(absl::OkStatus()), "OK");
  EXPECT_EQ(GrpcCodeName(absl::InvalidArgumentError("")), "INVALID_ARGUMENT");
}

TEST(QuotedTest, EscapesAndCutsWhatStrangersWrote) {
  EXPECT_EQ(Quoted("cat"), "'cat'");
  EXPECT_EQ(Quoted("a\n\x01'"), "'a\\n\\x01\\''");
  EXPECT_LT(Quoted(std::string(65536, 'x')).size(), 100);
}

}  // namespace
}  // namespace moevit
