// What became of the requests of one run of a load generator.

#ifndef MOEVIT_CLIENT_LOAD_TALLY_H_
#define MOEVIT_CLIENT_LOAD_TALLY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/load_schedule.h"

namespace moevit {

// Where the server says that the time of one image went.
struct ServerTimes {
  absl::Duration decode;
  absl::Duration queue;
  absl::Duration compute;
};

// Times are since the start of the run.
struct LoadOutcome {
  absl::Duration due;   // when it should have been sent
  absl::Duration sent;  // when it was
  absl::Duration finished;
  absl::Status status;
  std::optional<ServerTimes> server;  // of answers that tell
};

struct LoadErrors {
  int64_t count = 0;
  std::string first_message;

  // How long those sent took from when each was due, ascending.
  std::vector<absl::Duration> latencies;
};

// Of the requests that were due within the window.
struct LoadResult {
  absl::Duration duration;  // of the window
  int64_t requests = 0;

  // Of those answered, ascending, from when each was due: a request that was
  // sent late because the client was busy is as late as a user finds it.
  std::vector<absl::Duration> latencies;

  // Of those answers that tell them, each ascending by itself.
  std::vector<absl::Duration> decode_times;
  std::vector<absl::Duration> queue_times;
  std::vector<absl::Duration> compute_times;

  // Of those not answered, by the name of the status's code.
  std::map<std::string, LoadErrors> errors;

  // Answers that arrived within the window, whenever their requests were due.
  int64_t answers_within = 0;

  // How late requests were sent, ascending. Large values say that the client,
  // not the server, was at its limit.
  std::vector<absl::Duration> send_delays;

  int64_t errors_total() const;
  double answers_per_second() const;

  // The part of the requests that were not answered within `bound`.
  double PartLaterThan(absl::Duration bound) const;
};

// Thread-compatible.
class LoadTally {
 public:
  explicit LoadTally(const LoadWindow& window);

  void Add(const LoadOutcome& outcome);

  // For a request that could not be sent.
  void AddUnsent(absl::Duration due, absl::string_view why);

  LoadResult Finish() &&;

 private:
  void AddServerTimes(const std::optional<ServerTimes>& times);

  const LoadWindow window_;
  LoadResult result_;
};

// The smallest sample that at least `part` of all samples do not exceed.
// REQUIRES: samples are ascending and not empty, 0 < part <= 1.
absl::Duration PercentileOf(const std::vector<absl::Duration>& samples,
                            double part);

// How many samples it takes before a percentile may be claimed: with fewer, the
// chance that all of them lie below the true one is over 1 %, and what is seen
// may have nothing to do with it. 7 for 0.5, 44 for 0.9, 459 for 0.99.
// REQUIRES: 0 < part < 1.
int64_t SamplesForPercentile(double part);

// The highest percentile that so many samples may claim. REQUIRES: samples > 0.
double HighestPercentile(int64_t samples);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LOAD_TALLY_H_
