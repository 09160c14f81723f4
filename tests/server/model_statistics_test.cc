#include "server/model_statistics.h"

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1000);

TEST(ModelStatisticsTest, StartsAtZero) {
  const ModelStatistics::Snapshot totals = ModelStatistics().snapshot();
  EXPECT_EQ(totals.images, 0);
  EXPECT_EQ(totals.success.count, 0);
  EXPECT_EQ(totals.last_inference, absl::UnixEpoch());
}

TEST(ModelStatisticsTest, CountsRequestsByOutcome) {
  ModelStatistics statistics;
  statistics.RecordRequest(/*success=*/true, absl::Milliseconds(3));
  statistics.RecordRequest(/*success=*/true, absl::Milliseconds(4));
  statistics.RecordRequest(/*success=*/false, absl::Milliseconds(1));
  const ModelStatistics::Snapshot totals = statistics.snapshot();
  EXPECT_EQ(totals.success.count, 2);
  EXPECT_EQ(totals.success.duration, absl::Milliseconds(7));
  EXPECT_EQ(totals.failure.count, 1);
  EXPECT_EQ(totals.failure.duration, absl::Milliseconds(1));
}

TEST(ModelStatisticsTest, CountsBatchesBySize) {
  ModelStatistics statistics;
  BatchReport report;
  report.images = 4;
  report.compute = absl::Milliseconds(8);
  statistics.RecordBatch(report, kNow);
  statistics.RecordBatch(report, kNow);
  report.images = 1;
  statistics.RecordBatch(report, kNow);
  const ModelStatistics::Snapshot totals = statistics.snapshot();
  EXPECT_EQ(totals.images, 9);
  EXPECT_EQ(totals.batches, 3);
  EXPECT_EQ(totals.last_inference, kNow);
  EXPECT_EQ(totals.compute_by_batch_size.at(4).count, 2);
  EXPECT_EQ(totals.compute_by_batch_size.at(4).duration,
            absl::Milliseconds(16));
}

TEST(ModelStatisticsTest, AFailedBatchIsNoInference) {
  ModelStatistics statistics;
  BatchReport report;
  report.images = 4;
  report.status = absl::InternalError("the device is gone");
  statistics.RecordBatch(report, kNow);
  EXPECT_EQ(statistics.snapshot().batches, 0);
  EXPECT_EQ(statistics.snapshot().images, 0);
}

TEST(ModelStatisticsTest, AddsTheStagesOfImages) {
  ModelStatistics statistics;
  ImageResult result;
  result.decode = absl::Milliseconds(1);
  result.queue = absl::Milliseconds(2);
  result.compute = absl::Milliseconds(3);
  statistics.RecordImage(result);
  statistics.RecordImage(result);
  const ModelStatistics::Snapshot totals = statistics.snapshot();
  EXPECT_EQ(totals.decode.duration, absl::Milliseconds(2));
  EXPECT_EQ(totals.queue.count, 2);
  EXPECT_EQ(totals.compute.duration, absl::Milliseconds(6));
}

}  // namespace
}  // namespace moevit
