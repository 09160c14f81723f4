#include "server/flags.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/build_info.h"
#include "base/cpu_count.h"
#include "base/memory_nodes.h"
#include "base/status_macros.h"
#include "server/config_file.h"

// Defaults come from ServerOptions, so that there is one place for them.
ABSL_FLAG(std::string, model_repository, "",
          "Directory with the models, <model>/<version>/ in it. Required.");
ABSL_FLAG(
    std::string, config, "",
    "File with settings, in protobuf's text format: a field for each flag "
    "(proto/moevit/v1/config.proto). Flags given besides it win.");
ABSL_FLAG(std::string, model_control, "none",
          "When models are loaded and unloaded. none: all at the start; poll: "
          "also when the repository changes; explicit: when clients ask for it "
          "through the repository API.");
ABSL_FLAG(absl::Duration, repository_poll_interval,
          moevit::ServerOptions().model_control.poll_interval,
          "How often the repository is looked at, with model_control=poll.");
ABSL_FLAG(std::vector<std::string>, load_model, {},
          "What is loaded at the start, with model_control=explicit: names "
          "separated by commas; * is every model.");
ABSL_FLAG(std::string, version_policy, "all",
          "Which versions of a model are served: all, latest:N or "
          "specific:V,V,...; NAME=POLICY for a single model, separated by ;.");
ABSL_FLAG(bool, exit_on_error,
          moevit::ServerOptions().model_control.exit_on_error,
          "Whether a model that cannot be loaded at the start ends the server. "
          "If not, it serves the others.");
ABSL_FLAG(std::string, host, moevit::ServerOptions().host,
          "Address to listen on.");
ABSL_FLAG(int, port, moevit::ServerOptions().port,
          "Port for gRPC; 0 takes a free one.");
ABSL_FLAG(
    int, metrics_port, moevit::ServerOptions().metrics_port,
    "Port for Prometheus, path /metrics; 0 takes a free one, -1 serves no "
    "metrics.");
ABSL_FLAG(std::string, tls_certificate, "",
          "PEM file with the server's certificate and those that lead to its "
          "root, for gRPC and REST; empty: neither speaks TLS.");
ABSL_FLAG(std::string, tls_key, "",
          "PEM file with the key of the certificate, not encrypted.");
ABSL_FLAG(std::string, tls_client_ca, "",
          "PEM file with the roots of clients' certificates, which clients "
          "then need; empty: clients need none.");
ABSL_FLAG(std::string, log_format, "text",
          "How events are written to standard error: text, or json, one object "
          "a line.");
ABSL_FLAG(double, access_log, moevit::ServerOptions().access_log,
          "Fraction of the requests that have a line in the log, from 0, none "
          "but those that the server failed, to 1, all.");
ABSL_FLAG(std::string, token_file, "",
          "File with the bearer tokens that callers need, and their roles; "
          "empty: everybody may do everything.");
ABSL_FLAG(int, rest_port, moevit::ServerOptions().rest_port,
          "Port for the Open Inference Protocol over HTTP; 8000 is "
          "usual, 0 takes a free one, -1 serves no HTTP.");
ABSL_FLAG(int64_t, max_message_bytes, moevit::ServerOptions().max_message_bytes,
          "Largest gRPC message, either way, and largest body over HTTP, in "
          "bytes.");
ABSL_FLAG(int, max_images_per_request,
          moevit::ServerOptions().pipeline.max_images_per_request,
          "Most images in one request.");
ABSL_FLAG(int64_t, max_image_bytes,
          moevit::ServerOptions().image.max_encoded_bytes,
          "Largest encoded image, in bytes.");
ABSL_FLAG(int64_t, max_image_pixels, moevit::ServerOptions().image.max_pixels,
          "Largest decoded image, width times height. Decoding one takes "
          "about 9 bytes of memory per pixel, on each decode thread.");
