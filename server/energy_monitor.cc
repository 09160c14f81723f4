#include "server/energy_monitor.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/catch_exceptions.h"

namespace moevit {
namespace {

// No common sensor is renewed more often.
constexpr absl::Duration kSamplingPeriod = absl::Seconds(1);

constexpr absl::Duration kStaleAfter = absl::Seconds(5);

}  // namespace

EnergyMonitor::EnergyMonitor(std::vector<EnergySource> sources, UseReader use,
                             EnergyMeter::Warn warn, Clock* clock)
    : use_(std::move(use)), warn_(std::move(warn)), clock_(clock) {
  for (EnergySource& source : sources) {
    meters_.emplace_back(std::move(source), warn_);
    reports_.push_back(meters_.back().report());
  }
  if (!meters_.empty()) thread_ = std::thread([this] { Run(); });
}

EnergyMonitor::~EnergyMonitor() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    stopped_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::vector<EnergyReport> EnergyMonitor::reports() const {
  const absl::Time now = clock_->Now();
  MutexLock lock(&mutex_);
  std::vector<EnergyReport> reports = reports_;
  for (EnergyReport& report : reports) {
    if (now - report.sampled > kStaleAfter) report.up = false;
  }
  return reports;
}

void EnergyMonitor::SampleAll() {
  const std::map<std::string, DeviceUse> uses = use_();
  for (size_t i = 0; i < meters_.size(); ++i) {
    EnergyMeter& meter = meters_[i];
    const auto use = uses.find(meter.report().device);
    meter.Sample(clock_->Now(), use == uses.end() ? DeviceUse() : use->second);
    MutexLock lock(&mutex_);
    reports_[i] = meter.report();
  }
}

void EnergyMonitor::WarnOnce(const absl::Status& failure) {
  if (std::exchange(warned_, true)) return;
  IgnoreExceptions([&] { warn_(failure.message()); });
}

void EnergyMonitor::Run() {
  absl::Time next = clock_->Now();
  for (;;) {
    const absl::Status sampled = CatchExceptions("read the sensors", [this] {
      SampleAll();
      return absl::OkStatus();
    });
    if (!sampled.ok()) WarnOnce(sampled);
    // After a sensor that blocked, not all that was missed is made up for.
    const absl::Time now = clock_->Now();
    while (next <= now) next += kSamplingPeriod;
    MutexLock lock(&mutex_);
    while (!stop_ && clock_->Now() < next) {
      clock_->WaitUntil(&mutex_, &stopped_, next);
    }
    if (stop_) return;
  }
}

}  // namespace moevit
