// What `moevit load` measured, as text and a picture for people, and as JSON.

#ifndef MOEVIT_CLIENT_LOAD_REPORT_H_
#define MOEVIT_CLIENT_LOAD_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/build_info.h"
#include "client/load_tally.h"

namespace moevit {

struct LoadRun {
  double rate = 0;      // requests per second offered; 0: a closed loop
  int concurrency = 0;  // of a closed loop
  LoadResult result;
};

struct SustainedRate {
  double rate = 0;  // 0: not even the lowest rate tried
  absl::Duration p99_bound;
};

struct LoadReport {
  BuildInfo build;        // the client's
  std::string processor;  // the client's
  std::string server;
  int connections = 0;
  uint64_t seed = 0;
  absl::Duration warmup;
  std::vector<LoadRun> runs;
  std::optional<SustainedRate> sustained;
};

// A table, and notes on what it cannot show: percentiles with too few answers
// to be claimed are left out.
std::string LoadReportToText(const LoadReport& report);

// One object on one line; percentiles that cannot be claimed are null. Has what
// answers say of where their time went in the server.
std::string LoadReportToJson(const LoadReport& report);

// Latency over percentile, a curve per run, up to the last percentile that the
// run has enough answers to claim.
std::string LoadReportToSvg(const LoadReport& report);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LOAD_REPORT_H_