ABSL_FLAG(int64_t, max_queue_images, moevit::ServerOptions().queue.max_images,
          "Most images that may wait for a device. Requests that do not fit "
          "are answered with RESOURCE_EXHAUSTED at once.");
ABSL_FLAG(int64_t, max_queue_bytes, moevit::ServerOptions().queue.max_bytes,
          "Most bytes that the requests not yet answered may hold together, "
          "as encoded and as preprocessed images.");
ABSL_FLAG(double, max_client_share,
          moevit::ServerOptions().queue.max_client_share,
          "The part of the queue that a client may hold while it is the only "
          "one, in (0, 1]; less with others, so that there is room for the "
          "next. 1: no such bound.");
ABSL_FLAG(double, max_model_share,
          moevit::ServerOptions().queue.max_model_share,
          "The same for a model.");
ABSL_FLAG(int, max_batch_size, moevit::ServerOptions().batching.max_batch_size,
          "Most images executed together.");
ABSL_FLAG(absl::Duration, max_queue_delay,
          moevit::ServerOptions().batching.max_queue_delay,
          "How long an image may wait for others to fill a batch while a "
          "device is free; 0 executes what is there at once.");
ABSL_FLAG(std::string, batching, "cost_model",
          "How batches are formed. cost_model: size and delay that give the "
          "shortest latencies by what was learned of arrivals and devices, "
          "with max_batch_size and max_queue_delay as limits; fixed_delay: "
          "full, or max_queue_delay over.");
ABSL_FLAG(int, priority_levels,
          moevit::ServerOptions().batching.policy.priority_levels,
          "Levels that requests may choose as their priority, from 1, which "
          "goes first, to this one.");
ABSL_FLAG(int, default_priority_level,
          moevit::ServerOptions().batching.policy.default_priority_level,
          "The level of requests that choose none, or one that does not "
          "exist.");
ABSL_FLAG(absl::Duration, starvation_limit,
          moevit::ServerOptions().batching.policy.starvation_limit,
          "An image that waited so long goes before higher levels, in up to a "
          "quarter of a batch.");
ABSL_FLAG(absl::Duration, default_timeout,
          moevit::ServerOptions().batching.policy.default_timeout,
          "How long an image may wait for a device; inf: for ever.");
ABSL_FLAG(bool, allow_timeout_override,
          moevit::ServerOptions().batching.policy.allow_timeout_override,
          "Whether requests may ask for a shorter timeout.");
ABSL_FLAG(std::string, devices, "auto",
          "What executes batches, separated by commas: cpu, xrt:BDF (a card by "
          "its PCIe address), emulated:N (N emulated cards), auto (the cards "
          "of this machine, and the cpu).");
ABSL_FLAG(
    std::string, card_image, moevit::ServerOptions().cards.image,
    "The image (.xclbin) for the cards xrt:...; with auto, cards are used "
    "only if there is one.");
ABSL_FLAG(absl::Duration, card_timeout, moevit::ServerOptions().cards.timeout,
          "Longest time for one copy to a card, or one launch on it.");
ABSL_FLAG(int64_t, card_memory, moevit::ServerOptions().cards.memory,
          "Most bytes of a model's experts that each card holds at a time; "
          "those of a model that has more are divided over all cards, and the "
          "rest of it runs on the processor. 0: each card holds whole models.");
ABSL_FLAG(std::string, card_verification, "canary",
          "How wrong answers of a card that reports no error are found. "
          "canary: a known image and the weights are checked now and then; "
          "twice: besides, every batch runs twice; none.");
ABSL_FLAG(absl::Duration, max_outage,
          moevit::ServerOptions().dispatcher.max_outage,
          "How long images wait for a device to come back when all have "
          "failed.");
ABSL_FLAG(int, concurrent_batches, 0,
          "Batches that the processor executes side by side; each has a packed "
          "copy of the weights. With as many as the machine has memory nodes "
          "(NUMA), each stays on one. 0: one per memory node, or 1 where a CPU "
          "limit leaves fewer processors than the nodes have.");
