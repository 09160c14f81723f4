// Everything about the server that its operator can choose.

#ifndef MOEVIT_SERVER_SERVER_OPTIONS_H_
#define MOEVIT_SERVER_SERVER_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "energy/energy_sources.h"
#include "model/decode_limits.h"
#include "scheduler/batch_queue.h"
#include "scheduler/batch_scheduler.h"
#include "scheduler/queue_budget.h"
#include "server/card_devices.h"
#include "server/device_flags.h"
#include "server/inference_pipeline.h"
#include "server/log.h"
#include "server/model_control.h"
#include "server/tls_files.h"

namespace moevit {

struct ServerOptions {
  // <root>/<model>/<version>/ directories. Required.
  std::string model_repository;

  // Which of its models are served, and whether that changes.
  ModelControlOptions model_control;

  // Where to listen. Default: on all IPv4 addresses. Port 0 takes a free one;
  // metrics_port -1 serves no metrics, rest_port -1 no REST; the usual port for
  // REST is 8000.
  std::string host = "0.0.0.0";
  int port = 8001;
  int metrics_port = 8002;
  int rest_port = -1;

  // Certificates for gRPC. Default: none; it is served without TLS.
  TlsFiles tls;

  // The bearer tokens that callers need (token_file.h). Default: none;
  // everybody may do everything.
  std::string token_file;

  // How the log is written, and which fraction of requests has a line there.
  // Default: as text, none but those that the server failed.
  LogFormat log_format = LogFormat::kText;
  double access_log = 0;

  // The largest gRPC message, either way, and body of a REST request. Default:
  // 64 MiB.
  int64_t max_message_bytes = int64_t{64} << 20;

  // Limits on one image.
  DecodeLimits image;

  // Limits on one request, and the threads that decode.
  InferencePipelineOptions pipeline;

  // Limits on what waits.
  QueueLimits queue;

  // Which images run together, and on what. Default: on the processor.
  BatchingOptions batching;
  std::vector<DeviceSpec> devices = {DeviceSpec()};
  DispatcherOptions dispatcher;
  CardOptions cards;

  // What tells how much energy the devices use.
  EnergyOptions energy;

  // Batches that the processor executes side by side. Default: 1.
  int concurrent_batches = 1;

  // The processors of each of the machine's memory nodes. Default: none, as if
  // there were a single node.
  std::vector<std::vector<int>> memory_nodes;

  // Threads that work on one batch. Default: 0, the processors divided among
  // the batches that run at a time.
  int threads_per_batch = 0;

  // Whether each of those threads stays on one processor. Not with several
  // concurrent batches, unless each has a memory node of its own: they would
  // share the same processors. Default: false.
  bool pin_threads = false;

  // Most bytes of packed experts that the processor keeps of a model for each
  // concurrent batch. Default: 0, all of them.
  int64_t expert_memory = 0;

  // The longest time that a request may take, for clients that admit more or
  // set no deadline at all. Default: 60 s.
  absl::Duration max_request_time = absl::Seconds(60);

  // Requests of one stream that are worked on, or whose answers its client has
  // not taken, at a time; the client is made to wait then. Default: 32.
  int max_stream_requests = 32;

  // How long requests that were accepted may take after a signal to stop.
  // Default: 20 s, inside the 30 s that Kubernetes gives.
  absl::Duration drain_grace = absl::Seconds(20);

  // For how long a server that stops tells who asks that it does so, before it
  // closes its connections. Default: 100 ms.
  absl::Duration refusal_time = absl::Milliseconds(100);

  // After this much silence a client is asked whether it is still there, and
  // dropped if it does not answer within the timeout.
  absl::Duration keepalive_time = absl::Minutes(1);
  absl::Duration keepalive_timeout = absl::Seconds(20);

  // Clients that ask more often are dropped. Default: 5 s, so that the usual
  // 10 s are safe.
  absl::Duration min_ping_interval = absl::Seconds(5);

  // Returns kInvalidArgument naming the option and its value.
  absl::Status Validate() const;

  // Whether each of the processor's batches stays on one memory node: with as
  // many of them as nodes. Fewer use all nodes together.
  bool batches_stay_on_nodes() const;

  // Batches that all devices execute side by side.
  int lanes() const;

  // The devices that execute batches: `devices`, and all cards together if
  // models may be divided over them.
  std::vector<DeviceSpec> all_devices() const;

  // The devices as the scheduler sees them.
  BatchSchedulerOptions scheduler() const;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_SERVER_OPTIONS_H_
