#include "client/simulate_command.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "client/flag_errors.h"
#include "client/simulation_flags.h"
#include "scheduler/simulation/simulation.h"

namespace moevit {
namespace {

constexpr double kDefaultLoad = 0.7;
constexpr double kMostRate = 1e9;
constexpr size_t kMaxArrivalsBytes = size_t{256} << 20;

// Positive numbers; "50%" is 0.5.
absl::StatusOr<std::vector<double>> ParseNumbers(
    absl::string_view flag, const std::vector<std::string>& texts) {
  std::vector<double> numbers;
  for (const std::string& text : texts) {
    absl::string_view digits = text;
    const double unit = absl::ConsumeSuffix(&digits, "%") ? 0.01 : 1;
    double number = 0;
    if (!absl::SimpleAtod(digits, &number) ||
        !(number > 0 && number <= kMostRate)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--", flag, " is \"", text,
          "\"; it must be a positive number, at most ", kMostRate));
    }
    numbers.push_back(unit * number);
  }
  return numbers;
}

// Images per second; zero for arrivals that all are at one moment.
double RateOf(const std::vector<absl::Duration>& arrivals) {
  if (arrivals.empty()) return 0;
  const double seconds = absl::ToDoubleSeconds(arrivals.back());
  return seconds > 0 ? static_cast<double>(arrivals.size() - 1) / seconds : 0;
}

absl::StatusOr<std::vector<absl::Duration>> LoadRecorded(
    const std::string& file) {
  if (file.empty()) return std::vector<absl::Duration>();
  MOEVIT_ASSIGN_OR_RETURN(const std::string text,
                          ReadFile(file, kMaxArrivalsBytes));
  return ParseArrivals(text, file);
}

}  // namespace

void SimulateCommand::AddFlags(FlagSet* flags) {
  flags->Add(
      {.name = "devices",
       .value_name = "NAME[*COUNT][:FIELD=VALUE]...,...",
       .help = "what a batch takes: launch and image (times), lanes; stall "
               "(a time) holds up the part stall_share of the batches; for "
               "experts start, row and load (times) and memory (bytes); fails "
               "and back (times since the beginning) lose the device"},
      &devices_);
  flags->Add({.name = "requests",
              .value_name = "NAME[*WEIGHT][:FIELD=VALUE]...,...",
              .help = "kinds of requests, with priority (1 is the highest) and "
                      "deadline (a time from the arrival)"},
             &requests_);
  AddArrivalFlags(flags);
  AddSchedulerFlags(flags);
  AddExpertFlags(flags);
  flags->Add(
      {.name = "json", .value_name = "", .help = "print one JSON object"},
      &json_);
  flags->Add({.name = "plot",
              .value_name = "FILE.svg",
              .help = "draw latencies over percentiles"},
             &plot_);
}

void SimulateCommand::AddArrivalFlags(FlagSet* flags) {
  flags->Add({.name = "arrivals",
              .value_name = "NAME",
              .help = "poisson, or bursty: between two random rates"},
             &arrivals_);
  flags->Add(
      {.name = "recorded",
       .value_name = "FILE",
       .help = "arrivals instead, one per line: seconds, or a number and "
               "its unit; played at --rate or --load if given"},
      &recorded_);
  flags->Add({.name = "rate",
              .value_name = "N,...",
              .help = "images per second; a simulation for each"},
             &rate_);
  flags->Add({.name = "load",
              .value_name = "PART,...",
              .help = "instead of --rate: parts of what the devices can do in "
                      "full batches; 70% if neither is given"},
             &load_);
  flags->Add({.name = "burst_factor",
              .value_name = "N",
              .help = "the rate in bursts over the mean"},
             &bursts_.factor);
  flags->Add({.name = "burst_share",
              .value_name = "PART",
              .help = "the part of the time that is in bursts"},
             &bursts_.share);
  flags->Add({.name = "mean_burst",
              .value_name = "TIME",
              .help = "how long a burst lasts in the mean"},
             &bursts_.mean_burst);
  flags->Add(
      {.name = "images", .value_name = "N", .help = "ends with so many images"},
      &options_.images);
  flags->Add({.name = "duration",
              .value_name = "TIME",
              .help = "ends with the images that arrive within this time"},
             &options_.duration);
  flags->Add({.name = "warmup",
              .value_name = "PART",
              .help = "the first part of the images, whose latencies do not "
                      "count"},
             &options_.warmup);
  flags->Add({.name = "seed",
              .value_name = "N",
              .help = "of everything random; the same seed, the same output"},
             &options_.seed);
}

void SimulateCommand::AddSchedulerFlags(FlagSet* flags) {
  flags->Add({.name = "batching",
              .value_name = "NAME",
              .help = "cost_model, or fixed_delay: by size and delay only"},
             &batching_);
  flags->Add({.name = "max_batch_size",
              .value_name = "N",
              .help = "images per batch at most"},
             &options_.batching.max_batch_size);
  flags->Add({.name = "max_queue_delay",
              .value_name = "TIME",
              .help = "how long an image may wait, while a device is free, for "
                      "others to fill a batch"},
             &options_.batching.max_queue_delay);
  flags->Add({.name = "max_queue_images",
              .value_name = "N",
              .help = "images that may wait before others are rejected"},
             &options_.queue.max_images);
}

