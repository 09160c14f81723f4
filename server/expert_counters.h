// How many tokens each expert of a model received, for Prometheus.

#ifndef MOEVIT_SERVER_EXPERT_COUNTERS_H_
#define MOEVIT_SERVER_EXPERT_COUNTERS_H_

#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "kernels/executor.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"

namespace moevit {

// Thread safe.
class ExpertCounters {
 public:
  // `family` must outlive this. The counters have `labels` and those of the
  // layer, counted from 0 among the sparse ones, and of the expert.
  ExpertCounters(prometheus::Family<prometheus::Counter>* family,
                 const prometheus::Labels& labels)
      : family_(family), labels_(labels) {}

  void Add(const ExpertLoad& load);

 private:
  prometheus::Family<prometheus::Counter>* const family_;
  const prometheus::Labels labels_;

  Mutex mutex_;
  // [layer][expert]; looking them up by label takes too long.
  std::vector<std::vector<prometheus::Counter*>> counters_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_EXPERT_COUNTERS_H_