ABSL_FLAG(int, threads_per_batch, moevit::ServerOptions().threads_per_batch,
          "Threads that work on one batch; 0: the processors divided among "
          "the concurrent batches.");
ABSL_FLAG(bool, pin_threads, moevit::ServerOptions().pin_threads,
          "Whether each thread of a batch stays on one processor; for machines "
          "where little else runs.");
ABSL_FLAG(int64_t, expert_memory, moevit::ServerOptions().expert_memory,
          "Most bytes of packed experts that the processor keeps of a model "
          "for each concurrent batch; experts are then packed when needed, "
          "and those used least are dropped. 0: all are packed and stay.");
ABSL_FLAG(int, decode_threads, 0,
          "Threads that decode images; 0: one per processor.");
ABSL_FLAG(std::string, energy_sensors, "auto",
          "What tells how much energy the devices use: auto, none, or some of "
          "rapl, hwmon and xrt, separated by commas.");
ABSL_FLAG(std::string, energy_hwmon, "amd_energy=cpu,power_meter=host",
          "Chips of the kernel's hardware monitoring and the devices that "
          "they measure: CHIP=DEVICE,...");
ABSL_FLAG(std::string, energy_model, "",
          "Estimates for devices without a sensor: DEVICE=IDLE:PEAK,... in "
          "watts, as in cpu=20:95; counted is IDLE + (PEAK - IDLE) * "
          "utilisation.");
ABSL_FLAG(absl::Duration, max_request_time,
          moevit::ServerOptions().max_request_time,
          "Longest time that a request may take, if its client admits more or "
          "sets no deadline.");
ABSL_FLAG(int, max_stream_requests, moevit::ServerOptions().max_stream_requests,
          "Requests of one stream that are worked on, or whose answers its "
          "client has not taken; more are not read from it.");
ABSL_FLAG(absl::Duration, drain_grace, moevit::ServerOptions().drain_grace,
          "How long accepted requests may take after SIGTERM or SIGINT.");
ABSL_FLAG(absl::Duration, keepalive_time,
          moevit::ServerOptions().keepalive_time,
          "Silence after which a client is asked whether it is there.");
ABSL_FLAG(absl::Duration, keepalive_timeout,
          moevit::ServerOptions().keepalive_timeout,
          "How long a client has to answer that.");
ABSL_FLAG(absl::Duration, min_ping_interval,
          moevit::ServerOptions().min_ping_interval,
          "Clients that ping more often than this are disconnected.");

