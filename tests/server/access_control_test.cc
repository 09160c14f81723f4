#include "server/access_control.h"

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/token_file.h"
#include "tests/server/temporary_directory.h"

namespace moevit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr char kInferToken[] = "infer-token-0123456789";
constexpr char kAdminToken[] = "admin+token/9876543210==";

absl::Status ParseError(const std::string& text) {
  return ParseTokens(text).status();
}

TEST(ParseTokensTest, TakesCommentsEmptyLinesAndTabs) {
  const auto tokens =
      ParseTokens(absl::StrCat("# roles  token\n\n  infer,metrics\t",
                               kInferToken, "\r\nmetrics anonymous\n"));
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  ASSERT_EQ(tokens->grants.size(), 1);
  EXPECT_TRUE(tokens->grants[0].roles.Has(Role::kInfer));
  EXPECT_TRUE(tokens->grants[0].roles.Has(Role::kMetrics));
  EXPECT_FALSE(tokens->grants[0].roles.Has(Role::kAdmin));
  EXPECT_TRUE(tokens->anonymous.Has(Role::kMetrics));
  EXPECT_FALSE(tokens->anonymous.Has(Role::kInfer));
}

TEST(ParseTokensTest, NamesTheLineButNeverWhatItSays) {
  for (const std::string& line :
       {absl::StrCat("root ", kInferToken),
        absl::StrCat("infer, ", kInferToken),
        absl::StrCat(kInferToken, " infer"), std::string(kInferToken),
        absl::StrCat("infer ", kInferToken, " extra"),
        absl::StrCat("infer ", kInferToken, "\x01"),
        absl::StrCat("infer ", std::string(513, 'a'))}) {
    const absl::Status error = ParseError(absl::StrCat("# first\n", line));
    EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr("line 2"), Not(HasSubstr("0123456789"))));
  }
}

TEST(ParseTokensTest, RefusesTokensThatCanBeGuessed) {
  EXPECT_THAT(ParseError("infer 012345678901234").message(),
              HasSubstr("15 characters, 16 to 512 are admitted"));
}

TEST(ParseTokensTest, RefusesATokenGivenTwice) {
  EXPECT_THAT(
      ParseError(absl::StrCat("infer ", kInferToken, "\nadmin ", kInferToken))
          .message(),
      HasSubstr("line 2 has a token that was given before"));
}

class AccessControlTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) {
    ASSERT_TRUE(WriteFile(path_, text).ok());
    fs::permissions(path_, fs::perms::owner_read | fs::perms::owner_write);
  }

  void LoadBoth() {
    Write(absl::StrCat("infer ", kInferToken, "\ninfer,admin ", kAdminToken));
    ASSERT_TRUE(access_.LoadTokens(path_).ok());
  }

  absl::StatusCode Check(Role role, absl::string_view authorization) {
    return access_.Check(role, authorization).code();
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/tokens";
  AccessControl access_;
};

TEST_F(AccessControlTest, AdmitsEverybodyWithoutAFile) {
  EXPECT_EQ(Check(Role::kAdmin, ""), absl::StatusCode::kOk);
  EXPECT_EQ(Check(Role::kInfer, "Bearer what"), absl::StatusCode::kOk);
}

TEST_F(AccessControlTest, AdmitsATokenToItsRoles) {
  LoadBoth();
  EXPECT_EQ(Check(Role::kInfer, absl::StrCat("Bearer ", kInferToken)),
            absl::StatusCode::kOk);
  EXPECT_EQ(Check(Role::kAdmin, absl::StrCat("bearer  ", kAdminToken)),
            absl::StatusCode::kOk);
}

TEST_F(AccessControlTest, RefusesATokenItsOtherRoles) {
  LoadBoth();
  const absl::Status error =
      access_.Check(Role::kAdmin, absl::StrCat("Bearer ", kInferToken));
  EXPECT_EQ(error.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("admin"), Not(HasSubstr(kInferToken))));
}

TEST_F(AccessControlTest, DoesNotKnowCallersWithoutATokenOfTheFile) {
  LoadBoth();
  for (const std::string& authorization :
       {std::string(), std::string("Bearer"), std::string("Bearer "),
        std::string(kInferToken), absl::StrCat("Basic ", kInferToken),
        absl::StrCat("Bearer ", kInferToken, "x"),
        absl::StrCat("Bearer ", std::string(kInferToken).substr(1)),
        absl::StrCat("Bearer ", kInferToken, std::string(1, '\0')),
        std::string("Bearer anonymous")}) {
    const absl::Status error = access_.Check(Role::kInfer, authorization);
    EXPECT_EQ(error.code(), absl::StatusCode::kUnauthenticated)
        << authorization;
    EXPECT_THAT(error.message(), Not(HasSubstr("0123456789")));
  }
}

TEST_F(AccessControlTest, AdmitsAnonymousCallersToWhatTheFileSays) {
  Write(absl::StrCat("metrics anonymous\ninfer ", kInferToken));
  ASSERT_TRUE(access_.LoadTokens(path_).ok());
  EXPECT_EQ(Check(Role::kMetrics, ""), absl::StatusCode::kOk);
  EXPECT_EQ(Check(Role::kInfer, ""), absl::StatusCode::kUnauthenticated);
}

TEST_F(AccessControlTest, AdmitsNobodyWithAnEmptyFile) {
  Write("");
  ASSERT_TRUE(access_.LoadTokens(path_).ok());
  EXPECT_EQ(Check(Role::kMetrics, ""), absl::StatusCode::kUnauthenticated);
}

TEST_F(AccessControlTest, TellsWhetherTheFileChanged) {
  LoadBoth();
  EXPECT_FALSE(*access_.LoadTokens(path_));
  Write(absl::StrCat("infer ", kInferToken));
  EXPECT_TRUE(*access_.LoadTokens(path_));
}

TEST_F(AccessControlTest, ForgetsTokensThatLeftTheFile) {
  LoadBoth();
  Write(absl::StrCat("infer ", kAdminToken));
  ASSERT_TRUE(access_.LoadTokens(path_).ok());
  EXPECT_EQ(Check(Role::kInfer, absl::StrCat("Bearer ", kInferToken)),
            absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(Check(Role::kAdmin, absl::StrCat("Bearer ", kAdminToken)),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(AccessControlTest, KeepsWhatItHasWhenTheFileIsWrong) {
  LoadBoth();
  Write("infer short");
  const absl::Status error = access_.LoadTokens(path_).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(error.message(), HasSubstr(path_));
  EXPECT_EQ(Check(Role::kInfer, absl::StrCat("Bearer ", kInferToken)),
            absl::StatusCode::kOk);
}

TEST_F(AccessControlTest, NamesAMissingFile) {
  const absl::Status error = access_.LoadTokens(path_).status();
  EXPECT_EQ(error.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(error.message(), HasSubstr(path_));
}

TEST_F(AccessControlTest, RefusesAFileThatOthersMayReadOrChange) {
  LoadBoth();
  for (const fs::perms perms : {fs::perms::others_read, fs::perms::others_write,
                                fs::perms::group_write}) {
    fs::permissions(path_, fs::perms::owner_all | perms);
    const absl::Status error = access_.LoadTokens(path_).status();
    EXPECT_EQ(error.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(error.message(), HasSubstr("has mode 07"));
  }
  fs::permissions(path_, fs::perms::owner_read | fs::perms::group_read);
  EXPECT_TRUE(access_.LoadTokens(path_).ok());
}

}  // namespace
}  // namespace moevit
