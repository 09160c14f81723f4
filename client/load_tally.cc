#include "client/load_tally.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace moevit {
namespace {

constexpr double kChanceOfNothing = 0.01;

LoadErrors& AddError(LoadResult& result, absl::string_view code,
                     absl::string_view message) {
  LoadErrors& errors = result.errors[std::string(code)];
  if (errors.count == 0) errors.first_message = std::string(message);
  ++errors.count;
  return errors;
}

}  // namespace

int64_t LoadResult::errors_total() const {
  int64_t total = 0;
  for (const auto& [code, of_code] : errors) total += of_code.count;
  return total;
}

double LoadResult::answers_per_second() const {
  return static_cast<double>(answers_within) / absl::ToDoubleSeconds(duration);
}

double LoadResult::PartLaterThan(absl::Duration bound) const {
  if (requests == 0) return 0;
  const auto in_time =
      std::upper_bound(latencies.begin(), latencies.end(), bound) -
      latencies.begin();
  return 1 - static_cast<double>(in_time) / static_cast<double>(requests);
}

LoadTally::LoadTally(const LoadWindow& window) : window_(window) {
  result_.duration = window.duration;
}

void LoadTally::Add(const LoadOutcome& outcome) {
  if (outcome.status.ok() && window_.Contains(outcome.finished)) {
    ++result_.answers_within;
  }
  if (!window_.Contains(outcome.due)) return;
  ++result_.requests;
  result_.send_delays.push_back(outcome.sent - outcome.due);
  if (outcome.status.ok()) {
    result_.latencies.push_back(outcome.finished - outcome.due);
    AddServerTimes(outcome.server);
  } else {
    AddError(result_, absl::StatusCodeToString(outcome.status.code()),
             outcome.status.message())
        .latencies.push_back(outcome.finished - outcome.due);
  }
}

void LoadTally::AddServerTimes(const std::optional<ServerTimes>& times) {
  if (!times.has_value()) return;
  result_.decode_times.push_back(times->decode);
  result_.queue_times.push_back(times->queue);
  result_.compute_times.push_back(times->compute);
}

void LoadTally::AddUnsent(absl::Duration due, absl::string_view why) {
  if (!window_.Contains(due)) return;
  ++result_.requests;
  AddError(result_, "NOT_SENT", why);
}

LoadResult LoadTally::Finish() && {
  for (std::vector<absl::Duration>* const samples :
       {&result_.latencies, &result_.send_delays, &result_.decode_times,
        &result_.queue_times, &result_.compute_times}) {
    std::sort(samples->begin(), samples->end());
  }
  for (auto& [code, errors] : result_.errors) {
    std::sort(errors.latencies.begin(), errors.latencies.end());
  }
  return std::move(result_);
}

absl::Duration PercentileOf(const std::vector<absl::Duration>& samples,
                            double part) {
  const double rank = std::ceil(part * static_cast<double>(samples.size()));
  return samples[std::max<size_t>(static_cast<size_t>(rank), 1) - 1];
}

int64_t SamplesForPercentile(double part) {
  return static_cast<int64_t>(
      std::ceil(std::log(kChanceOfNothing) / std::log(part)));
}

double HighestPercentile(int64_t samples) {
  return std::pow(kChanceOfNothing, 1 / static_cast<double>(samples));
}

}  // namespace moevit
