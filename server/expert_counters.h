// What the experts of a model did, for Prometheus.

#ifndef MOEVIT_SERVER_EXPERT_COUNTERS_H_
#define MOEVIT_SERVER_EXPERT_COUNTERS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "kernels/executor.h"
#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace moevit {

// The metrics of all models; see ExpertLoad for what they count.
struct ExpertFamilies {
  explicit ExpertFamilies(prometheus::Registry& registry);

  // By layer, counted from 0 among the sparse ones, and expert.
  prometheus::Family<prometheus::Counter>& tokens;

  // By device that executes batches.
  prometheus::Family<prometheus::Counter>& bytes;
  prometheus::Family<prometheus::Gauge>& imbalance;

  // By device too, where several share the experts by each of them.
  prometheus::Family<prometheus::Counter>& loads;
  prometheus::Family<prometheus::Counter>& misses;
  prometheus::Family<prometheus::Counter>& moved_bytes;
  prometheus::Family<prometheus::Counter>& rows;
  prometheus::Family<prometheus::Counter>& rows_in_tiles;
  prometheus::Family<prometheus::Counter>& losses;
  prometheus::Family<prometheus::Gauge>& lost;
};

// Of one model. Thread safe.
class ExpertCounters {
 public:
  // `families` must outlive this. What is counted has `labels` besides its own.
  ExpertCounters(ExpertFamilies* families, const prometheus::Labels& labels)
      : families_(*families), labels_(labels) {}

  // Adds a batch that `device` ran.
  void Add(const std::string& device, const ExpertLoad& load);

  // [layer][expert]: how many tokens it received.
  std::vector<std::vector<int64_t>> tokens() const;

 private:
  struct BatchCounters {
    prometheus::Counter* bytes;
    prometheus::Gauge* imbalance;
  };
  struct DeviceCounters {
    prometheus::Counter* loads;
    prometheus::Counter* misses;
    prometheus::Counter* moved_bytes;
    prometheus::Counter* rows;
    prometheus::Counter* rows_in_tiles;
    prometheus::Counter* losses;
    prometheus::Gauge* lost;
  };

  void AddTokens(const ExpertLoad& load) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddBatch(const std::string& device, const ExpertLoad& load)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddDevice(const ExpertDeviceLoad& load)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  prometheus::Labels With(const std::string& device) const;

  ExpertFamilies& families_;
  const prometheus::Labels labels_;

  mutable Mutex mutex_;
  // Looking them up by label takes too long. [layer][expert]
  std::vector<std::vector<prometheus::Counter*>> tokens_
      ABSL_GUARDED_BY(mutex_);
  std::map<std::string, BatchCounters> batches_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, DeviceCounters> devices_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_EXPERT_COUNTERS_H_
