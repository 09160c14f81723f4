// The gRPC server itself: its port, channel settings, health service and
// reflection, and how it stops. What it serves is given to it.

#ifndef MOEVIT_SERVER_GRPC_ENDPOINT_H_
#define MOEVIT_SERVER_GRPC_ENDPOINT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/impl/service_type.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "server/in_flight.h"
#include "server/server_options.h"

namespace moevit {

// Thread safe, except that Shutdown is called once.
class GrpcEndpoint {
 public:
  // Serves `services`, which must outlive the endpoint. Returns kUnavailable
  // naming the address when it cannot listen there.
  static absl::StatusOr<std::unique_ptr<GrpcEndpoint>> Start(
      const ServerOptions& options,
      const std::shared_ptr<grpc::ServerCredentials>& credentials,
      const std::vector<grpc::Service*>& services);

  // REQUIRES: Shutdown was called.
  ~GrpcEndpoint() = default;

  int port() const { return port_; }

  // What grpc.health.v1 says of `service`; "" is the server as a whole. A
  // service that was never named here is unknown to it.
  void SetServing(const std::string& service, bool serving);

  // Reports NOT_SERVING for good, waits for the calls of `in_flight`, gives
  // clients options.refusal_time to hear that new ones are refused, takes no
  // more calls, and returns when all are done. At `deadline` it calls
  // `abandon`, which must get the rest answered, and cancels them. Returns
  // whether every call was answered in time.
  bool Shutdown(InFlight& in_flight, absl::Time deadline,
                absl::FunctionRef<void()> abandon);

 private:
  GrpcEndpoint() = default;

  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  absl::Duration refusal_time_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_GRPC_ENDPOINT_H_
