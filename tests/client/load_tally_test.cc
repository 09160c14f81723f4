#include "client/load_tally.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr LoadWindow kShortWindow = {.warmup = absl::Seconds(1),
                                     .duration = absl::Seconds(4)};

// `due` and `finished` in seconds; sent 10 ms late.
LoadOutcome Outcome(double due, double finished,
                    absl::Status status = absl::OkStatus()) {
  return {.due = absl::Seconds(due),
          .sent = absl::Seconds(due) + absl::Milliseconds(10),
          .finished = absl::Seconds(finished),
          .status = std::move(status),
          .server = {}};
}

std::vector<absl::Duration> OneTo(int count) {
  std::vector<absl::Duration> samples;
  for (int i = 1; i <= count; ++i) samples.push_back(absl::Milliseconds(i));
  return samples;
}

TEST(LoadTallyTest, CountsLatencyFromWhenTheRequestWasDue) {
  LoadTally tally(kShortWindow);
  tally.Add(Outcome(2, 2.5));
  tally.Add(Outcome(3, 3.125));
  const LoadResult result = std::move(tally).Finish();
  EXPECT_THAT(result.latencies,
              ElementsAre(absl::Milliseconds(125), absl::Milliseconds(500)));
  EXPECT_THAT(result.send_delays,
              ElementsAre(absl::Milliseconds(10), absl::Milliseconds(10)));
}

TEST(LoadTallyTest, LeavesOutTheWarmUpButForTheAnswersItLeftBehind) {
  LoadTally tally(kShortWindow);
  tally.Add(Outcome(0.5, 0.9));
  tally.Add(Outcome(0.9, 1.1));  // arrives within the window
  tally.Add(Outcome(0.9, 1.2, absl::CancelledError("x")));
  tally.AddUnsent(absl::Seconds(0.95), "too many");
  const LoadResult result = std::move(tally).Finish();
  EXPECT_EQ(result.requests, 0);
  EXPECT_THAT(result.latencies, IsEmpty());
  EXPECT_EQ(result.errors_total(), 0);
  EXPECT_EQ(result.answers_within, 1);
  EXPECT_EQ(result.answers_per_second(), 0.25);
}

TEST(LoadTallyTest, KeepsLateAnswersButDoesNotCountThemAsAchieved) {
  LoadTally tally(kShortWindow);
  tally.Add(Outcome(4, 9));
  const LoadResult result = std::move(tally).Finish();
  EXPECT_THAT(result.latencies, ElementsAre(absl::Seconds(5)));
  EXPECT_EQ(result.answers_within, 0);
}

TEST(LoadTallyTest, CountsErrorsApartByCode) {
  LoadTally tally(kShortWindow);
  tally.Add(Outcome(2, 2.5, absl::ResourceExhaustedError("queue is full")));
  tally.Add(Outcome(2, 2.25, absl::ResourceExhaustedError("another")));
  tally.Add(Outcome(2, 2.1, absl::DeadlineExceededError("late")));
  tally.AddUnsent(absl::Seconds(2), "too many");
  const LoadResult result = std::move(tally).Finish();
  EXPECT_EQ(result.requests, 4);
  EXPECT_EQ(result.errors_total(), 4);
  EXPECT_THAT(result.latencies, IsEmpty());
  EXPECT_EQ(result.errors.at("RESOURCE_EXHAUSTED").count, 2);
  EXPECT_EQ(result.errors.at("RESOURCE_EXHAUSTED").first_message,
            "queue is full");
  EXPECT_THAT(result.errors.at("RESOURCE_EXHAUSTED").latencies,
              ElementsAre(absl::Milliseconds(250), absl::Milliseconds(500)));
  EXPECT_EQ(result.errors.at("DEADLINE_EXCEEDED").count, 1);
  EXPECT_EQ(result.errors.at("NOT_SENT").first_message, "too many");
  EXPECT_THAT(result.errors.at("NOT_SENT").latencies, IsEmpty());
}

TEST(LoadTallyTest, KeepsWhatAnswersTellOfTheServer) {
  LoadTally tally(kShortWindow);
  for (const int milliseconds : {3, 1}) {
    LoadOutcome outcome = Outcome(2, 2.5);
    outcome.server = {.decode = absl::Milliseconds(milliseconds),
                      .queue = absl::Milliseconds(10 * milliseconds),
                      .compute = absl::Milliseconds(100 * milliseconds)};
    tally.Add(outcome);
  }
  tally.Add(Outcome(2, 2.5));
  const LoadResult result = std::move(tally).Finish();
  EXPECT_THAT(result.decode_times,
              ElementsAre(absl::Milliseconds(1), absl::Milliseconds(3)));
  EXPECT_THAT(result.queue_times,
              ElementsAre(absl::Milliseconds(10), absl::Milliseconds(30)));
  EXPECT_THAT(result.compute_times,
              ElementsAre(absl::Milliseconds(100), absl::Milliseconds(300)));
}

TEST(LoadTallyTest, CountsErrorsAsLate) {
  LoadTally tally(kShortWindow);
  tally.Add(Outcome(2, 2.25));
  tally.Add(Outcome(2, 2.5));
  tally.Add(Outcome(2, 2.1, absl::ResourceExhaustedError("queue is full")));
  tally.AddUnsent(absl::Seconds(2), "too many");
  const LoadResult result = std::move(tally).Finish();
  EXPECT_EQ(result.PartLaterThan(absl::Milliseconds(250)), 0.75);
  EXPECT_EQ(result.PartLaterThan(absl::Seconds(1)), 0.5);
}

TEST(LoadTallyTest, NothingIsLaterThanTheBoundInAnEmptyRun) {
  const LoadResult result = LoadTally(kShortWindow).Finish();
  EXPECT_EQ(result.PartLaterThan(absl::Seconds(1)), 0);
  EXPECT_EQ(result.answers_per_second(), 0);
}

TEST(PercentileOfTest, IsTheNearestRank) {
  EXPECT_EQ(PercentileOf(OneTo(100), 0.5), absl::Milliseconds(50));
  EXPECT_EQ(PercentileOf(OneTo(100), 0.99), absl::Milliseconds(99));
  EXPECT_EQ(PercentileOf(OneTo(101), 0.99), absl::Milliseconds(100));
  EXPECT_EQ(PercentileOf(OneTo(7), 0.5), absl::Milliseconds(4));
  EXPECT_EQ(PercentileOf(OneTo(7), 1), absl::Milliseconds(7));
  EXPECT_EQ(PercentileOf(OneTo(1), 0.01), absl::Milliseconds(1));
}

TEST(SamplesForPercentileTest, AreTheFewestThatReachBeyondAlmostAlways) {
  EXPECT_EQ(SamplesForPercentile(0.5), 7);
  EXPECT_EQ(SamplesForPercentile(0.9), 44);
  EXPECT_EQ(SamplesForPercentile(0.99), 459);
}

TEST(HighestPercentileTest, IsTheOneThatSoManySamplesMayClaim) {
  EXPECT_LT(HighestPercentile(6), 0.5);
  EXPECT_GE(HighestPercentile(7), 0.5);
  EXPECT_LT(HighestPercentile(458), 0.99);
  EXPECT_GE(HighestPercentile(459), 0.99);
  EXPECT_NEAR(HighestPercentile(1), 0.01, 1e-12);
}

}  // namespace
}  // namespace moevit
