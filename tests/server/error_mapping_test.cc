#include "server/error_mapping.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

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
