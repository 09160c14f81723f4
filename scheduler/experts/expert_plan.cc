#include "scheduler/experts/expert_plan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace moevit {

void OrderParts(absl::Span<const uint8_t> resident, bool reverse,
                absl::Span<ExpertPart> parts) {
  std::sort(parts.begin(), parts.end(),
            [&](const ExpertPart& a, const ExpertPart& b) {
              if (resident[a.expert] != resident[b.expert]) {
                return resident[a.expert] > resident[b.expert];
              }
              if (a.expert != b.expert) return (a.expert < b.expert) != reverse;
              return a.first < b.first;
            });
}

ExpertPlanner::ExpertPlanner(std::vector<double> speeds,
                             const ExpertPlanOptions& options)
    : speeds_(std::move(speeds)),
      options_(options),
      balancer_(speeds_),
      parts_(speeds_.size()) {}

void ExpertPlanner::Plan(absl::Span<const int32_t> first,
                         absl::Span<const std::vector<int>> replicas) {
  groups_.clear();
  for (size_t e = 0; e + 1 < first.size(); ++e) {
    const int32_t rows = first[e + 1] - first[e];
    if (rows > 0) groups_.push_back({static_cast<int>(e), first[e], rows});
  }
  PlanParts(groups_, replicas);
}

void ExpertPlanner::PlanParts(absl::Span<const ExpertPart> parts,
                              absl::Span<const std::vector<int>> replicas) {
  for (std::vector<ExpertPart>& list : parts_) list.clear();
  unplaced_.clear();
  loads_.clear();
  if (group_replicas_.size() < parts.size()) {
    group_replicas_.resize(parts.size());
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    loads_.push_back(parts[i].rows);
    // Copied into lists that keep their memory.
    const std::vector<int>& devices = replicas[parts[i].expert];
    group_replicas_[i].assign(devices.begin(), devices.end());
  }
  balancer_.Balance(loads_,
                    absl::MakeConstSpan(group_replicas_).first(parts.size()));
  for (size_t i = 0; i < parts.size(); ++i) {
    CutGroup(parts[i], group_replicas_[i], balancer_.shares(i));
  }
}

void ExpertPlanner::CutGroup(const ExpertPart& group,
                             absl::Span<const int> devices,
                             absl::Span<const double> shares) {
  if (devices.empty()) {
    unplaced_.push_back(group);
    return;
  }
  // Small shares are left out; what they would have had goes to the largest.
  size_t largest = 0;
  for (size_t i = 1; i < devices.size(); ++i) {
    if (shares[i] > shares[largest]) largest = i;
  }
  int32_t left = group.rows;
  int32_t first = group.first;
  for (size_t i = 0; i < devices.size(); ++i) {
    if (i == largest) continue;
    const auto rows = static_cast<int32_t>(std::floor(shares[i] * group.rows));
    if (rows < options_.min_rows || left - rows < options_.min_rows) continue;
    parts_[devices[i]].push_back({group.expert, first, rows});
    first += rows;
    left -= rows;
  }
  parts_[devices[largest]].push_back({group.expert, first, left});
}

void ExpertPlanner::MoveColdPartsHome(
    absl::Span<const ExpertCosts> costs, const ExpertCosts& home,
    absl::Span<const std::vector<uint8_t>> resident) {
  times_.assign(parts_.size(), 0.0);
  for (size_t d = 0; d < parts_.size(); ++d) {
    for (const ExpertPart& part : parts_[d]) {
      times_[d] += costs[d].Of(part.rows, resident[d][part.expert]);
    }
  }
  double home_time = 0;
  for (const ExpertPart& part : unplaced_) {
    home_time += home.Of(part.rows, /*resident=*/true);
  }
  for (size_t d = 0; d < parts_.size(); ++d) {
    std::vector<ExpertPart>& list = parts_[d];
    // The coldest first: with few rows, loading and launching weigh the most.
    std::sort(list.begin(), list.end(),
              [](const ExpertPart& a, const ExpertPart& b) {
                return a.rows != b.rows ? a.rows < b.rows : a.first < b.first;
              });
    size_t kept = 0;
    for (const ExpertPart& part : list) {
      const double here = costs[d].Of(part.rows, resident[d][part.expert]);
      const double there = home.Of(part.rows, /*resident=*/true);
      const double busiest = *std::max_element(times_.begin(), times_.end());
      if (there < here && home_time + there <= busiest) {
        unplaced_.push_back(part);
        home_time += there;
        times_[d] -= here;
      } else {
        list[kept++] = part;
      }
    }
    list.resize(kept);
  }
}

void ExpertPlanner::MoveColdestPartHome() {
  std::vector<ExpertPart>* coldest_of = nullptr;
  size_t coldest = 0;
  for (std::vector<ExpertPart>& list : parts_) {
    for (size_t i = 0; i < list.size(); ++i) {
      if (coldest_of != nullptr &&
          list[i].rows >= (*coldest_of)[coldest].rows) {
        continue;
      }
      coldest_of = &list;
      coldest = i;
    }
  }
  if (coldest_of == nullptr) return;
  unplaced_.push_back((*coldest_of)[coldest]);
  coldest_of->erase(coldest_of->begin() + static_cast<ptrdiff_t>(coldest));
}

double ExpertPlanner::Imbalance() const {
  double rows = 0;
  double speed = 0;
  double longest = 0;
  for (size_t d = 0; d < parts_.size(); ++d) {
    if (speeds_[d] <= 0) continue;
    double load = 0;
    for (const ExpertPart& part : parts_[d]) load += part.rows;
    rows += load;
    speed += speeds_[d];
    longest = std::max(longest, load / speeds_[d]);
  }
  return rows > 0 ? longest * speed / rows : 1.0;
}

}  // namespace moevit
