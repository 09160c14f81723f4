#include "kernels/card/power_sampler.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/json.h"
#include "base/status_macros.h"

namespace moevit {

PowerSampler::PowerSampler(PowerSensor sensor, absl::Duration period)
    : sensor_(std::move(sensor)),
      latest_(absl::UnavailableError("power has not been sampled yet")) {
  if (period != absl::InfiniteDuration()) {
    thread_ = std::thread([this, period] { Run(period); });
  }
}

PowerSampler::~PowerSampler() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    stopped_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

void PowerSampler::Sample() {
  absl::StatusOr<double> watts = sensor_();
  MutexLock lock(&mutex_);
  latest_ = std::move(watts);
}

absl::StatusOr<double> PowerSampler::Latest() {
  MutexLock lock(&mutex_);
  return latest_;
}

void PowerSampler::Run(absl::Duration period) {
  absl::Time next = absl::Now();
  for (;;) {
    Sample();
    // A sensor that took long is not asked more often afterwards.
    next = std::max(next + period, absl::Now());
    MutexLock lock(&mutex_);
    while (!stop_ && absl::Now() < next) stopped_.WaitUntil(&mutex_, next);
    if (stop_) return;
  }
}

absl::StatusOr<double> BoardWatts(absl::string_view electrical) {
  constexpr char kKey[] = "power_consumption_watts";
  // No Alveo board draws more than 225 W. Cards with a VMR report microwatts
  // here before XRT 2.17.
  constexpr double kMaxWatts = 1000;
  constexpr double kMicro = 1e-6;
  MOEVIT_ASSIGN_OR_RETURN(const Json document,
                          ParseJson(electrical, "electrical"));
  MOEVIT_ASSIGN_OR_RETURN(const JsonObject root,
                          JsonObject::Root(document, "electrical"));
  if (!root.Has(kKey)) {
    return absl::UnavailableError("the board reports no power");
  }
  MOEVIT_ASSIGN_OR_RETURN(const std::string text, root.String(kKey));
  double watts = 0;
  if (!absl::SimpleAtod(text, &watts)) {
    return absl::UnavailableError(
        absl::StrCat("the board reports its power as \"", text, "\""));
  }
  if (watts > kMaxWatts) watts *= kMicro;
  if (!std::isfinite(watts) || watts <= 0 || watts > kMaxWatts) {
    return absl::InvalidArgumentError(
        absl::StrCat("a board cannot draw ", text, " watts"));
  }
  return watts;
}

}  // namespace moevit
