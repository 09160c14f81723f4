#include "client/benchmark_report.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/json.h"

namespace moevit {
namespace {

constexpr double kMega = 1e6;
constexpr double kGiga = 1e9;

std::string CommitOf(const BuildInfo& build) {
  return build.commit.empty() ? "unknown" : build.commit;
}

double Gmacs(const BenchmarkResult& result) {
  return result.images_per_second.Median() *
         static_cast<double>(result.multiplications) / kGiga;
}

std::string Heading(const BenchmarkReport& report) {
  return absl::StrFormat(
      "%s, %d processors, %s; moevit %s, commit %s; medians of %d turns, %s "
      "time\n",
      report.processor, report.processors, report.isa, report.build.version,
      CommitOf(report.build), report.repeats,
      report.cpu_time ? "processor" : "wall");
}

std::string ResultRow(const BenchmarkResult& result, int name_width) {
  return absl::StrFormat(
      "| %-*s | %5d | %7d | %8.2f | %5.1f %% | %7.1f | %7.1f | %5.1f %% | "
      "%7.1f | %7.1f |\n",
      name_width, result.measured.model, result.measured.batch,
      result.measured.threads, result.images_per_second.Median(),
      100 * result.images_per_second.Spread(), Gmacs(result),
      result.peak.Median() / kGiga, 100 * result.of_peak.Median(),
      static_cast<double>(result.weight_bytes) / kMega,
      static_cast<double>(result.activation_bytes) / kMega);
}

std::string ResultTable(const BenchmarkReport& report) {
  size_t width = absl::string_view("model").size();
  for (const BenchmarkResult& result : report.results) {
    width = std::max(width, result.measured.model.size());
  }
  const int name_width = static_cast<int>(width);
  std::string text = absl::StrFormat(
      "| %-*s | batch | threads | images/s | spread  | GMAC/s  | peak    | "
      "of peak | weights | arena   |\n"
      "|:%s-|------:|--------:|---------:|--------:|--------:|--------:|"
      "--------:|--------:|--------:|\n",
      name_width, "model", std::string(width, '-'));
  for (const BenchmarkResult& result : report.results) {
    absl::StrAppend(&text, ResultRow(result, name_width));
  }
  return text;
}

// Ops that multiply nothing have no part of the peak.
std::string OfPeak(const OpKindTime& op) {
  return op.of_peak == 0 ? "-" : absl::StrFormat("%.1f %%", 100 * op.of_peak);
}

std::string OpTable(const BenchmarkResult& result) {
  std::string text = absl::StrFormat(
      "\n%s, batch %d, threads %d, by wall time:\n\n"
      "| op             | us/image | of time | of peak |\n"
      "|:---------------|---------:|--------:|--------:|\n",
      result.measured.model, result.measured.batch, result.measured.threads);
  for (const OpKindTime& op : result.ops) {
    absl::StrAppendFormat(&text, "| %-14s | %8.1f | %5.1f %% | %7s |\n",
                          op.kind, absl::ToDoubleMicroseconds(op.per_image),
                          100 * op.share, OfPeak(op));
  }
  return text;
}

Json ToJson(const Samples& samples) {
  return {{"median", samples.Median()},
          {"best", samples.Max()},
          {"spread", samples.Spread()},
          {"samples", samples.all()}};
}

Json ToJson(const BenchmarkResult& result) {
  Json ops = Json::array();
  for (const OpKindTime& op : result.ops) {
    ops.push_back(
        {{"kind", op.kind},
         {"microseconds_per_image", absl::ToDoubleMicroseconds(op.per_image)},
         {"share", op.share},
         {"of_peak", op.of_peak}});
  }
  return {{"model", result.measured.model},
          {"batch", result.measured.batch},
          {"threads", result.measured.threads},
          {"multiplications_per_image", result.multiplications},
          {"weight_bytes", result.weight_bytes},
          {"activation_bytes", result.activation_bytes},
          {"images_per_second", ToJson(result.images_per_second)},
          {"gmacs_per_second", Gmacs(result)},
          {"peak_multiplications_per_second", ToJson(result.peak)},
          {"of_peak", ToJson(result.of_peak)},
          {"ops", std::move(ops)}};
}

}  // namespace

std::string BenchmarkReportToText(const BenchmarkReport& report) {
  std::string text = absl::StrCat(Heading(report), "\n", ResultTable(report));
  for (const BenchmarkResult& result : report.results) {
    if (!result.ops.empty()) absl::StrAppend(&text, OpTable(result));
  }
  absl::StrAppendFormat(
      &text,
      "\nThe peak is in GMAC/s, weights and the arena of "
      "intermediate results in MB; the process had at most "
      "%.0f MB in memory.\n",
      static_cast<double>(report.peak_resident_bytes) / kMega);
  return text;
}

std::string BenchmarkReportToJson(const BenchmarkReport& report) {
  Json cases = Json::array();
  for (const BenchmarkResult& result : report.results) {
    cases.push_back(ToJson(result));
  }
  const nlohmann::ordered_json json = {
      {"machine",
       {{"processor", report.processor},
        {"processors", report.processors},
        {"isa", report.isa}}},
      {"build",
       {{"version", report.build.version}, {"commit", CommitOf(report.build)}}},
      {"clock", report.cpu_time ? "processor" : "wall"},
      {"repeats", report.repeats},
      {"peak_resident_bytes", report.peak_resident_bytes},
      {"cases", std::move(cases)}};
  return json.dump(/*indent=*/2) + "\n";
}

}  // namespace moevit