namespace moevit {
namespace {

std::string VersionText() {
  const BuildInfo build = ThisBuild();
  return absl::StrCat("moevit-server ", build.version,
                      build.commit.empty() ? "" : " " + build.commit, "\n");
}

void DescribeProgram() {
  absl::SetProgramUsageMessage(
      "Serves quantized Mixture-of-Experts Vision Transformers over gRPC.\n"
      "  moevit-server --model_repository=DIR [--port=8001] "
      "[--metrics_port=8002]");
  absl::FlagsUsageConfig usage;
  const auto is_own = [](absl::string_view file) {
    return absl::EndsWith(file, "server/flags.cc");
  };
  usage.contains_helpshort_flags = is_own;
  usage.contains_help_flags = is_own;
  // Paths in --help start at the root of the source tree.
  usage.normalize_filename = [](absl::string_view file) {
    const size_t root = file.rfind("server/");
    return std::string(root == file.npos ? file : file.substr(root));
  };
  usage.version_string = VersionText;
  absl::SetFlagsUsageConfig(usage);
}

int OrProcessorCount(int threads) {
  return threads == 0 ? AvailableCpuCount() : threads;
}

int OrMemoryNodeCount(int batches, const std::vector<std::vector<int>>& nodes) {
  if (batches != 0) return batches;
  size_t processors = 0;
  for (const std::vector<int>& node : nodes) processors += node.size();
  // What a CPU limit leaves may be too little for more than one batch.
  const bool limited = static_cast<size_t>(AvailableCpuCount()) < processors;
  return limited ? 1 : std::max(1, static_cast<int>(nodes.size()));
}

QueuePolicy PolicyFromFlags() {
  QueuePolicy policy;
  policy.priority_levels = absl::GetFlag(FLAGS_priority_levels);
  policy.default_priority_level = absl::GetFlag(FLAGS_default_priority_level);
  policy.starvation_limit = absl::GetFlag(FLAGS_starvation_limit);
  policy.default_timeout = absl::GetFlag(FLAGS_default_timeout);
  policy.allow_timeout_override = absl::GetFlag(FLAGS_allow_timeout_override);
  return policy;
}

absl::StatusOr<ModelControlOptions> ModelControlFromFlags() {
  ModelControlOptions control;
  MOEVIT_ASSIGN_OR_RETURN(
      control.mode, ParseModelControlMode(absl::GetFlag(FLAGS_model_control)));
  control.poll_interval = absl::GetFlag(FLAGS_repository_poll_interval);
  control.load_models = absl::GetFlag(FLAGS_load_model);
  MOEVIT_ASSIGN_OR_RETURN(
      control.version_policies,
      VersionPolicies::Parse(absl::GetFlag(FLAGS_version_policy)));
  control.exit_on_error = absl::GetFlag(FLAGS_exit_on_error);
  return control;
}

absl::StatusOr<BatchingMethod> MethodFromFlags() {
  const std::string method = absl::GetFlag(FLAGS_batching);
  if (method == "cost_model") return BatchingMethod::kCostModel;
  if (method == "fixed_delay") return BatchingMethod::kFixedDelay;
  return absl::InvalidArgumentError(absl::StrCat(
      "batching is '", method, "', it must be cost_model or fixed_delay"));
}

absl::StatusOr<CardVerification> VerificationFromFlags() {
  const std::string verification = absl::GetFlag(FLAGS_card_verification);
  if (verification == "none") return CardVerification::kNone;
  if (verification == "canary") return CardVerification::kCanary;
  if (verification == "twice") return CardVerification::kTwice;
  return absl::InvalidArgumentError(
      absl::StrCat("card_verification is '", verification,
                   "', it must be none, canary or twice"));
}

absl::StatusOr<LogFormat> LogFormatFromFlags() {
  const std::string format = absl::GetFlag(FLAGS_log_format);
  if (format == "text") return LogFormat::kText;
  if (format == "json") return LogFormat::kJson;
  return absl::InvalidArgumentError(
      absl::StrCat("log_format is '", format, "', it must be text or json"));
}

absl::StatusOr<EnergyOptions> EnergyFromFlags() {
  EnergyOptions energy;
  MOEVIT_RETURN_IF_ERROR(
      ParseEnergySensors(absl::GetFlag(FLAGS_energy_sensors), &energy));
  MOEVIT_ASSIGN_OR_RETURN(energy.chips,
                          ParseHwmonChips(absl::GetFlag(FLAGS_energy_hwmon)));
  MOEVIT_ASSIGN_OR_RETURN(energy.models,
                          ParsePowerModels(absl::GetFlag(FLAGS_energy_model)));
  return energy;
}

ServerOptions OptionsFromFlags() {
  ServerOptions options;
  options.model_repository = absl::GetFlag(FLAGS_model_repository);
  options.host = absl::GetFlag(FLAGS_host);
  options.port = absl::GetFlag(FLAGS_port);
  options.metrics_port = absl::GetFlag(FLAGS_metrics_port);
  options.rest_port = absl::GetFlag(FLAGS_rest_port);
  options.tls.certificate = absl::GetFlag(FLAGS_tls_certificate);
  options.tls.key = absl::GetFlag(FLAGS_tls_key);
  options.tls.client_ca = absl::GetFlag(FLAGS_tls_client_ca);
  options.token_file = absl::GetFlag(FLAGS_token_file);
  options.access_log = absl::GetFlag(FLAGS_access_log);
  options.max_message_bytes = absl::GetFlag(FLAGS_max_message_bytes);
  options.image.max_encoded_bytes = absl::GetFlag(FLAGS_max_image_bytes);
  options.image.max_pixels = absl::GetFlag(FLAGS_max_image_pixels);
  options.pipeline.max_images_per_request =
      absl::GetFlag(FLAGS_max_images_per_request);
  options.pipeline.decode_threads =
      OrProcessorCount(absl::GetFlag(FLAGS_decode_threads));
  options.queue.max_images = absl::GetFlag(FLAGS_max_queue_images);
  options.queue.max_bytes = absl::GetFlag(FLAGS_max_queue_bytes);
  options.queue.max_client_share = absl::GetFlag(FLAGS_max_client_share);
  options.queue.max_model_share = absl::GetFlag(FLAGS_max_model_share);
  options.batching.max_batch_size = absl::GetFlag(FLAGS_max_batch_size);
  options.batching.max_queue_delay = absl::GetFlag(FLAGS_max_queue_delay);
  options.dispatcher.max_outage = absl::GetFlag(FLAGS_max_outage);
  options.cards.image = absl::GetFlag(FLAGS_card_image);
  options.cards.timeout = absl::GetFlag(FLAGS_card_timeout);
  options.cards.memory = absl::GetFlag(FLAGS_card_memory);
  options.memory_nodes = ProcessorsByMemoryNode();
  options.concurrent_batches = OrMemoryNodeCount(
      absl::GetFlag(FLAGS_concurrent_batches), options.memory_nodes);
  options.threads_per_batch = absl::GetFlag(FLAGS_threads_per_batch);
  options.pin_threads = absl::GetFlag(FLAGS_pin_threads);
  options.expert_memory = absl::GetFlag(FLAGS_expert_memory);
  options.max_request_time = absl::GetFlag(FLAGS_max_request_time);
  options.max_stream_requests = absl::GetFlag(FLAGS_max_stream_requests);
  options.drain_grace = absl::GetFlag(FLAGS_drain_grace);
  options.keepalive_time = absl::GetFlag(FLAGS_keepalive_time);
  options.keepalive_timeout = absl::GetFlag(FLAGS_keepalive_timeout);
  options.min_ping_interval = absl::GetFlag(FLAGS_min_ping_interval);
  return options;
}

absl::StatusOr<ServerOptions> ValidOptionsFromFlags() {
  ServerOptions options = OptionsFromFlags();
  options.batching.policy = PolicyFromFlags();
  MOEVIT_ASSIGN_OR_RETURN(options.model_control, ModelControlFromFlags());
  MOEVIT_ASSIGN_OR_RETURN(options.log_format, LogFormatFromFlags());
  MOEVIT_ASSIGN_OR_RETURN(options.batching.method, MethodFromFlags());
  MOEVIT_ASSIGN_OR_RETURN(options.cards.verification, VerificationFromFlags());
  MOEVIT_ASSIGN_OR_RETURN(options.energy, EnergyFromFlags());
  MOEVIT_ASSIGN_OR_RETURN(
      options.devices,
      ParseDevices(absl::GetFlag(FLAGS_devices),
                   options.cards.image.empty() ? std::vector<std::string>()
                                               : FindCards()));
  MOEVIT_RETURN_IF_ERROR(options.Validate());
  return options;
}

absl::Status ApplySettings(const ConfigFile& config) {
  for (const ConfigFile::Setting& setting : config.settings()) {
    std::string reason = "there is no such flag";
    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(setting.name);
    if (flag != nullptr && flag->ParseFrom(setting.value, &reason)) continue;
    return config.ErrorAt(setting, absl::InvalidArgumentError(reason));
  }
  return absl::OkStatus();
}

// --help and its like: not flags of the registry.
bool IsForHelp(absl::string_view name) {
  return absl::StartsWith(name, "help") || name == "version" ||
         name == "only_check_args";
}

// What absl::ParseCommandLine would end the program for, with a code of its
// own.
absl::Status CheckArguments(absl::Span<char* const> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (argument == "--") break;
    if (!absl::ConsumePrefix(&argument, "-") || argument.empty()) continue;
    absl::ConsumePrefix(&argument, "-");
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(argument, absl::MaxSplits('=', 1));
    if (IsForHelp(parts.first)) continue;
    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(parts.first);
    if (flag == nullptr && absl::ConsumePrefix(&argument, "no")) {
      const auto* negated = absl::FindCommandLineFlag(argument);
      if (negated != nullptr && negated->IsOfType<bool>()) continue;
    }
    if (flag == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", arguments[i], "' is not a flag; try moevit-server --help"));
    }
    absl::string_view value = parts.second;
    if (!absl::StrContains(argument, '=')) {
      if (flag->IsOfType<bool>()) continue;
      if (++i == arguments.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("'", arguments[i - 1], "' needs a value"));
      }
      value = arguments[i];
    }
    const bool is_own = absl::EndsWith(flag->Filename(), "server/flags.cc");
    std::string reason;
    if (is_own && !flag->ParseFrom(value, &reason)) {
      return absl::InvalidArgumentError(reason);
    }
  }
  return absl::OkStatus();
}

