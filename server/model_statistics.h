// What a model has done since the server started, as the Open Inference
// Protocol's statistics extension reports it.

#ifndef MOEVIT_SERVER_MODEL_STATISTICS_H_
#define MOEVIT_SERVER_MODEL_STATISTICS_H_

#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "scheduler/batch_runner.h"
#include "scheduler/image_task.h"

namespace moevit {

// Thread safe.
class ModelStatistics {
 public:
  // How often something happened and how long it took together.
  struct Total {
    int64_t count = 0;
    absl::Duration duration;

    void Add(absl::Duration one) {
      ++count;
      duration += one;
    }
  };

  struct Snapshot {
    absl::Time last_inference = absl::UnixEpoch();
    int64_t images = 0;   // in successful batches
    int64_t batches = 0;  // successful
    Total success;        // requests
    Total failure;        // requests
    Total decode;         // images
    Total queue;          // images
    Total compute;        // images, each with the duration of its batch
    std::map<int, Total> compute_by_batch_size;  // batches
  };

  void RecordRequest(bool success, absl::Duration duration);
  void RecordImage(const ImageResult& result);
  void RecordBatch(const BatchReport& report, absl::Time now);

  Snapshot snapshot() const;

 private:
  mutable Mutex mutex_;
  Snapshot totals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_MODEL_STATISTICS_H_