void SimulateCommand::AddExpertFlags(FlagSet* flags) {
  RoutingOptions& routing = options_.experts.routing;
  flags->Add({.name = "layers",
              .value_name = "N",
              .help = "layers with experts; 0: a model without"},
             &routing.layers);
  flags->Add({.name = "experts", .value_name = "N", .help = "per layer"},
             &routing.experts);
  flags->Add({.name = "top_k", .value_name = "N", .help = "experts per token"},
             &routing.top_k);
  flags->Add({.name = "tokens", .value_name = "N", .help = "per image"},
             &routing.tokens);
  flags->Add(
      {.name = "zipf",
       .value_name = "S",
       .help = "the expert of rank r is chosen in proportion to 1 / r^S"},
      &routing.zipf);
  flags->Add({.name = "expert_bytes",
              .value_name = "BYTES",
              .help = "weights of one expert; K, M and G are allowed"},
             &expert_bytes_);
  flags->Add({.name = "home_row",
              .value_name = "TIME",
              .help = "one token's time through an expert on the processor, "
                      "which runs what devices cannot and, if the time is not "
                      "zero, cold experts"},
             &options_.experts.home.row);
  flags->Add({.name = "replan_after",
              .value_name = "N",
              .help = "batches after which experts are placed again"},
             &options_.experts.runner.batches_per_replan);
  flags->Add(
      {.name = "sharded",
       .value_name = "",
       .help = "all devices work on each batch, with the experts divided "
               "over them; otherwise each runs whole batches"},
      &options_.sharded);
}

absl::Status SimulateCommand::CheckArrivals() const {
  if (arrivals_ != "poisson" && arrivals_ != "bursty") {
    return absl::InvalidArgumentError(absl::StrCat(
        "--arrivals is \"", arrivals_, "\"; it must be poisson or bursty"));
  }
  if (!rate_.empty() && !load_.empty()) {
    return absl::InvalidArgumentError("give --rate or --load, not both");
  }
  return bursts_.Validate();
}

absl::StatusOr<SimulationOptions> SimulateCommand::CheckFlags() const {
  MOEVIT_RETURN_IF_ERROR(CheckArrivals());
  SimulationOptions options = options_;
  MOEVIT_ASSIGN_OR_RETURN(options.devices, ParseSimulatedDevices(devices_));
  MOEVIT_ASSIGN_OR_RETURN(options.requests, ParseSimulatedRequests(requests_));
  const absl::StatusOr<int64_t> expert_bytes = ParseByteSize(expert_bytes_);
  if (!expert_bytes.ok()) {
    return FlagError("expert_bytes", expert_bytes.status());
  }
  options.experts.expert_bytes = *expert_bytes;
  if (batching_ == "fixed_delay") {
    options.batching.method = BatchingMethod::kFixedDelay;
  } else if (batching_ != "cost_model") {
    return absl::InvalidArgumentError(
        absl::StrCat("--batching is \"", batching_,
                     "\"; it must be cost_model or fixed_delay"));
  }
  for (const SimulatedRequests& one : options.requests) {
    int& levels = options.batching.policy.priority_levels;
    levels = std::max(levels, one.priority);
  }
  MOEVIT_RETURN_IF_ERROR(options.Validate());
  return options;
}

absl::StatusOr<std::vector<double>> SimulateCommand::Rates(
    double capacity, double recorded) const {
  if (!rate_.empty()) return ParseNumbers("rate", rate_);
  MOEVIT_ASSIGN_OR_RETURN(std::vector<double> rates,
                          ParseNumbers("load", load_));
  if (rates.empty() && !recorded_.empty()) return std::vector{recorded};
  if (rates.empty()) rates.push_back(kDefaultLoad);
  for (double& rate : rates) rate *= capacity;
  return rates;
}

std::unique_ptr<Arrivals> SimulateCommand::NewArrivals(
    const std::vector<absl::Duration>& recorded, double recorded_rate,
    double rate) const {
  // Not the seed of what arrives.
  const uint64_t seed = ~options_.seed;
  if (!recorded.empty()) {
    std::vector<absl::Duration> scaled = recorded;
    if (recorded_rate > 0 && rate != recorded_rate) {
      for (absl::Duration& arrival : scaled) arrival *= recorded_rate / rate;
    }
    return NewRecordedArrivals(std::move(scaled));
  }
  return arrivals_ == "bursty" ? NewBurstyArrivals(rate, bursts_, seed)
                               : NewPoissonArrivals(rate, seed);
}

absl::StatusOr<std::vector<SimulationRun>> SimulateCommand::RunAll(
    SimulationOptions options) const {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<absl::Duration> recorded,
                          LoadRecorded(recorded_));
  if (!recorded.empty()) {
    options.images =
        std::min(options.images, static_cast<int64_t>(recorded.size()));
  }
  const double capacity = options.Capacity();
  const double recorded_rate = RateOf(recorded);
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<double> rates,
                          Rates(capacity, recorded_rate));
  ProgressOptions progress_options;
  progress_options.label = "simulating";
  progress_options.total = options.images * static_cast<int64_t>(rates.size());
  ProgressMeter progress(std::move(progress_options));
  options.on_progress = [&](int64_t) { progress.Advance(); };
  std::vector<SimulationRun> runs;
  for (const double rate : rates) {
    const auto arrivals = NewArrivals(recorded, recorded_rate, rate);
    MOEVIT_ASSIGN_OR_RETURN(SimulationReport report,
                            Simulate(options, *arrivals));
    runs.push_back({rate, rate / capacity, std::move(report)});
  }
  return runs;
}

absl::Status SimulateCommand::Run(absl::Span<const std::string> /*positional*/,
                                  const Console& console) {
  MOEVIT_ASSIGN_OR_RETURN(const SimulationOptions options, CheckFlags());
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<SimulationRun> runs,
                          RunAll(options));
  if (!plot_.empty()) {
    MOEVIT_RETURN_IF_ERROR(WriteFile(plot_, SimulationToSvg(runs)));
  }
  *console.out << (json_ ? SimulationToJson(options, runs)
                         : SimulationToText(options, runs));
  return absl::OkStatus();
}

}  // namespace moevit
