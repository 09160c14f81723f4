#include "scheduler/simulation/arrivals.h"

#include <cmath>
#include <cstddef>
#include <random>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace moevit {
namespace {

class PoissonArrivals : public Arrivals {
 public:
  PoissonArrivals(double images_per_second, uint64_t seed)
      : random_(seed), gap_(images_per_second) {}

  std::optional<absl::Duration> Next() override {
    seconds_ += gap_(random_);
    return absl::Seconds(seconds_);
  }

 private:
  std::mt19937_64 random_;
  std::exponential_distribution<double> gap_;
  double seconds_ = 0;
};

class BurstyArrivals : public Arrivals {
 public:
  BurstyArrivals(double images_per_second, const BurstOptions& options,
                 uint64_t seed)
      : random_(seed) {
    const double burst = absl::ToDoubleSeconds(options.mean_burst);
    burst_ = {.rate = options.factor * images_per_second, .seconds = burst};
    between_ = {.rate = images_per_second *
                        (1 - options.factor * options.share) /
                        (1 - options.share),
                .seconds = burst * (1 - options.share) / options.share};
    in_burst_ = Uniform() < options.share;
    state_end_ = Exponential(1 / state().seconds);
  }

  // Waiting times are forgotten where the state changes: they have no memory.
  std::optional<absl::Duration> Next() override {
    while (true) {
      if (state().rate > 0) {
        const double next = seconds_ + Exponential(state().rate);
        if (next < state_end_) {
          seconds_ = next;
          return absl::Seconds(seconds_);
        }
      }
      seconds_ = state_end_;
      in_burst_ = !in_burst_;
      state_end_ += Exponential(1 / state().seconds);
    }
  }

 private:
  struct State {
    double rate = 0;
    double seconds = 0;  // in the mean
  };

  const State& state() const { return in_burst_ ? burst_ : between_; }
  double Uniform() { return std::uniform_real_distribution<>()(random_); }
  double Exponential(double rate) {
    return std::exponential_distribution<double>(rate)(random_);
  }

  std::mt19937_64 random_;
  State burst_;
  State between_;
  bool in_burst_ = false;
  double seconds_ = 0;
  double state_end_ = 0;
};

class RecordedArrivals : public Arrivals {
 public:
  explicit RecordedArrivals(std::vector<absl::Duration> arrivals)
      : arrivals_(std::move(arrivals)) {}

  std::optional<absl::Duration> Next() override {
    if (next_ == arrivals_.size()) return std::nullopt;
    return arrivals_[next_++];
  }

 private:
  const std::vector<absl::Duration> arrivals_;
  size_t next_ = 0;
};

// Seconds, or a number with its unit.
bool ParseMoment(absl::string_view text, absl::Duration* moment) {
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    *moment = absl::Seconds(seconds);
    return std::isfinite(seconds);
  }
  return absl::ParseDuration(std::string(text), moment) &&
         absl::AbsDuration(*moment) != absl::InfiniteDuration();
}

}  // namespace

absl::Status BurstOptions::Validate() const {
  if (!(share > 0 && share < 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the share of bursts is ", share, "; it must be between 0 and 1"));
  }
  if (!(factor >= 1 && factor * share <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the factor of bursts is ", factor, "; with bursts for ",
                     share, " of the time it must be in [1, ", 1 / share, "]"));
  }
  if (mean_burst <= absl::ZeroDuration() ||
      mean_burst == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the mean burst is ", absl::FormatDuration(mean_burst),
                     "; it must be positive and finite"));
  }
  return absl::OkStatus();
}

std::unique_ptr<Arrivals> NewPoissonArrivals(double images_per_second,
                                             uint64_t seed) {
  return std::make_unique<PoissonArrivals>(images_per_second, seed);
}

std::unique_ptr<Arrivals> NewBurstyArrivals(double images_per_second,
                                            const BurstOptions& options,
                                            uint64_t seed) {
  return std::make_unique<BurstyArrivals>(images_per_second, options, seed);
}

std::unique_ptr<Arrivals> NewRecordedArrivals(
    std::vector<absl::Duration> arrivals) {
  return std::make_unique<RecordedArrivals>(std::move(arrivals));
}

absl::StatusOr<std::vector<absl::Duration>> ParseArrivals(
    absl::string_view text, absl::string_view name) {
  std::vector<absl::Duration> arrivals;
  absl::Duration last = -absl::InfiniteDuration();
  int64_t line_number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    absl::Duration moment;
    if (!ParseMoment(line, &moment)) {
      return absl::InvalidArgumentError(absl::StrCat(
          name, ":", line_number, ": \"", line,
          "\" is no time; expected seconds, or a number and its unit"));
    }
    if (moment < last) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ":", line_number, ": \"", line,
                       "\" is before the line before; arrivals must ascend"));
    }
    last = moment;
    arrivals.push_back(moment);
  }
  if (arrivals.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, " has no arrivals in ", line_number, " lines"));
  }
  const absl::Duration first = arrivals[0];
  for (absl::Duration& arrival : arrivals) arrival -= first;
  return arrivals;
}

}  // namespace moevit
