#include "server/server.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/build_info.h"
#include "base/catch_exceptions.h"
#include "base/status_macros.h"
#include "kernels/cpu/isa.h"
#include "model/preprocess.h"
#include "program/quantized_model.h"
#include "server/card_devices.h"
#include "server/device_energy.h"
#include "server/executor_factory.h"
#include "server/log.h"
#include "server/metrics_endpoint.h"

namespace moevit {
namespace {

// How soon new tokens and certificates are seen without a signal.
constexpr absl::Duration kReloadInterval = absl::Seconds(5);

// For the last answers to reach their clients over HTTP.
constexpr absl::Duration kRestSettleTime = absl::Seconds(1);

void WarnOfValidity(const TlsCredentials& tls) {
  const std::string warning = tls.ValidityWarning(absl::Now());
  if (!warning.empty()) LogWarning(warning);
}

void LogDeviceChange(absl::string_view device, const absl::Status& status) {
  if (status.ok()) {
    LogInfo(absl::StrFormat("device %s serves again", device));
  } else {
    LogError(absl::StrFormat(
        "device %s is quarantined: %s", device,
        status.ToString(absl::StatusToStringMode::kWithNoExtraData)));
  }
}

}  // namespace

ServerDependencies ServerDependencies::Default(const ServerOptions& options) {
  ServerDependencies real;
  real.clock = Clock::Real();
  real.read_model = LoadQuantizedModel;
  const auto cards = std::make_shared<CardDevices>(options.cards);
  const auto executors =
      std::make_shared<ExecutorFactory>(options, cards, LogDeviceChange);
  real.new_executor = [executors](const DeviceSpec& device,
                                  const Program* program) {
    return executors->New(device, program);
  };
  real.prepare_image =
      [limits = options.image](
          absl::string_view encoded,
          const ModelConfig& config) -> absl::StatusOr<std::vector<uint8_t>> {
    return DecodeAndPreprocess(encoded, config, limits);
  };
  real.energy_sources = [energy = options.energy, devices = options.devices,
                         cards] {
    return EnergySourcesOf(energy, devices, cards);
  };
  return real;
}

Server::Server(const ServerOptions& options, ServerDependencies dependencies)
    : options_(options),
      dependencies_(std::move(dependencies)),
      start_(dependencies_.clock->Now()),
      access_log_(options_.access_log),
      in_flight_(dependencies_.clock),
      budget_(options_.queue),
      metrics_(ThisBuild(), start_, MetricsSources()),
      scheduler_(SchedulerOptions(), dependencies_.clock),
      repository_(options_.model_repository, options_.model_control,
                  NewLoader(), &registry_, dependencies_.clock,
                  [this] { OnModelsChange(); }),
      pipeline_(PipelineOptions(), dependencies_.prepare_image, &budget_,
                &scheduler_, dependencies_.clock),
      service_context_{.access_log = &access_log_,
                       .access = &access_,
                       .models = &registry_,
                       .repository = &repository_,
                       .pipeline = &pipeline_,
                       .metrics = &metrics_,
                       .in_flight = &in_flight_,
                       .clock = dependencies_.clock,
                       .max_request_time = options_.max_request_time,
                       .max_stream_requests = options_.max_stream_requests},
      classify_service_(&service_context_),
      open_inference_service_(&service_context_, Parameters(),
                              ThisBuild().version),
      rest_service_(&service_context_, Parameters(), ThisBuild().version) {}

Metrics::Sources Server::MetricsSources() {
  return {.queue = &budget_,
          .in_flight = &in_flight_,
          .clock = dependencies_.clock,
          .devices = [this] { return scheduler_.devices(); },
          .energy = [this] { return energy_->reports(); }};
}

BatchSchedulerOptions Server::SchedulerOptions() {
  BatchSchedulerOptions scheduler = options_.scheduler();
  // On the threads of devices, which an exception would end.
  scheduler.on_serving_change = [this](bool serving) {
    IgnoreExceptions([&] { OnServingChange(serving); });
  };
  scheduler.on_device_change = [](const std::string& device,
                                  const absl::Status& status) {
    IgnoreExceptions([&] { LogDeviceChange(device, status); });
  };
  return scheduler;
}

InferencePipelineOptions Server::PipelineOptions() const {
  InferencePipelineOptions pipeline = options_.pipeline;
  pipeline.policy = options_.batching.policy;
  return pipeline;
}

Server::~Server() { Shutdown(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ServerOptions& options, ServerDependencies dependencies) {
  MOEVIT_RETURN_IF_ERROR(options.Validate());
  MOEVIT_RETURN_IF_ERROR(DefaultIsa().status());
  std::unique_ptr<Server> server(new Server(options, std::move(dependencies)));
  MOEVIT_RETURN_IF_ERROR(server->LoadSecrets());
  MOEVIT_RETURN_IF_ERROR(server->repository_.Check());
  MOEVIT_RETURN_IF_ERROR(server->StartEndpoints());
  server->SetAccepting(true);
  LogInfo(absl::StrFormat("listening for gRPC on %s:%d, loading models",
                          options.host, server->port()));
  server->repository_.Start(
      [server = server.get()](const absl::Status& status) {
        server->OnModelsLoaded(status);
      });
  return server;
}

absl::Status Server::LoadSecrets() {
  if (!options_.token_file.empty()) {
    MOEVIT_RETURN_IF_ERROR(access_.LoadTokens(options_.token_file).status());
  }
  if (!options_.tls.empty()) {
    MOEVIT_ASSIGN_OR_RETURN(tls_, TlsCredentials::Create(options_.tls));
    WarnOfValidity(*tls_);
  }
  return absl::OkStatus();
}

std::vector<Reloader::Source> Server::ReloadSources() {
  std::vector<Reloader::Source> sources;
  if (!options_.token_file.empty()) {
    sources.push_back(
        {"tokens", [this] { return access_.LoadTokens(options_.token_file); }});
  }
  if (tls_ != nullptr) {
    sources.push_back({"certificates", [this] {
                         auto changed = tls_->Reload();
                         if (changed.ok() && *changed) WarnOfValidity(*tls_);
                         return changed;
                       }});
  }
  return sources;
}

ModelLoader Server::NewLoader() {
  return ModelLoader({.read = dependencies_.read_model,
                      .new_executor = dependencies_.new_executor,
                      .devices = options_.all_devices(),
                      .batching = options_.batching,
                      .scheduler = &scheduler_,
                      .metrics = &metrics_,
                      .clock = dependencies_.clock});
}

void Server::OnModelsLoaded(const absl::Status& status) {
  {
    MutexLock lock(&readiness_mutex_);
    loaded_ = status;
    loaded_changed_.SignalAll();
    if (!accepting_) return;
    ShowReadiness();
  }
  if (status.ok() || !options_.model_control.exit_on_error) {
    LogInfo(absl::StrFormat("serving gRPC on %s:%d", options_.host, port()));
  } else if (dependencies_.on_fatal) {
    dependencies_.on_fatal(status);
  }
}

absl::Status Server::AwaitModels(absl::Time deadline) {
  MutexLock lock(&readiness_mutex_);
  while (!loaded_.has_value() && dependencies_.clock->Now() < deadline) {
    dependencies_.clock->WaitUntil(&readiness_mutex_, &loaded_changed_,
                                   deadline);
  }
  if (loaded_.has_value()) return *loaded_;
  return absl::DeadlineExceededError("the models are still being loaded");
}

absl::Status Server::StartMetrics() {
  energy_ = std::make_unique<EnergyMonitor>(
      dependencies_.energy_sources(),
      [this] {
        return DeviceUses(scheduler_.devices(), registry_,
                          options_.all_devices());
      },
      [](absl::string_view message) { LogWarning(message); },
      dependencies_.clock);
  MOEVIT_ASSIGN_OR_RETURN(
      metrics_endpoint_,
      StartMetricsEndpoint(options_.host, options_.metrics_port, metrics_,
                           access_, [this] { return StatusJson(Status()); }));
  LogInfo(absl::StrFormat("serving metrics on http://%s:%d/metrics",
                          options_.host, metrics_endpoint_->port()));
  return absl::OkStatus();
}

StatusReport Server::Status() const {
  return {.build = ThisBuild(),
          .start = start_,
          .now = dependencies_.clock->Now(),
          .queue = budget_.usage(),
          .queue_limits = budget_.limits(),
          .requests_in_flight = in_flight_.calls(),
          .models = registry_.All(),
          .devices = scheduler_.devices(),
          .energy = energy_->reports()};
}

ServingParameters Server::Parameters() const {
  return {.batching = options_.batching,
          .lanes = options_.lanes(),
          .max_images_per_request = options_.pipeline.max_images_per_request};
}

absl::Status Server::StartRest() {
  if (options_.rest_port == -1) return absl::OkStatus();
  HttpServerOptions http;
  http.host = options_.host;
  http.port = options_.rest_port;
  http.max_body_bytes = options_.max_message_bytes;
  http.max_buffered_bytes =
      std::max(options_.queue.max_bytes, options_.max_message_bytes);
  if (tls_ != nullptr) http.tls = [this] { return tls_->context(); };
  MOEVIT_ASSIGN_OR_RETURN(rest_server_,
                          HttpServer::Start(http, rest_service_.handler()));
  LogInfo(absl::StrFormat("serving REST on %s://%s:%d/v2",
                          tls_ == nullptr ? "http" : "https", options_.host,
                          rest_server_->port()));
  return absl::OkStatus();
}

absl::Status Server::StartEndpoints() {
  if (options_.metrics_port != -1) MOEVIT_RETURN_IF_ERROR(StartMetrics());
  MOEVIT_RETURN_IF_ERROR(StartRest());
  MOEVIT_ASSIGN_OR_RETURN(
      grpc_endpoint_,
      GrpcEndpoint::Start(options_,
                          tls_ == nullptr ? grpc::InsecureServerCredentials()
                                          : tls_->ServerCredentials(),
                          {&classify_service_, &open_inference_service_}));
  reloader_ = std::make_unique<Reloader>(ReloadSources(), kReloadInterval);
  return absl::OkStatus();
}

void Server::SetAccepting(bool accepting) {
  MutexLock lock(&readiness_mutex_);
  accepting_ = accepting;
  ShowReadiness();
}

void Server::OnServingChange(bool serving) {
  MutexLock lock(&readiness_mutex_);
  device_serves_ = serving;
  if (!accepting_) return;
  ShowReadiness();
  LogInfo(serving ? "a device serves again" : "no device serves");
}

void Server::OnModelsChange() {
  MutexLock lock(&readiness_mutex_);
  if (accepting_) ShowReadiness();
}

// In health checks a model goes by its name, a service by its full name.
void Server::ShowReadiness() {
  const bool serving = accepting_ && device_serves_;
  const bool loaded = loaded_.has_value() &&
                      (loaded_->ok() || !options_.model_control.exit_on_error);
  open_inference_service_.SetReady(serving && loaded, serving);
  rest_service_.SetReady(serving && loaded, serving);
  // Also those that have left.
  for (auto& [name, ready] : shown_models_) ready = false;
  for (const std::string& name : repository_.models().names()) {
    shown_models_[name] = false;
  }
  for (const auto& model : registry_.All()) {
    model->metrics.SetReady(serving);
    shown_models_[model->name] = serving;
  }
  for (const auto& [name, ready] : shown_models_) {
    grpc_endpoint_->SetServing(name, ready);
  }
  for (const char* service :
       {v1::InferenceService::service_full_name(),
        inference::GRPCInferenceService::service_full_name(), ""}) {
    grpc_endpoint_->SetServing(service, serving && loaded);
  }
}

void Server::Reload() {
  LogInfo("received SIGHUP");
  reloader_->Wake();
  repository_.Poll();
}

bool Server::Shutdown() {
  if (shut_down_ || grpc_endpoint_ == nullptr) return true;
  shut_down_ = true;
  SetAccepting(false);
  pipeline_.StopAdmitting();
  repository_.RequestStop();
  LogInfo(absl::StrFormat("shutting down; %d requests have %s to finish",
                          in_flight_.calls(),
                          absl::FormatDuration(options_.drain_grace)));
  if (rest_server_ != nullptr) rest_server_->StopAccepting();
  const bool answered = grpc_endpoint_->Shutdown(
      in_flight_, dependencies_.clock->Now() + options_.drain_grace,
      [this] { scheduler_.Drain(absl::InfinitePast()); });
  if (rest_server_ != nullptr) {
    rest_server_->AwaitResponses(absl::Now() + kRestSettleTime);
    rest_server_.reset();
  }
  repository_.Stop();
  LogInfo(answered ? "every request was answered"
                   : "the time was up before every request was answered");
  return answered;
}

}  // namespace moevit
