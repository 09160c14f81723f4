#include "server/http_pages.h"

#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/http_get.h"

namespace moevit {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// One server for all tests: it takes up to 2 s to stop.
class HttpPagesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::vector<HttpPage> pages;
    pages.push_back({.path = "/a",
                     .content_type = "text/plain",
                     .headers = {"X-Test: yes"},
                     .body = [] { return std::string("page a"); }});
    pages.push_back(
        {.path = "/", .content_type = "text/html", .headers = {}, .body = [] {
           return std::string("root");
         }});
    pages.push_back({.path = "/broken",
                     .content_type = "text/plain",
                     .headers = {},
                     .body = []() -> std::string { throw std::bad_alloc(); }});
    auto started =
        HttpPages::Start("127.0.0.1", 0, std::move(pages),
                         [](absl::string_view sent) { return sent != "no"; });
    ASSERT_TRUE(started.ok()) << started.status();
    pages_ = started->release();
  }
  static void TearDownTestSuite() { delete pages_; }

  static std::string Get(const std::string& path,
                         const std::string& headers = "") {
    return HttpGet(pages_->port(), path, headers);
  }

  static HttpPages* pages_;
};

HttpPages* HttpPagesTest::pages_ = nullptr;

TEST_F(HttpPagesTest, AnswersWithThePageAndItsHeaders) {
  const std::string answer = Get("/a");
  EXPECT_THAT(answer, HasSubstr("200 OK"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Test: yes\r\n"));
  EXPECT_THAT(answer, HasSubstr("nosniff"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\npage a"));
  EXPECT_THAT(Get("/"), EndsWith("\r\n\r\nroot"));
}

TEST_F(HttpPagesTest, OtherPathsAreNotFound) {
  for (const char* path : {"/b", "/a/b", "/a/", "/../etc/passwd"}) {
    EXPECT_THAT(Get(path), Not(HasSubstr("200 OK"))) << path;
  }
  EXPECT_THAT(Get("/b"), HasSubstr("404 Not Found"));
}

TEST_F(HttpPagesTest, AnExceptionIsAFaultOfItsPageOnly) {
  EXPECT_THAT(Get("/broken"), HasSubstr("500 Internal Server Error"));
  EXPECT_THAT(Get("/a"), HasSubstr("200 OK"));
}

TEST_F(HttpPagesTest, WhoeverIsNotAdmittedIsAskedForAPassword) {
  const std::string answer = Get("/a", "Authorization: no\r\n");
  EXPECT_THAT(answer, HasSubstr("401 Unauthorized"));
  EXPECT_THAT(answer, HasSubstr("WWW-Authenticate: Basic"));
  EXPECT_THAT(answer, Not(HasSubstr("page a")));
}

TEST_F(HttpPagesTest, NamesAnAddressThatIsInUse) {
  const absl::Status status =
      HttpPages::Start("127.0.0.1", pages_->port(), {}, nullptr).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("127.0.0.1:"));
}

}  // namespace
}  // namespace moevit
