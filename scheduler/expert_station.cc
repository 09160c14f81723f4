#include "scheduler/expert_station.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "base/status_macros.h"
#include "scheduler/experts/expert_groups.h"

namespace moevit {
namespace {

std::vector<int> FirstIds(const std::vector<int>& experts) {
  std::vector<int> first(experts.size() + 1);
  std::partial_sum(experts.begin(), experts.end(), first.begin() + 1);
  return first;
}

// By the cache's number.
std::vector<int64_t> Sizes(const ExpertDevice& device,
                           const std::vector<int>& experts) {
  std::vector<int64_t> bytes;
  for (size_t layer = 0; layer < experts.size(); ++layer) {
    bytes.insert(bytes.end(), experts[layer],
                 device.ExpertBytes(static_cast<int>(layer)));
  }
  return bytes;
}

// The device answered, but has no room.
bool IsLackOfRoom(const absl::Status& status) {
  return status.code() == absl::StatusCode::kFailedPrecondition ||
         status.code() == absl::StatusCode::kResourceExhausted;
}

}  // namespace

ExpertStation::ExpertStation(std::unique_ptr<ExpertDevice> device,
                             std::vector<int> experts, Clock* clock)
    : device_(std::move(device)),
      clock_(clock),
      first_id_(FirstIds(experts)),
      cache_({.budget_bytes = device_->memory_bytes()},
             Sizes(*device_, experts)) {
  for (size_t layer = 0; layer < experts.size(); ++layer) {
    const int number = static_cast<int>(layer);
    layer_of_.insert(layer_of_.end(), experts[layer], number);
    largest_bytes_ = std::max(largest_bytes_, device_->ExpertBytes(number));
  }
}

void ExpertStation::OnRestored() {
  cache_.Clear();
  lost_ = false;
  status_ = absl::OkStatus();
}

absl::Span<const uint8_t> ExpertStation::Resident(int layer) {
  resident_.clear();
  for (int id = first_id_[layer]; id < first_id_[layer + 1]; ++id) {
    resident_.push_back(!lost_ && cache_.resident(id) ? 1 : 0);
  }
  return resident_;
}

void ExpertStation::PinHottest() {
  const int64_t memory = device_->memory_bytes();
  cache_.PinHottest(std::min(memory / 2, memory - 2 * largest_bytes_));
}

size_t ExpertStation::Run(const ExpertLayerCall& call, bool reverse,
                          absl::Span<ExpertPart> parts) {
  if (lost_) return 0;
  const absl::Span<const uint8_t> resident = Resident(call.layer);
  OrderParts(resident, reverse, parts);
  size_t there = 0;
  while (there < parts.size() && resident[parts[there].expert] != 0) ++there;
  size_t done = 0;
  const absl::Time start = clock_->Now();
  const ExpertStationStatistics before = statistics();
  status_ = RunInOrder(call, parts, there, &done);
  if (status_.ok()) Learn(before, parts.size(), clock_->Now() - start);
  if (!status_.ok() && !IsLackOfRoom(status_)) lost_ = true;
  return done;
}

void ExpertStation::Learn(const ExpertStationStatistics& before, size_t parts,
                          absl::Duration duration) {
  const ExpertStationStatistics now = statistics();
  ExpertWork work;
  work.loads = now.weights.misses - before.weights.misses;
  work.parts = static_cast<int64_t>(parts);
  work.rows = now.rows - before.rows;
  costs_.Observe(work, absl::ToDoubleSeconds(duration));
}

absl::Status ExpertStation::RunInOrder(const ExpertLayerCall& call,
                                       absl::Span<const ExpertPart> parts,
                                       size_t resident, size_t* done) {
  for (const ExpertPart& part : parts.first(resident)) {
    MOEVIT_RETURN_IF_ERROR(Bring(call.layer, part.expert));
  }
  // Each round computes parts [*done, end), all held.
  size_t end = resident;
  while (*done < parts.size()) {
    if (end == *done) {
      MOEVIT_RETURN_IF_ERROR(Bring(call.layer, parts[end].expert));
      ++end;
    }
    bool prefetched = false;
    if (end < parts.size()) {
      absl::Status next = Bring(call.layer, parts[end].expert);
      prefetched = next.ok();
      // Without room for both, the next one waits for the current to finish.
      if (!prefetched && !IsLackOfRoom(next)) return next;
    }
    MOEVIT_RETURN_IF_ERROR(RunHeld(call, parts.subspan(*done, end - *done)));
    *done = end;
    if (prefetched) ++end;
  }
  return absl::OkStatus();
}

absl::Status ExpertStation::Bring(int layer, int expert) {
  const int id = Id(layer, expert);
  evicted_.clear();
  MOEVIT_ASSIGN_OR_RETURN(const bool hit, cache_.Acquire(id, &evicted_));
  for (int victim : evicted_) {
    const int victim_layer = layer_of_[victim];
    device_->Evict(victim_layer, victim - first_id_[victim_layer]);
  }
  if (hit) return absl::OkStatus();
  absl::Status status = device_->Load(layer, expert);
  if (!status.ok()) {
    cache_.Release(id);
    cache_.Drop(id);
  }
  return status;
}

absl::Status ExpertStation::RunHeld(const ExpertLayerCall& call,
                                    absl::Span<const ExpertPart> parts) {
  absl::Status status = device_->Run(call, parts);
  for (const ExpertPart& part : parts) {
    cache_.Release(Id(call.layer, part.expert));
    if (!status.ok()) continue;
    done_.rows += part.rows;
    done_.rows_in_tiles += RowsInTiles({0, part.rows}, device_->tile_rows());
  }
  ++done_.launches;
  return status;
}

ExpertStationStatistics ExpertStation::statistics() const {
  ExpertStationStatistics statistics = done_;
  statistics.weights = cache_.statistics();
  return statistics;
}

}  // namespace moevit
