#include "client/load_command.h"

#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/build_info.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/progress.h"
#include "base/status_macros.h"
#include "client/flag_errors.h"
#include "client/load_images.h"
#include "client/load_search.h"

namespace moevit {
namespace {

constexpr double kMaxRate = 1e6;
constexpr int kMaxConnections = 1024;
constexpr int kMaxPriority = 65536;
constexpr int kMaxSearchSteps = 20;
constexpr absl::Duration kMaxTime = absl::Hours(1);

constexpr absl::string_view kProbeReady = "ready";
constexpr absl::string_view kProbeMetadata = "metadata";

// Random arrivals are not answered faster than a closed loop's, but for what
// its concurrency leaves unused.
constexpr double kSearchedOverClosedLoop = 1.2;

absl::Status CheckTime(absl::string_view flag, absl::Duration time,
                       absl::Duration min) {
  if (time >= min && time <= kMaxTime) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "--", flag, " is ", absl::FormatDuration(time), "; it must be in [",
      absl::FormatDuration(min), ", ", absl::FormatDuration(kMaxTime), "]"));
}

// Shows how many requests have ended.
std::unique_ptr<ProgressMeter> NewMeter(std::string label, double requests) {
  ProgressOptions options;
  options.label = std::move(label);
  options.unit = "requests";
  options.total = static_cast<int64_t>(requests);
  return std::make_unique<ProgressMeter>(std::move(options));
}

}  // namespace

void LoadCommand::AddFlags(FlagSet* flags) {
  AddRequestFlags(flags);
  flags->Add({.name = "rate",
              .value_name = "R,...",
              .help = "open loop: requests per second, at random times; one "
                      "run for each"},
             &rate_);
  flags->Add({.name = "closed",
              .value_name = "",
              .help = "closed loop instead: each answer sends a request"},
             &closed_);
  flags->Add({.name = "concurrency",
              .value_name = "N",
              .help = "requests on their way in the closed loop, which "
                      "--find_max also begins with"},
             &concurrency_);
  flags->Add({.name = "find_max",
              .value_name = "",
              .help = "search the highest rate, open loop, at which --p99 "
                      "holds; requests that fail count as late"},
             &find_max_);
  flags->Add({.name = "p99",
              .value_name = "TIME",
              .help = "within which --find_max wants 99 of 100 answers"},
             &p99_);
  flags->Add({.name = "search_steps",
              .value_name = "N",
              .help = "runs of --find_max; each halves how far off its answer "
                      "may be"},
             &search_steps_);
  flags->Add({.name = "duration",
              .value_name = "TIME",
              .help = "what counts of each run; longer in --find_max where "
                      "requests are too few for a p99"},
             &window_.duration);
  flags->Add({.name = "warmup",
              .value_name = "TIME",
              .help = "the beginning of each run, which does not count"},
             &window_.warmup);
  flags->Add({.name = "seed",
              .value_name = "N",
              .help = "of the random times; the same seed, the same times"},
             &seed_);
  flags->Add(
      {.name = "json", .value_name = "", .help = "print one JSON object"},
      &json_);
  flags->Add({.name = "plot",
              .value_name = "FILE.svg",
              .help = "draw latencies over percentiles"},
             &plot_);
}

void LoadCommand::AddRequestFlags(FlagSet* flags) {
  AddServerFlags(&server_, flags);
  flags->Add({.name = "model",
              .value_name = "NAME",
              .help = "the model to ask; not needed if the server has one"},
             &target_.model);
  flags->Add({.name = "version",
              .value_name = "NUMBER",
              .help = "the model's version; the highest if not given"},
             &target_.version);
  flags->Add({.name = "pixels",
              .value_name = "",
              .help = "send random pixels of the model's size, by ModelInfer, "
                      "in place of files"},
             &pixels_);
  flags->Add({.name = "probe",
              .value_name = "WHAT",
              .help = "send no image: ask for \"ready\", whether the server "
                      "is, or for \"metadata\", the model's"},
             &probe_);
  flags->Add({.name = "priority",
              .value_name = "N",
              .help = "of the requests, 1 is the highest; 0: the server's "
                      "default"},
             &target_.priority);
  flags->Add({.name = "timeout",
              .value_name = "TIME",
              .help = "each call's deadline, from when it is sent; a run ends "
                      "that much after its duration at the latest"},
             &server_.timeout);
  flags->Add({.name = "connections",
              .value_name = "N",
              .help = "over which requests are sent in turn"},
             &connections_);
}

absl::Status LoadCommand::CheckFlags() const {
  const int modes =
      (rate_.empty() ? 0 : 1) + (closed_ ? 1 : 0) + (find_max_ ? 1 : 0);
  if (modes != 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        modes, " of --rate, --closed and --find_max are given; one is needed"));
  }
  MOEVIT_RETURN_IF_ERROR(
      CheckTime("duration", window_.duration, absl::Milliseconds(1)));
  MOEVIT_RETURN_IF_ERROR(
      CheckTime("warmup", window_.warmup, absl::ZeroDuration()));
  MOEVIT_RETURN_IF_ERROR(
      CheckTime("timeout", server_.timeout, absl::Milliseconds(1)));
  MOEVIT_RETURN_IF_ERROR(CheckTime("p99", p99_, absl::Microseconds(1)));
  MOEVIT_RETURN_IF_ERROR(
      CheckFlag("connections", connections_, 1, kMaxConnections));
  MOEVIT_RETURN_IF_ERROR(
      CheckFlag("concurrency", concurrency_, 1, kMaxOpenCalls));
  MOEVIT_RETURN_IF_ERROR(
      CheckFlag("search_steps", search_steps_, 1, kMaxSearchSteps));
  if (!probe_.empty() && probe_ != kProbeReady && probe_ != kProbeMetadata) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--probe is \"", probe_, "\"; it must be ready or metadata"));
  }
  if (pixels_ && !probe_.empty()) {
    return absl::InvalidArgumentError(
        "--pixels and --probe exclude each other");
  }
  return CheckFlag("priority", target_.priority, 0, kMaxPriority);
}

