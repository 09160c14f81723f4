#include "client/simulation_output.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/json.h"
#include "client/latency_plot.h"

namespace moevit {
namespace {

constexpr size_t kMostDevicesInText = 16;
constexpr int kBarWidth = 40;
constexpr double kMebi = 1 << 20;

double Share(int64_t part, int64_t all) {
  return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0;
}

std::string Milliseconds(absl::Duration duration) {
  return absl::StrFormat("%.3f", absl::ToDoubleMilliseconds(duration));
}

std::string RunRow(const SimulationRun& run) {
  const SimulationReport& report = run.report;
  const ImageCounts& images = report.images;
  const LatencySummary& latency = report.latency;
  return absl::StrFormat(
      "| %.1f | %.1f %% | %.1f | %s | %s | %s | %d | %d | %d | %.2f |\n",
      run.rate, 100 * run.load, report.answered_per_second,
      Milliseconds(latency.p50), Milliseconds(latency.p99),
      Milliseconds(latency.max), images.missed(), images.rejected,
      images.failed, report.MeanBatch());
}

std::string RunTable(const std::vector<SimulationRun>& runs) {
  std::string text =
      "| images/s | load | answered/s | p50 ms | p99 ms | longest ms | "
      "deadlines missed | queue full | failed | mean batch |\n"
      "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
  for (const SimulationRun& run : runs) absl::StrAppend(&text, RunRow(run));
  return text;
}

std::string RequestsTable(const SimulationReport& report) {
  std::string text =
      "\n| requests | images | in time | late | expired | refused | p50 ms | "
      "p99 ms |\n|:---|---:|---:|---:|---:|---:|---:|---:|\n";
  for (const RequestsReport& one : report.requests) {
    absl::StrAppendFormat(&text, "| %s | %d | %d | %d | %d | %d | %s | %s |\n",
                          one.name, one.images.all(), one.images.in_time,
                          one.images.late, one.images.expired,
                          one.images.refused, Milliseconds(one.latency.p50),
                          Milliseconds(one.latency.p99));
  }
  return text;
}

double BusyShare(const DeviceReport& device, absl::Duration time) {
  if (time <= absl::ZeroDuration()) return 0;
  return absl::FDivDuration(device.busy, time * device.lanes);
}

std::string DeviceTable(const SimulationReport& report) {
  std::string text =
      "\n| device | batches | images | busy | failures |\n"
      "|:---|---:|---:|---:|---:|\n";
  const size_t shown = std::min(report.devices.size(), kMostDevicesInText);
  for (size_t i = 0; i < shown; ++i) {
    const DeviceReport& device = report.devices[i];
    absl::StrAppendFormat(
        &text, "| %s | %d | %d | %.1f %% | %d |\n", device.name, device.batches,
        device.images, 100 * BusyShare(device, report.time), device.failures);
  }
  if (shown < report.devices.size()) {
    absl::StrAppend(&text, "\nand ", report.devices.size() - shown,
                    " more devices.\n");
  }
  absl::StrAppendFormat(&text,
                        "\nThe busiest device works %.3f times the mean.\n",
                        report.DeviceImbalance());
  return text;
}

std::string BatchHistogram(const SimulationReport& report) {
  int64_t all = 0;
  int64_t most = 1;
  for (const auto& [size, count] : report.batches) {
    all += count;
    most = std::max(most, count);
  }
  std::string text = "\nImages per batch:\n\n";
  for (const auto& [size, count] : report.batches) {
    absl::StrAppendFormat(&text, "%6d %6.2f %% %s\n", size,
                          100 * Share(count, all),
                          std::string(kBarWidth * count / most, '#'));
  }
  return text;
}

std::string ExpertLines(const SimulationReport& report) {
  const ExpertTotals& experts = report.experts;
  if (experts.layers == 0) return "";
  return absl::StrFormat(
      "\nExperts: %.3f MiB of weights and %.3f loads per image, %.1f %% of "
      "uses were there; the busiest device of a layer %.3f times the mean with "
      "the first placement, %.3f after %d new ones (%d copies moved); %d "
      "groups ran again.\n",
      report.WeightBytesPerImage() / kMebi, report.WeightLoadsPerImage(),
      100 * report.WeightHitRatio(), report.FirstExpertImbalance(),
      report.ExpertImbalance(), experts.replans, experts.replica_moves,
      experts.parts_rerun);
}

double Seconds(absl::Duration duration) {
  return absl::ToDoubleSeconds(duration);
}

Json ToJson(const ImageCounts& images) {
  return {{"all", images.all()},
          {"in_time", images.in_time},
          {"late", images.late},
          {"expired", images.expired},
          {"refused", images.refused},
          {"rejected", images.rejected},
          {"failed", images.failed},
          {"answered", images.answered()},
          {"deadlines_missed", images.missed()}};
}

Json ToJson(const LatencySummary& latency) {
  return {{"mean", Seconds(latency.mean)}, {"p50", Seconds(latency.p50)},
          {"p90", Seconds(latency.p90)},   {"p99", Seconds(latency.p99)},
          {"p999", Seconds(latency.p999)}, {"max", Seconds(latency.max)}};
}

Json RequestsToJson(const SimulationReport& report) {
  Json all = Json::array();
  for (const RequestsReport& one : report.requests) {
    all.push_back({{"name", one.name},
                   {"images", ToJson(one.images)},
                   {"latency_seconds", ToJson(one.latency)}});
  }
  return all;
}

Json DevicesToJson(const SimulationReport& report) {
  Json all = Json::array();
  for (const DeviceReport& device : report.devices) {
    all.push_back({{"name", device.name},
                   {"batches", device.batches},
                   {"images", device.images},
                   {"failures", device.failures},
                   {"busy", BusyShare(device, report.time)}});
  }
  return all;
}

Json ExpertsToJson(const SimulationReport& report) {
  const ExpertTotals& experts = report.experts;
  return {{"weight_bytes_per_image", report.WeightBytesPerImage()},
          {"weight_loads_per_image", report.WeightLoadsPerImage()},
          {"hit_ratio", report.WeightHitRatio()},
          {"first_imbalance", report.FirstExpertImbalance()},
          {"imbalance", report.ExpertImbalance()},
          {"replans", experts.replans},
          {"copies_moved", experts.replica_moves},
          {"groups_rerun", experts.parts_rerun}};
}

Json ToJson(const SimulationRun& run) {
  const SimulationReport& report = run.report;
  Json batches = Json::object();
  for (const auto& [size, count] : report.batches) {
    batches[absl::StrCat(size)] = count;
  }
  Json json = {{"rate", run.rate},
               {"load", run.load},
               {"seconds", Seconds(report.time)},
               {"images", ToJson(report.images)},
               {"offered_per_second", report.offered_per_second},
               {"answered_per_second", report.answered_per_second},
               {"mean_in_system", report.mean_in_system},
               {"latency_seconds", ToJson(report.latency)},
               {"requests", RequestsToJson(report)},
               {"devices", DevicesToJson(report)},
               {"device_imbalance", report.DeviceImbalance()},
               {"mean_batch", report.MeanBatch()},
               {"batches", std::move(batches)}};
  if (report.experts.layers > 0) json["experts"] = ExpertsToJson(report);
  return json;
}

}  // namespace

std::string SimulationToText(const SimulationOptions& options,
                             const std::vector<SimulationRun>& runs) {
  std::string text = absl::StrFormat(
      "devices: %d, at most %.1f images/s in batches of %d; seed %d\n\n",
      options.devices.size(), options.Capacity(),
      options.batching.max_batch_size, options.seed);
  absl::StrAppend(&text, RunTable(runs));
  if (runs.size() != 1) return text;
  const SimulationReport& report = runs[0].report;
  absl::StrAppend(&text, RequestsTable(report), DeviceTable(report),
                  BatchHistogram(report), ExpertLines(report));
  return text;
}

std::string SimulationToJson(const SimulationOptions& options,
                             const std::vector<SimulationRun>& runs) {
  Json all = Json::array();
  for (const SimulationRun& run : runs) all.push_back(ToJson(run));
  const nlohmann::ordered_json json = {
      {"capacity_per_second", options.Capacity()},
      {"max_batch_size", options.batching.max_batch_size},
      {"seed", options.seed},
      {"runs", std::move(all)}};
  return json.dump(/*indent=*/2) + "\n";
}

std::string SimulationToSvg(const std::vector<SimulationRun>& runs) {
  std::vector<LatencyCurve> curves;
  curves.reserve(runs.size());
  for (const SimulationRun& run : runs) {
    curves.push_back(
        {absl::StrFormat("%.4g images/s", run.rate), run.report.latencies});
  }
  return LatencyPlot(curves, "images");
}

}  // namespace moevit
