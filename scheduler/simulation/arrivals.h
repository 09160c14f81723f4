// When images arrive in a simulation: by a random process or as recorded.

#ifndef MOEVIT_SCHEDULER_SIMULATION_ARRIVALS_H_
#define MOEVIT_SCHEDULER_SIMULATION_ARRIVALS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace moevit {

// Thread-compatible.
class Arrivals {
 public:
  virtual ~Arrivals() = default;

  // The next arrival, since the beginning; not before the last one. None when
  // there are no more.
  virtual std::optional<absl::Duration> Next() = 0;
};

// Independent arrivals at a constant rate. REQUIRES: the rate is positive.
std::unique_ptr<Arrivals> NewPoissonArrivals(double images_per_second,
                                             uint64_t seed);

// Bursts and the time between them last randomly long, in each of which
// arrivals are Poisson (a Markov-modulated Poisson process of two states).
struct BurstOptions {
  // The rate in bursts over the mean of all time. Default: 3.
  double factor = 3;

  // The part of the time that is in bursts. Default: a fifth.
  double share = 0.2;

  // How long a burst lasts in the mean. Default: 1 s.
  absl::Duration mean_burst = absl::Seconds(1);

  // Returns kInvalidArgument naming the value; also if bursts alone would
  // bring more than the mean rate.
  absl::Status Validate() const;
};

// REQUIRES: the rate is positive, options.Validate().ok().
std::unique_ptr<Arrivals> NewBurstyArrivals(double images_per_second,
                                            const BurstOptions& options,
                                            uint64_t seed);

// Arrivals that were recorded, in ascending order.
std::unique_ptr<Arrivals> NewRecordedArrivals(
    std::vector<absl::Duration> arrivals);

// Reads recorded arrivals: one per line, since any one moment, ascending, in
// seconds ("1.25") or with a unit ("1250ms", "1250000us"). Empty lines and
// those that begin with '#' do not count. `name` says where the text is from.
// The first arrival becomes zero. Returns kInvalidArgument naming the line and
// its value.
absl::StatusOr<std::vector<absl::Duration>> ParseArrivals(
    absl::string_view text, absl::string_view name);

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_SIMULATION_ARRIVALS_H_
