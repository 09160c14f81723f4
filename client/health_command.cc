#include "client/health_command.h"

#include <memory>
#include <ostream>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "grpcpp/client_context.h"
#include "proto/inference/grpc_service.grpc.pb.h"

namespace moevit {
namespace {

using Stub = inference::GRPCInferenceService::StubInterface;

absl::StatusOr<bool> IsServerReady(const ServerConnection& server, Stub& stub) {
  grpc::ClientContext context;
  server.Prepare(context);
  inference::ServerReadyResponse response;
  const grpc::Status status = stub.ServerReady(&context, {}, &response);
  if (!status.ok()) return CallError(server.address(), status);
  return response.ready();
}

absl::StatusOr<bool> IsModelReady(const ServerConnection& server,
                                  const std::string& model, Stub& stub) {
  grpc::ClientContext context;
  server.Prepare(context);
  inference::ModelReadyRequest request;
  request.set_name(model);
  inference::ModelReadyResponse response;
  const grpc::Status status = stub.ModelReady(&context, request, &response);
  if (!status.ok()) return CallError(server.address(), status);
  return response.ready();
}

}  // namespace

void HealthCommand::AddFlags(FlagSet* flags) {
  AddServerFlags(&server_, flags);
  flags->Add({.name = "model",
              .value_name = "NAME",
              .help = "ask for this model instead of the server"},
             &model_);
  flags->Add({.name = "timeout",
              .value_name = "TIME",
              .help = "how long to wait for the answer"},
             &server_.timeout);
}

absl::Status HealthCommand::Run(absl::Span<const std::string> /*positional*/,
                                const Console& console) {
  MOEVIT_ASSIGN_OR_RETURN(const ServerConnection server,
                          ServerConnection::Create(server_));
  const std::unique_ptr<Stub> stub =
      inference::GRPCInferenceService::NewStub(server.NewChannel());
  MOEVIT_ASSIGN_OR_RETURN(const bool ready,
                          model_.empty() ? IsServerReady(server, *stub)
                                         : IsModelReady(server, model_, *stub));
  if (!ready) {
    return absl::UnavailableError(absl::StrCat(
        model_.empty() ? server_.target : model_, " is not ready"));
  }
  *console.out << "ready\n";
  return absl::OkStatus();
}

}  // namespace moevit
