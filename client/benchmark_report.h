// What `moevit bench` measured, as tables for people and as JSON for programs.

#ifndef MOEVIT_CLIENT_BENCHMARK_REPORT_H_
#define MOEVIT_CLIENT_BENCHMARK_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/build_info.h"
#include "client/model_benchmark.h"

namespace moevit {

struct BenchmarkReport {
  BuildInfo build;
  std::string processor;  // its maker's name for it
  int processors = 0;     // that the process may use
  std::string isa;
  bool cpu_time = false;
  int repeats = 0;
  int64_t peak_resident_bytes = 0;  // of the whole process
  std::vector<BenchmarkResult> results;
};

// Markdown tables.
std::string BenchmarkReportToText(const BenchmarkReport& report);

// One JSON object, the samples of every turn and the ops included.
std::string BenchmarkReportToJson(const BenchmarkReport& report);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_BENCHMARK_REPORT_H_
