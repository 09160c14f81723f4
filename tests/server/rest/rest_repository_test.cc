// The repository API over HTTP, through connections.

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/server/rest/http_client.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kRestAdminToken[] = "admin-token-0123456789";
constexpr char kRestInferToken[] = "infer-token-0123456789";

class RestRepositoryTest : public ServerTest {
 protected:
  RestRepositoryTest() {
    options_.rest_port = 0;
    options_.model_control.mode = ModelControlMode::kExplicit;
  }

  std::string Ask(absl::string_view what, absl::string_view body = "",
                  absl::string_view headers = "") {
    return HttpClient(server_->rest_port())
        .Ask("POST", absl::StrCat("/v2/repository/", what), body, headers);
  }

  Json Index(absl::string_view body = "") {
    const std::string response = Ask("index", body);
    EXPECT_EQ(StatusOf(response), 200) << response;
    return Json::parse(BodyOf(response));
  }
};

TEST_F(RestRepositoryTest, LoadsShowsAndUnloads) {
  ASSERT_TRUE(StartServer().ok());
  EXPECT_EQ(Index(), Json::array());
  // As Triton's client sends them.
  EXPECT_EQ(StatusOf(Ask("models/vehicles/load", "{}")), 200);
  const Json loaded = Index(R"({"ready": true})");
  ASSERT_EQ(loaded.size(), 2);
  EXPECT_EQ(loaded[0]["name"], "vehicles");
  EXPECT_EQ(loaded[0]["version"], "1");
  EXPECT_EQ(loaded[0]["state"], "READY");
  EXPECT_EQ(StatusOf(Ask("models/vehicles/unload",
                         R"({"parameters":{"unload_dependents":false}})")),
            200);
  EXPECT_EQ(Index(R"({"ready": true})"), Json::array());
}

TEST_F(RestRepositoryTest, RefusesWhatItCannotDo) {
  ASSERT_TRUE(StartServer().ok());
  EXPECT_EQ(StatusOf(Ask("models/fish/load")), 404);
  EXPECT_EQ(StatusOf(Ask("models/..%2F..%2Fetc/load")), 404);
  EXPECT_EQ(StatusOf(Ask("models/vehicles/unload")), 404);
  const std::string parameter =
      Ask("models/vehicles/load", R"({"parameters":{"config":"{}"}})");
  EXPECT_EQ(StatusOf(parameter), 501);
  EXPECT_THAT(BodyOf(parameter), HasSubstr("'config'"));
  for (const std::string& body :
       {std::string("{"), std::string("[]"), std::string(R"({"ready":1})"),
        std::string(1000, '[')}) {
    EXPECT_EQ(StatusOf(Ask("index", body)), 400) << body;
  }
  EXPECT_EQ(StatusOf(Ask("index", std::string(100'000, ' '))), 429);
  EXPECT_EQ(StatusOf(HttpClient(server_->rest_port())
                         .Ask("GET",
                              "/v2/repository/"
                              "index")),
            405);
}

TEST_F(RestRepositoryTest, IsOffByDefault) {
  options_.model_control.mode = ModelControlMode::kNone;
  ASSERT_TRUE(StartServer().ok());
  for (const char* order : {"load", "unload"}) {
    const std::string refused = Ask(absl::StrCat("models/vehicles/", order));
    EXPECT_EQ(StatusOf(refused), 400);
    EXPECT_THAT(BodyOf(refused), HasSubstr("--model_control=explicit"));
  }
}

TEST_F(RestRepositoryTest, NeedsTheRoleOfAnAdministrator) {
  TemporaryDirectory files;
  options_.token_file = files.path() + "/tokens";
  ASSERT_TRUE(
      WriteFile(options_.token_file, absl::StrCat("infer ", kRestInferToken,
                                                  "\nadmin ", kRestAdminToken))
          .ok());
  std::filesystem::permissions(options_.token_file,
                               std::filesystem::perms::owner_read);
  ASSERT_TRUE(StartServer().ok());
  for (const char* what :
       {"index", "models/vehicles/load", "models/vehicles/unload"}) {
    EXPECT_EQ(StatusOf(Ask(what)), 401) << what;
    EXPECT_EQ(StatusOf(Ask(what, "",
                           absl::StrCat("Authorization: Bearer ",
                                        kRestInferToken, "\r\n"))),
              403)
        << what;
  }
  EXPECT_EQ(StatusOf(Ask("index", "",
                         absl::StrCat("Authorization: Bearer ", kRestAdminToken,
                                      "\r\n"))),
            200);
}

}  // namespace
}  // namespace moevit
