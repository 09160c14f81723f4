#include "scheduler/simulation/random_routing.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

// How often each expert of layer 0 is chosen.
std::vector<int32_t> Loads(RandomRouting& routing, int experts, int images) {
  std::vector<int32_t> first(experts + 1);
  routing.Draw(/*layer=*/0, images, absl::MakeSpan(first));
  std::vector<int32_t> loads;
  loads.reserve(experts);
  for (int e = 0; e < experts; ++e) loads.push_back(first[e + 1] - first[e]);
  return loads;
}

TEST(RandomRoutingTest, PlacesEveryAssignment) {
  RandomRouting routing(
      {.layers = 2, .experts = 7, .top_k = 3, .tokens = 11, .zipf = 1.5}, 1, 0);
  std::vector<int32_t> first(8);
  for (int images = 1; images < 20; ++images) {
    routing.Draw(/*layer=*/1, images, absl::MakeSpan(first));
    EXPECT_EQ(first.front(), 0);
    EXPECT_EQ(first.back(), images * 11 * 3);
    EXPECT_TRUE(std::is_sorted(first.begin(), first.end()));
  }
}

TEST(RandomRoutingTest, FollowsTheLawOfZipf) {
  RandomRouting routing(
      {.layers = 1, .experts = 4, .top_k = 1, .tokens = 1000, .zipf = 1}, 1, 0);
  std::vector<int32_t> loads = Loads(routing, 4, 1000);
  std::sort(loads.begin(), loads.end(), std::greater<>());
  // Of a million assignments each standard deviation is below 500.
  const double unit = 1e6 / (1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4);
  for (int rank = 1; rank <= 4; ++rank) {
    EXPECT_NEAR(loads[rank - 1], unit / rank, 2500);
  }
}

TEST(RandomRoutingTest, OneExpertGetsAll) {
  RandomRouting routing({.layers = 1, .experts = 1, .top_k = 1, .tokens = 5}, 1,
                        0);
  EXPECT_EQ(Loads(routing, 1, 3)[0], 15);
}

TEST(RandomRoutingTest, StreamsDifferButHaveTheSamePopularExperts) {
  const RoutingOptions options = {.layers = 1, .experts = 9, .zipf = 2};
  RandomRouting one(options, 1, 0);
  RandomRouting same(options, 1, 0);
  RandomRouting other(options, 1, 1);
  const std::vector<int32_t> loads = Loads(one, 9, 5);
  const std::vector<int32_t> other_loads = Loads(other, 9, 5);
  EXPECT_EQ(loads, Loads(same, 9, 5));
  EXPECT_NE(loads, other_loads);
  const auto most = [](const std::vector<int32_t>& all) {
    return std::max_element(all.begin(), all.end()) - all.begin();
  };
  EXPECT_EQ(most(loads), most(other_loads));
}

TEST(RandomRoutingTest, NamesTheOptionThatIsOutOfRange) {
  const auto error = [](const RoutingOptions& options) {
    return std::string(options.Validate().message());
  };
  EXPECT_THAT(error({.layers = -1}), HasSubstr("layers is -1"));
  EXPECT_THAT(error({.experts = 0}), HasSubstr("experts is 0"));
  EXPECT_THAT(error({.experts = 3, .top_k = 4}),
              HasSubstr("top_k is 4; it must be in [1, 3]"));
  EXPECT_THAT(error({.tokens = 0}), HasSubstr("tokens is 0"));
  EXPECT_THAT(error({.zipf = -0.5}), HasSubstr("zipf is -0.5"));
  EXPECT_TRUE(RoutingOptions().Validate().ok());
}

}  // namespace
}  // namespace moevit
