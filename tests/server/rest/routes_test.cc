#include "server/rest/routes.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(RoutesTest, FindsTheServersEndpoints) {
  EXPECT_EQ(ParseRoute("/v2")->endpoint, RestEndpoint::kServerMetadata);
  EXPECT_EQ(ParseRoute("/v2/")->endpoint, RestEndpoint::kServerMetadata);
  EXPECT_EQ(ParseRoute("/v2/health/live")->endpoint, RestEndpoint::kServerLive);
  EXPECT_EQ(ParseRoute("/v2/health/ready")->endpoint,
            RestEndpoint::kServerReady);
  EXPECT_EQ(ParseRoute("/v2/models/stats")->endpoint,
            RestEndpoint::kStatistics);
}

TEST(RoutesTest, FindsTheEndpointsOfAModelAndOfAVersion) {
  const auto metadata = ParseRoute("/v2/models/vehicles");
  EXPECT_EQ(metadata->endpoint, RestEndpoint::kModelMetadata);
  EXPECT_EQ(metadata->model, "vehicles");
  EXPECT_EQ(metadata->version, "");
  const auto infer = ParseRoute("/v2/models/vehicles/infer");
  EXPECT_EQ(infer->endpoint, RestEndpoint::kInfer);
  const auto classify = ParseRoute("/v2/models/vehicles/versions/3/classify");
  EXPECT_EQ(classify->endpoint, RestEndpoint::kClassify);
  EXPECT_EQ(classify->model, "vehicles");
  EXPECT_EQ(classify->version, "3");
  EXPECT_EQ(ParseRoute("/v2/models/vehicles/versions/3")->endpoint,
            RestEndpoint::kModelMetadata);
}

TEST(RoutesTest, FindsTheEndpointsOfTheRepository) {
  EXPECT_EQ(ParseRoute("/v2/repository/index")->endpoint,
            RestEndpoint::kRepositoryIndex);
  const auto load = ParseRoute("/v2/repository/models/vehicles/load");
  EXPECT_EQ(load->endpoint, RestEndpoint::kModelLoad);
  EXPECT_EQ(load->model, "vehicles");
  const auto unload = ParseRoute("/v2/repository/models/a%2Fb/unload");
  EXPECT_EQ(unload->endpoint, RestEndpoint::kModelUnload);
  EXPECT_EQ(unload->model, "a/b");
  for (const RestEndpoint endpoint :
       {RestEndpoint::kRepositoryIndex, RestEndpoint::kModelLoad,
        RestEndpoint::kModelUnload}) {
    EXPECT_EQ(MethodOf(endpoint), "POST");
  }
}

TEST(RoutesTest, UndoesPercentEncodingWithinAPart) {
  EXPECT_EQ(ParseRoute("/v2/models/a%2Fb%20c/ready")->model, "a/b c");
  EXPECT_EQ(ParseRoute("/v2/models/..%2Fetc")->model, "../etc");
}

TEST(RoutesTest, ReadsTheQuery) {
  EXPECT_THAT(
      ParseRoute("/v2/models/m/classify?top_k=3&x=%26&flag")->query,
      ElementsAre(Pair("flag", ""), Pair("top_k", "3"), Pair("x", "&")));
}

TEST(RoutesTest, RefusesUnknownPaths) {
  for (const char* target :
       {"", "/", "v3", "/v2/health", "/v2/models", "/v2/models//infer",
        "/v2/models/m/train", "/v2/models/m/versions", "/v2/models/m/versions/",
        "/v2/repository", "/v2/repository/models",
        "/v2/repository/models//load", "/v2/repository/models/m",
        "/v2/repository/models/m/reload", "/v2/models/m/infer/more", "/metrics",
        "http://host/v2", "*"}) {
    EXPECT_EQ(ParseRoute(target).status().code(), absl::StatusCode::kNotFound)
        << target;
  }
}

TEST(RoutesTest, RefusesBrokenPercentEncoding) {
  for (const char* target :
       {"/v2/models/%", "/v2/models/%4", "/v2/models/%zz", "/v2?x=%"}) {
    EXPECT_EQ(ParseRoute(target).status().code(),
              absl::StatusCode::kInvalidArgument)
        << target;
  }
}

}  // namespace
}  // namespace moevit
