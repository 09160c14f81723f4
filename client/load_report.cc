#include "client/load_report.h"

#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/json.h"
#include "client/latency_plot.h"

namespace moevit {
namespace {

struct Percentile {
  absl::string_view name;
  double part;
};
constexpr Percentile kPercentiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}};

// None where there are too few samples to claim it.
std::optional<double> Milliseconds(const std::vector<absl::Duration>& samples,
                                   double part) {
  if (static_cast<int64_t>(samples.size()) < SamplesForPercentile(part)) {
    return std::nullopt;
  }
  return absl::ToDoubleMilliseconds(PercentileOf(samples, part));
}

std::optional<double> LongestMilliseconds(
    const std::vector<absl::Duration>& samples) {
  if (samples.empty()) return std::nullopt;
  return absl::ToDoubleMilliseconds(samples.back());
}

std::string Cell(std::optional<double> milliseconds) {
  return milliseconds.has_value() ? absl::StrFormat("%.3f", *milliseconds)
                                  : "-";
}

std::string LoadName(const LoadRun& run) {
  return run.rate > 0 ? absl::StrFormat("%.1f/s", run.rate)
                      : absl::StrCat(run.concurrency, " open");
}

std::string Row(const LoadRun& run) {
  const LoadResult& result = run.result;
  std::string row = absl::StrFormat("%11s %11.1f %9d %7d", LoadName(run),
                                    result.answers_per_second(),
                                    result.requests, result.errors_total());
  for (const Percentile& percentile : kPercentiles) {
    absl::StrAppendFormat(
        &row, " %9s", Cell(Milliseconds(result.latencies, percentile.part)));
  }
  absl::StrAppendFormat(&row, " %9s %11s\n",
                        Cell(LongestMilliseconds(result.latencies)),
                        Cell(Milliseconds(result.send_delays, 0.99)));
  return row;
}

// What a reader must know of one run beside its row.
std::string Notes(const LoadRun& run) {
  std::string notes;
  for (const auto& [code, errors] : run.result.errors) {
    absl::StrAppend(&notes, LoadName(run), ": ", errors.count, " ", code, ": ",
                    errors.first_message, "\n");
  }
  const Percentile& last = kPercentiles[std::size(kPercentiles) - 1];
  const auto answers = static_cast<int64_t>(run.result.latencies.size());
  if (answers < SamplesForPercentile(last.part)) {
    absl::StrAppend(&notes, LoadName(run), ": ", answers, " answers; ",
                    last.name, " takes ", SamplesForPercentile(last.part),
                    ", a longer --duration\n");
  }
  return notes;
}

Json Nullable(std::optional<double> number) {
  return number.has_value() ? Json(*number) : Json(nullptr);
}

Json PercentilesToJson(const std::vector<absl::Duration>& samples) {
  Json json = Json::object();
  for (const Percentile& percentile : kPercentiles) {
    json[std::string(percentile.name)] =
        Nullable(Milliseconds(samples, percentile.part));
  }
  json["max"] = Nullable(LongestMilliseconds(samples));
  return json;
}

Json RunToJson(const LoadRun& run) {
  const LoadResult& result = run.result;
  Json json = {
      {"loop", run.rate > 0 ? "open" : "closed"},
      {"seconds", absl::ToDoubleSeconds(result.duration)},
      {"requests", result.requests},
      {"answers", result.latencies.size()},
      {"answers_per_second", result.answers_per_second()},
      {"latency_ms", PercentilesToJson(result.latencies)},
      {"send_delay_ms", PercentilesToJson(result.send_delays)},
      {"errors", Json::object()},
  };
  if (!result.decode_times.empty()) {
    json["server_ms"] = {{"decode", PercentilesToJson(result.decode_times)},
                         {"queue", PercentilesToJson(result.queue_times)},
                         {"compute", PercentilesToJson(result.compute_times)}};
  }
  if (run.rate > 0) {
    json["offered_per_second"] = run.rate;
  } else {
    json["concurrency"] = run.concurrency;
  }
  for (const auto& [code, errors] : result.errors) {
    json["errors"][code] = {
        {"count", errors.count},
        {"first_message", errors.first_message},
        {"latency_ms", PercentilesToJson(errors.latencies)}};
  }
  return json;
}

std::string SustainedToText(const SustainedRate& sustained) {
  const std::string bound = absl::FormatDuration(sustained.p99_bound);
  if (sustained.rate == 0) {
    return absl::StrCat("No rate tried has 99 % of the answers within ", bound,
                        ".\n");
  }
  return absl::StrFormat(
      "%.1f requests/s is the highest rate tried with 99 %% of the answers "
      "within %s.\n",
      sustained.rate, bound);
}

}  // namespace

std::string LoadReportToText(const LoadReport& report) {
  std::string text = absl::StrFormat("%11s %11s %9s %7s", "offered",
                                     "answered/s", "requests", "errors");
  for (const Percentile& percentile : kPercentiles) {
    absl::StrAppendFormat(&text, " %9s", absl::StrCat(percentile.name, " ms"));
  }
  absl::StrAppendFormat(&text, " %9s %11s\n", "max ms", "sent late*");
  for (const LoadRun& run : report.runs) absl::StrAppend(&text, Row(run));
  absl::StrAppend(&text,
                  "* p99 in ms; latencies count from when a request was "
                  "due, and include it\n");
  for (const LoadRun& run : report.runs) absl::StrAppend(&text, Notes(run));
  if (report.sustained.has_value()) {
    absl::StrAppend(&text, SustainedToText(*report.sustained));
  }
  return text;
}

std::string LoadReportToJson(const LoadReport& report) {
  Json json = {
      {"build",
       {{"version", report.build.version}, {"commit", report.build.commit}}},
      {"processor", report.processor},
      {"server", report.server},
      {"connections", report.connections},
      {"seed", report.seed},
      {"warmup_seconds", absl::ToDoubleSeconds(report.warmup)},
      {"runs", Json::array()},
  };
  for (const LoadRun& run : report.runs) json["runs"].push_back(RunToJson(run));
  if (report.sustained.has_value()) {
    json["sustained"] = {{"requests_per_second", report.sustained->rate},
                         {"p99_bound_ms", absl::ToDoubleMilliseconds(
                                              report.sustained->p99_bound)}};
  }
  return json.dump(-1, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace) +
         "\n";
}

std::string LoadReportToSvg(const LoadReport& report) {
  std::vector<LatencyCurve> curves;
  for (const LoadRun& run : report.runs) {
    LatencyCurve& curve = curves.emplace_back();
    curve.label = LoadName(run);
    for (const absl::Duration latency : run.result.latencies) {
      curve.seconds.push_back(absl::ToDoubleSeconds(latency));
    }
    if (!curve.seconds.empty()) {
      curve.last_part =
          HighestPercentile(static_cast<int64_t>(curve.seconds.size()));
    }
  }
  return LatencyPlot(curves, "requests");
}

}  // namespace moevit