absl::StatusOr<std::vector<double>> LoadCommand::Rates() const {
  std::vector<double> rates;
  for (const std::string& text : rate_) {
    double rate = 0;
    if (!absl::SimpleAtod(text, &rate) || !(rate > 0 && rate <= kMaxRate)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--rate is \"", text,
                       "\"; it must be a positive number, at most ", kMaxRate));
    }
    rates.push_back(rate);
  }
  return rates;
}

absl::StatusOr<LoadRequests> LoadCommand::Requests(
    const ServerConnection& connection,
    absl::Span<const std::string> paths) const {
  if (!pixels_ && probe_.empty()) {
    MOEVIT_ASSIGN_OR_RETURN(std::vector<std::string> files, ReadImages(paths));
    return FileRequests(std::move(files), target_);
  }
  if (!paths.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(pixels_ ? "--pixels" : "--probe", " sends no file; ",
                     paths.front(), " is given"));
  }
  if (!probe_.empty()) {
    return ProbeRequests(
        probe_ == kProbeReady ? Probe::kReady : Probe::kMetadata, connection,
        target_);
  }
  return PixelRequests(connection, target_);
}

LoadRun LoadCommand::OpenLoop(LoadClient& client, double rate,
                              absl::Duration duration) const {
  const LoadWindow window = {.warmup = window_.warmup, .duration = duration};
  const auto meter = NewMeter(absl::StrFormat("%.1f/s", rate),
                              rate * absl::ToDoubleSeconds(window.end()));
  LoadRun run;
  run.rate = rate;
  run.result = client.RunOpenLoop(LoadSchedule(rate, window, seed_), window,
                                  [&meter] { meter->Advance(); });
  return run;
}

LoadRun LoadCommand::ClosedLoop(LoadClient& client) const {
  const auto meter =
      NewMeter(absl::StrCat(concurrency_, " open"), /*requests=*/0);
  LoadRun run;
  run.concurrency = concurrency_;
  run.result = client.RunClosedLoop(concurrency_, window_,
                                    [&meter] { meter->Advance(); });
  return run;
}

absl::StatusOr<double> LoadCommand::FindHighest(
    LoadClient& client, std::vector<LoadRun>& runs) const {
  runs.push_back(ClosedLoop(client));
  RateSearch search;
  search.steps = search_steps_;
  search.highest =
      kSearchedOverClosedLoop * runs.back().result.answers_per_second();
  if (search.highest == 0) {
    return absl::UnavailableError(absl::StrCat(
        server_.target, " answers nothing in a closed loop of ", concurrency_,
        " requests within ", absl::FormatDuration(window_.duration)));
  }
  return FindHighestRate(search, [&](double rate) -> absl::StatusOr<bool> {
    // Twice what p99 takes, lest chance make it too few.
    const absl::Duration enough = absl::Seconds(
        2 * static_cast<double>(SamplesForPercentile(0.99)) / rate);
    const LoadRun& run = runs.emplace_back(
        OpenLoop(client, rate, std::max(window_.duration, enough)));
    return run.result.PartLaterThan(p99_) <= 0.01;
  });
}

absl::Status LoadCommand::Run(absl::Span<const std::string> paths,
                              const Console& console) {
  MOEVIT_RETURN_IF_ERROR(CheckFlags());
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<double> rates, Rates());
  MOEVIT_ASSIGN_OR_RETURN(ServerConnection connection,
                          ServerConnection::Create(server_));
  LoadClientOptions options;
  options.connections = connections_;
  MOEVIT_ASSIGN_OR_RETURN(options.requests, Requests(connection, paths));
  MOEVIT_ASSIGN_OR_RETURN(
      const std::unique_ptr<LoadClient> client,
      LoadClient::Connect(std::move(connection), std::move(options)));
  LoadReport report;
  report.build = ThisBuild();
  report.processor = ProcessorName();
  report.server = server_.target;
  report.connections = connections_;
  report.seed = seed_;
  report.warmup = window_.warmup;
  for (const double rate : rates) {
    report.runs.push_back(OpenLoop(*client, rate, window_.duration));
  }
  if (closed_) report.runs.push_back(ClosedLoop(*client));
  if (find_max_) {
    SustainedRate& sustained = report.sustained.emplace();
    sustained.p99_bound = p99_;
    MOEVIT_ASSIGN_OR_RETURN(sustained.rate, FindHighest(*client, report.runs));
  }
  *console.out << (json_ ? LoadReportToJson(report) : LoadReportToText(report));
  if (plot_.empty()) return absl::OkStatus();
  return WriteFile(plot_, LoadReportToSvg(report));
}

}  // namespace moevit
