#include "client/load_requests.h"

#include <cstdint>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "google/protobuf/duration.pb.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/proto_buffer_reader.h"
#include "grpcpp/support/slice.h"
#include "proto/inference/grpc_service.pb.h"
#include "proto/moevit/v1/inference.grpc.pb.h"

namespace moevit {
namespace {

constexpr int kPixelRequests = 8;
constexpr int kMaxImageSize = 4096;

grpc::ByteBuffer Encode(const google::protobuf::Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

template <typename Message>
absl::StatusOr<Message> Decode(grpc::ByteBuffer& bytes) {
  Message message;
  const grpc::Status status =
      grpc::SerializationTraits<Message>::Deserialize(&bytes, &message);
  if (!status.ok()) {
    return absl::InternalError(
        absl::StrCat("not an answer: ", status.error_message()));
  }
  return message;
}

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

absl::StatusOr<std::optional<ServerTimes>> ReadClassify(
    grpc::ByteBuffer answer) {
  MOEVIT_ASSIGN_OR_RETURN(const v1::ClassifyResponse response,
                          Decode<v1::ClassifyResponse>(answer));
  if (response.results_size() != 1) {
    return absl::InternalError(
        absl::StrCat(response.results_size(), " results for 1 image"));
  }
  const v1::ImageResult& result = response.results(0);
  if (!result.has_classification()) {
    return absl::Status(static_cast<absl::StatusCode>(result.error().code()),
                        result.error().message());
  }
  if (!result.classification().has_timing()) return std::nullopt;
  const v1::Timing& timing = result.classification().timing();
  return ServerTimes{.decode = FromProto(timing.decode()),
                     .queue = FromProto(timing.queue()),
                     .compute = FromProto(timing.compute())};
}

absl::StatusOr<std::optional<ServerTimes>> ReadInfer(grpc::ByteBuffer answer) {
  MOEVIT_ASSIGN_OR_RETURN(const inference::ModelInferResponse response,
                          Decode<inference::ModelInferResponse>(answer));
  if (response.outputs_size() == 1) return std::nullopt;
  return absl::InternalError(
      absl::StrCat(response.outputs_size(), " outputs for 1 image"));
}

absl::StatusOr<std::optional<ServerTimes>> ReadReady(grpc::ByteBuffer answer) {
  MOEVIT_ASSIGN_OR_RETURN(const inference::ServerReadyResponse response,
                          Decode<inference::ServerReadyResponse>(answer));
  if (response.ready()) return std::nullopt;
  return absl::UnavailableError("the server is not ready");
}

absl::StatusOr<std::optional<ServerTimes>> ReadMetadata(
    grpc::ByteBuffer answer) {
  MOEVIT_ASSIGN_OR_RETURN(const inference::ModelMetadataResponse response,
                          Decode<inference::ModelMetadataResponse>(answer));
  if (response.inputs_size() > 0) return std::nullopt;
  return absl::InternalError("a model without inputs");
}

absl::StatusOr<v1::Model> FindModel(const ServerConnection& connection,
                                    const LoadTarget& target) {
  grpc::ClientContext context;
  connection.Prepare(context);
  v1::ListModelsResponse response;
  const grpc::Status status =
      v1::InferenceService::NewStub(connection.NewChannel())
          ->ListModels(&context, v1::ListModelsRequest(), &response);
  if (!status.ok()) return CallError(connection.address(), status);
  const std::string& server = connection.address().target;
  const v1::Model* found = nullptr;
  for (const v1::Model& model : response.models()) {
    if (!target.model.empty() && model.name() != target.model) continue;
    if (!target.version.empty() && model.version() != target.version) continue;
    if (found != nullptr && found->name() != model.name()) {
      return absl::InvalidArgumentError(
          absl::StrCat(server, " has several models; say which with --model"));
    }
    found = &model;  // the highest version is the last
  }
  if (found == nullptr) {
    return absl::NotFoundError(absl::StrCat(server, " does not serve \"",
                                            target.model, "\", version \"",
                                            target.version, "\""));
  }
  if (found->image_size() < 1 || found->image_size() > kMaxImageSize) {
    return absl::OutOfRangeError(
        absl::StrCat(server, " has a model of ", found->image_size(),
                     " pixels per side; at most ", kMaxImageSize, " are sent"));
  }
  return *found;
}

}  // namespace

LoadRequests FileRequests(std::vector<std::string> files,
                          const LoadTarget& target) {
  LoadRequests requests;
  requests.method = "/moevit.v1.InferenceService/Classify";
  requests.read = ReadClassify;
  for (std::string& file : files) {
    v1::ClassifyRequest request;
    request.set_model_name(target.model);
    request.set_model_version(target.version);
    request.set_top_k(1);
    request.set_priority(static_cast<uint32_t>(target.priority));
    request.add_images(std::move(file));
    requests.messages.push_back(Encode(request));
  }
  return requests;
}

absl::StatusOr<LoadRequests> PixelRequests(const ServerConnection& connection,
                                           const LoadTarget& target) {
  MOEVIT_ASSIGN_OR_RETURN(const v1::Model model, FindModel(connection, target));
  inference::ModelInferRequest request;
  request.set_model_name(model.name());
  request.set_model_version(target.version);
  if (target.priority > 0) {
    (*request.mutable_parameters())["priority"].set_uint64_param(
        static_cast<uint64_t>(target.priority));
  }
  inference::ModelInferRequest::InferInputTensor& input = *request.add_inputs();
  input.set_name("pixels");
  input.set_datatype("UINT8");
  for (const int extent : {1, model.image_size(), model.image_size(), 3}) {
    input.add_shape(extent);
  }
  std::string& pixels = *request.add_raw_input_contents();
  pixels.resize(size_t{3} * model.image_size() * model.image_size());

  LoadRequests requests;
  requests.method = "/inference.GRPCInferenceService/ModelInfer";
  requests.read = ReadInfer;
  std::mt19937 random(1);
  for (int i = 0; i < kPixelRequests; ++i) {
    for (char& value : pixels) value = static_cast<char>(random());
    requests.messages.push_back(Encode(request));
  }
  return requests;
}

absl::StatusOr<LoadRequests> ProbeRequests(Probe probe,
                                           const ServerConnection& connection,
                                           const LoadTarget& target) {
  LoadRequests requests;
  if (probe == Probe::kReady) {
    requests.method = "/inference.GRPCInferenceService/ServerReady";
    requests.read = ReadReady;
    requests.messages = {Encode(inference::ServerReadyRequest())};
    return requests;
  }
  MOEVIT_ASSIGN_OR_RETURN(const v1::Model model, FindModel(connection, target));
  inference::ModelMetadataRequest request;
  request.set_name(model.name());
  request.set_version(target.version);
  requests.method = "/inference.GRPCInferenceService/ModelMetadata";
  requests.read = ReadMetadata;
  requests.messages = {Encode(request)};
  return requests;
}

}  // namespace moevit
