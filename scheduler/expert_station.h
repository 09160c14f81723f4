// One expert device with the list of what is loaded on it: brings in the
// weights that a layer's parts need, in the order that moves the fewest, runs
// the parts, and learns what that costs.

#ifndef MOEVIT_SCHEDULER_EXPERT_STATION_H_
#define MOEVIT_SCHEDULER_EXPERT_STATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "kernels/expert_device.h"
#include "scheduler/clock.h"
#include "scheduler/experts/expert_cache.h"
#include "scheduler/experts/expert_cost_model.h"
#include "scheduler/experts/expert_plan.h"

namespace moevit {

// Totals since the beginning.
struct ExpertStationStatistics {
  ExpertCacheStatistics weights;
  int64_t launches = 0;       // calls of ExpertDevice::Run
  int64_t rows = 0;           // assignments computed
  int64_t rows_in_tiles = 0;  // these with every part in whole tiles
};

// Thread-compatible.
class ExpertStation {
 public:
  // experts: by layer, how many it has. clock: must outlive the station.
  ExpertStation(std::unique_ptr<ExpertDevice> device, std::vector<int> experts,
                Clock* clock);

  // Counts the uses of weights together until the next call.
  void BeginBatch() { cache_.NextEpoch(); }

  // Pins the most used experts, in half of the memory at most and such that two
  // others fit beside them: the one that runs and the next.
  void PinHottest();

  // Computes the parts, which it reorders: first those whose weights are
  // there, in one go, then one expert after the other, the next one's weights
  // being loaded before the current one runs where there is room for both.
  // Serpentine from batch to batch if the caller reverses every other one.
  //
  // Returns how many were computed; the parts after these remain. If some
  // remain, status() tells why: kFailedPrecondition and kResourceExhausted mean
  // that the device has no room for the next one, all else that the device is
  // lost.
  size_t Run(const ExpertLayerCall& call, bool reverse,
             absl::Span<ExpertPart> parts);

  // Whether a call of the device failed. Then Run computes nothing.
  bool lost() const { return lost_; }
  // To be called once ExpertDevice::Restore has brought a lost device back.
  void OnRestored();
  const absl::Status& status() const { return status_; }

  // By expert of the layer: 1 if its weights are there. Valid until the next
  // call of a function that is not const.
  absl::Span<const uint8_t> Resident(int layer);

  ExpertDevice& device() { return *device_; }
  const ExpertDevice& device() const { return *device_; }
  ExpertStationStatistics statistics() const;
  // In seconds.
  const ExpertCostModel& costs() const { return costs_; }

 private:
  int Id(int layer, int expert) const { return first_id_[layer] + expert; }
  // Evicts what must leave, loads the expert and holds it.
  absl::Status Bring(int layer, int expert);
  // Runs parts that are held, and releases them.
  absl::Status RunHeld(const ExpertLayerCall& call,
                       absl::Span<const ExpertPart> parts);
  // The parts that were run since `before` took so long.
  void Learn(const ExpertStationStatistics& before, size_t parts,
             absl::Duration duration);
  absl::Status RunInOrder(const ExpertLayerCall& call,
                          absl::Span<const ExpertPart> parts, size_t resident,
                          size_t* done);

  const std::unique_ptr<ExpertDevice> device_;
  Clock* const clock_;
  std::vector<int> first_id_;  // [layers + 1], of the cache's numbers
  int64_t largest_bytes_ = 0;  // of an expert
  std::vector<int> layer_of_;  // by the cache's number
  ExpertCache cache_;
  std::vector<uint8_t> resident_;  // of Resident
  std::vector<int> evicted_;       // scratch of Bring
  bool lost_ = false;
  absl::Status status_;
  ExpertStationStatistics done_;  // without weights
  ExpertCostModel costs_;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_EXPERT_STATION_H_
