#include "server/model_statistics.h"

namespace moevit {

void ModelStatistics::RecordRequest(bool success, absl::Duration duration) {
  MutexLock lock(&mutex_);
  (success ? totals_.success : totals_.failure).Add(duration);
}

void ModelStatistics::RecordImage(const ImageResult& result) {
  MutexLock lock(&mutex_);
  totals_.decode.Add(result.decode);
  totals_.queue.Add(result.queue);
  totals_.compute.Add(result.compute);
}

void ModelStatistics::RecordBatch(const BatchReport& report, absl::Time now) {
  if (!report.status.ok()) return;
  MutexLock lock(&mutex_);
  totals_.last_inference = now;
  totals_.images += report.images;
  ++totals_.batches;
  totals_.compute_by_batch_size[report.images].Add(report.compute);
}

ModelStatistics::Snapshot ModelStatistics::snapshot() const {
  MutexLock lock(&mutex_);
  return totals_;
}

}  // namespace moevit
