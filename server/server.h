// The server: every part of it, put together, and how it starts and stops.

#ifndef MOEVIT_SERVER_SERVER_H_
#define MOEVIT_SERVER_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "energy/energy_sensor.h"
#include "scheduler/batch_scheduler.h"
#include "scheduler/clock.h"
#include "scheduler/queue_budget.h"
#include "server/access_control.h"
#include "server/access_log.h"
#include "server/classify_service.h"
#include "server/energy_monitor.h"
#include "server/grpc_endpoint.h"
#include "server/http_pages.h"
#include "server/in_flight.h"
#include "server/inference_pipeline.h"
#include "server/inference_record.h"
#include "server/metrics.h"
#include "server/model_loader.h"
#include "server/model_registry.h"
#include "server/model_repository.h"
#include "server/open_inference_service.h"
#include "server/reloader.h"
#include "server/rest/http_server.h"
#include "server/rest/rest_service.h"
#include "server/server_options.h"
#include "server/status_report.h"
#include "server/tls_credentials.h"

namespace moevit {

// What tests replace.
struct ServerDependencies {
  Clock* clock;
  ModelLoader::Reader read_model;
  ModelLoader::ExecutorFactory new_executor;
  ImagePreparer prepare_image;
  std::function<std::vector<EnergySource>()> energy_sources;

  // Called at most once, on any thread, with why the server must end: a model
  // could not be loaded at the start.
  std::function<void(const absl::Status&)> on_fatal;

  // The real ones.
  static ServerDependencies Default(const ServerOptions& options);
};

// Thread-compatible.
class Server {
 public:
  // Opens the ports, and loads the models in the background. It is ready once
  // that is done, while any device serves. Returns an error that says what is
  // wrong with the options, the repository or an address.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options, ServerDependencies dependencies);

  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Shuts down if that was not done.
  ~Server();

  int port() const { return grpc_endpoint_->port(); }
  // REQUIRES: options.metrics_port != -1.
  int metrics_port() const { return metrics_endpoint_->port(); }

  // Returns once the models that are served from the start are loaded, with
  // the first error; kDeadlineExceeded if they are not by `deadline`.
  absl::Status AwaitModels(absl::Time deadline);

  // Reads again what may change while it serves, upon SIGHUP. Does not block.
  void Reload();

  // REQUIRES: options.rest_port != -1.
  int rest_port() const { return rest_server_->port(); }

  // Says that it is not ready, takes no more requests, and answers those it
  // has within options.drain_grace. Returns whether all got a real answer.
  // Waits for batches that are being executed.
  bool Shutdown();

 private:
  Server(const ServerOptions& options, ServerDependencies dependencies);

  Metrics::Sources MetricsSources();
  BatchSchedulerOptions SchedulerOptions();
  InferencePipelineOptions PipelineOptions() const;
  absl::Status LoadSecrets();
  std::vector<Reloader::Source> ReloadSources();
  ModelLoader NewLoader();
  absl::Status StartMetrics();
  StatusReport Status() const;
  absl::Status StartEndpoints();
  void OnModelsLoaded(const absl::Status& status);
  absl::Status StartRest();
  ServingParameters Parameters() const;
  void SetAccepting(bool accepting);
  void OnServingChange(bool serving);
  void OnModelsChange();
  void ShowReadiness() ABSL_EXCLUSIVE_LOCKS_REQUIRED(readiness_mutex_);

  const ServerOptions options_;
  const ServerDependencies dependencies_;

  const absl::Time start_;
  // In the order of use: each may point to those above it.
  AccessLog access_log_;
  AccessControl access_;
  std::unique_ptr<TlsCredentials> tls_;  // null when serving without TLS
  InFlight in_flight_;
  QueueBudget budget_;
  Metrics metrics_;
  BatchScheduler scheduler_;
  ModelRegistry registry_;
  ModelRepository repository_;
  InferencePipeline pipeline_;
  const ServiceContext service_context_;
  ClassifyService classify_service_;
  OpenInferenceService open_inference_service_;
  RestService rest_service_;
  std::unique_ptr<EnergyMonitor> energy_;        // null when not wanted
  std::unique_ptr<HttpPages> metrics_endpoint_;  // null when not wanted
  std::unique_ptr<HttpServer> rest_server_;      // null when not wanted
  std::unique_ptr<GrpcEndpoint> grpc_endpoint_;  // null when not serving
  std::unique_ptr<Reloader> reloader_;           // null when not serving
  bool shut_down_ = false;

  Mutex readiness_mutex_;
  // Started and not shutting down; nothing is shown before and after.
  bool accepting_ ABSL_GUARDED_BY(readiness_mutex_) = false;
  bool device_serves_ ABSL_GUARDED_BY(readiness_mutex_) = true;
  // Of the models at the start; none until that ended.
  std::optional<absl::Status> loaded_ ABSL_GUARDED_BY(readiness_mutex_);
  CondVar loaded_changed_;
  // What health checks were told of models.
  std::map<std::string, bool> shown_models_ ABSL_GUARDED_BY(readiness_mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_SERVER_H_
