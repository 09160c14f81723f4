#include "energy/energy_meter.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"

namespace moevit {
namespace {

using Kind = SensorReading::Kind;

// Longest time between two readings of power that a straight line between
// them may stand for.
constexpr absl::Duration kMaxInterpolation = absl::Seconds(5);

// How long a counter may stand still while its device is busy. The slowest
// counters move once per second.
constexpr absl::Duration kFrozenAfter = absl::Seconds(5);

absl::Duration Sum(const std::map<std::string, absl::Duration>& durations) {
  absl::Duration sum;
  for (const auto& [model, duration] : durations) sum += duration;
  return sum;
}

}  // namespace

EnergyMeter::EnergyMeter(EnergySource source, Warn warn)
    : source_(std::move(source)), warn_(std::move(warn)) {
  report_.device = source_.device;
  report_.source = source_.source;
}

void EnergyMeter::Sample(absl::Time now, const DeviceUse& use) {
  if (last_.has_value() && now <= last_->time) return;
  const absl::StatusOr<SensorReading> reading =
      source_.sensor->Read(Utilisation(now, use));
  if (reading.ok()) return Add(now, *reading, use);
  report_.up = false;
  if (absl::IsFailedPrecondition(reading.status())) return;
  WarnOnce(&warned_of_error_, reading.status().message());
}

std::map<std::string, absl::Duration> EnergyMeter::BusySince(
    const DeviceUse& use) const {
  std::map<std::string, absl::Duration> busy;
  if (!last_.has_value()) return busy;
  for (const auto& [model, duration] : use.busy) {
    const auto before = last_->use.busy.find(model);
    const absl::Duration since =
        before == last_->use.busy.end() ? duration : duration - before->second;
    if (since > absl::ZeroDuration()) busy[model] = since;
  }
  return busy;
}

double EnergyMeter::Utilisation(absl::Time now, const DeviceUse& use) const {
  if (!last_.has_value()) return 0;
  const absl::Duration possible = (now - last_->time) * std::max(1, use.lanes);
  return std::min(1.0, absl::FDivDuration(Sum(BusySince(use)), possible));
}

void EnergyMeter::Add(absl::Time now, const SensorReading& reading,
                      const DeviceUse& use) {
  report_.up = true;
  report_.sampled = now;
  report_.watts.reset();
  if (reading.kind == Kind::kWatts) report_.watts = reading.value;
  if (last_.has_value() && last_->reading.kind == reading.kind) {
    const absl::Duration interval = now - last_->time;
    const double joules = JoulesOfInterval(interval, reading);
    if (reading.kind == Kind::kJoules) {
      report_.watts = joules / absl::ToDoubleSeconds(interval);
      report_.up = !IsFrozen(joules, interval, !BusySince(use).empty());
    }
    report_.joules += joules;
    Attribute(joules, interval, use);
  }
  last_ = Last{now, reading, use};
}

double EnergyMeter::JoulesOfInterval(absl::Duration interval,
                                     const SensorReading& reading) const {
  const double before = last_->reading.value;
  if (reading.kind == Kind::kJoules) return reading.value - before;
  if (interval > kMaxInterpolation) return 0;
  return (before + reading.value) / 2 * absl::ToDoubleSeconds(interval);
}

bool EnergyMeter::IsFrozen(double joules, absl::Duration interval, bool busy) {
  if (joules > 0) still_ = absl::ZeroDuration();
  if (joules == 0 && busy) still_ += interval;
  if (still_ < kFrozenAfter) return false;
  WarnOnce(&warned_of_freeze_,
           absl::StrFormat("its counter has not moved for %s although the "
                           "device was busy",
                           absl::FormatDuration(kFrozenAfter)));
  return true;
}

void EnergyMeter::Attribute(double joules, absl::Duration interval,
                            const DeviceUse& use) {
  const auto busy = BusySince(use);
  // Lanes that overlap fill no more than the interval.
  const absl::Duration whole = std::max(interval, Sum(busy));
  for (const auto& [model, duration] : busy) {
    report_.model_joules[model] += joules * absl::FDivDuration(duration, whole);
  }
}

void EnergyMeter::WarnOnce(bool* warned, absl::string_view message) {
  if (*warned) return;
  *warned = true;
  warn_(absl::StrFormat("no energy of %s from %s: %s", source_.device,
                        source_.source, message));
}

}  // namespace moevit