// Whether the options are otherwise once the flag has its default.
bool IsToBlame(absl::CommandLineFlag& flag, const absl::Status& error) {
  const std::string value = flag.CurrentValue();
  std::string unused;
  flag.ParseFrom(flag.DefaultValue(), &unused);
  const bool otherwise = ValidOptionsFromFlags().status() != error;
  flag.ParseFrom(value, &unused);
  return otherwise;
}

// `error` with the place of the setting that it is about, if one is.
absl::Status Locate(const ConfigFile& config,
                    const std::vector<std::string>& applied,
                    const absl::Status& error) {
  for (size_t i = 0; i < applied.size(); ++i) {
    const ConfigFile::Setting& setting = config.settings()[i];
    absl::CommandLineFlag& flag = *absl::FindCommandLineFlag(setting.name);
    // Without a repository there is always something wrong; and what the
    // command line says is not the file's fault.
    if (setting.name == "model_repository" ||
        flag.CurrentValue() != applied[i]) {
      continue;
    }
    if (IsToBlame(flag, error)) return config.ErrorAt(setting, error);
  }
  return error;
}

absl::StatusOr<ServerOptions> OptionsFromConfig(int argc, char** argv) {
  MOEVIT_ASSIGN_OR_RETURN(const ConfigFile config,
                          ConfigFile::Read(absl::GetFlag(FLAGS_config)));
  MOEVIT_RETURN_IF_ERROR(ApplySettings(config));
  std::vector<std::string> applied;
  for (const ConfigFile::Setting& setting : config.settings()) {
    applied.push_back(absl::FindCommandLineFlag(setting.name)->CurrentValue());
  }
  // Once more, for what is given there to win.
  absl::ParseCommandLine(argc, argv);
  absl::StatusOr<ServerOptions> options = ValidOptionsFromFlags();
  if (options.ok()) return options;
  return Locate(config, applied, options.status());
}

}  // namespace

absl::StatusOr<ServerOptions> ParseServerFlags(int argc, char** argv) {
  static const bool described = (DescribeProgram(), true);
  static_cast<void>(described);
  MOEVIT_RETURN_IF_ERROR(
      CheckArguments(absl::MakeConstSpan(argv, argc).subspan(1)));
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", rest[1], "' is not a flag; try moevit-server --help"));
  }
  if (absl::GetFlag(FLAGS_config).empty()) return ValidOptionsFromFlags();
  return OptionsFromConfig(argc, argv);
}

}  // namespace moevit
