#include "server/grpc_endpoint.h"

#include <chrono>
#include <future>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "grpc/grpc.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"

namespace moevit {
namespace {

// Between the last answer and the end of streams that never end by themselves:
// time for calls that had arrived but not begun, and for NOT_SERVING to reach
// who watches the health.
constexpr std::chrono::milliseconds kSettleTime(100);

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void Configure(const ServerOptions& options, grpc::ServerBuilder& builder) {
  const int max_message_bytes = static_cast<int>(options.max_message_bytes);
  builder.SetMaxReceiveMessageSize(max_message_bytes);
  builder.SetMaxSendMessageSize(max_message_bytes);
  // Two servers on one port would share its clients at random.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             Milliseconds(options.keepalive_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             Milliseconds(options.keepalive_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      Milliseconds(options.min_ping_interval));
}

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcEndpoint>> GrpcEndpoint::Start(
    const ServerOptions& options,
    const std::shared_ptr<grpc::ServerCredentials>& credentials,
    const std::vector<grpc::Service*>& services) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  Configure(options, builder);
  const std::string address =
      absl::StrFormat("%s:%d", options.host, options.port);
  std::unique_ptr<GrpcEndpoint> endpoint(new GrpcEndpoint);
  builder.AddListeningPort(address, credentials, &endpoint->port_);
  for (grpc::Service* service : services) builder.RegisterService(service);
  endpoint->refusal_time_ = options.refusal_time;
  endpoint->server_ = builder.BuildAndStart();
  if (endpoint->server_ == nullptr || endpoint->port_ == 0) {
    return absl::UnavailableError(absl::StrFormat(
        "cannot serve gRPC on %s: is the address right, and is the port free?",
        address));
  }
  return endpoint;
}

void GrpcEndpoint::SetServing(const std::string& service, bool serving) {
  server_->GetHealthCheckService()->SetServingStatus(service, serving);
}

bool GrpcEndpoint::Shutdown(InFlight& in_flight, absl::Time deadline,
                            absl::FunctionRef<void()> abandon) {
  server_->GetHealthCheckService()->Shutdown();
  bool answered = in_flight.AwaitNone(deadline);
  // gRPC cancels what arrives just while it shuts down.
  if (answered) absl::SleepFor(refusal_time_);
  // Returns when all calls are done, which streams of watchers never are.
  const std::future<void> stopped = std::async(
      std::launch::async,
      [this, deadline] { server_->Shutdown(absl::ToChronoTime(deadline)); });
  answered = in_flight.AwaitNone(deadline);
  if (stopped.wait_for(kSettleTime) == std::future_status::timeout) {
    answered = in_flight.AwaitNone(deadline);
    if (!answered) abandon();
    grpc_server_cancel_all_calls(server_->c_server());
    stopped.wait();
  }
  return answered;
}

}  // namespace moevit
