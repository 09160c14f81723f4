// Inference requests over HTTP: from the body to the pipeline, and back.

#ifndef MOEVIT_SERVER_REST_REST_INFERENCE_H_
#define MOEVIT_SERVER_REST_REST_INFERENCE_H_

#include <memory>

#include "absl/status/status.h"
#include "server/inference_record.h"
#include "server/model_description.h"
#include "server/rest/http_exchange.h"
#include "server/rest/routes.h"

namespace moevit {

// The other two have `exchange` answered, on any thread, and do not block.
// `context` must outlive that. A client that goes away cancels its request.

// Counts and logs an inference request that was refused before its body was
// read, and makes `response` say how the log names it.
void RecordRefusal(const ServiceContext& context, const HttpRequest& request,
                   const absl::Status& refusal, HttpResponse* response);

// The Open Inference Protocol's inference: JSON, and binary data after it.
void InferTensors(const ServiceContext& context,
                  const ServingParameters& parameters, const RestRoute& route,
                  std::shared_ptr<HttpExchange> exchange);

// The body is a JPEG or PNG file. The query's top_k says how many classes to
// return; 5 where it does not. The answer is a moevit.v1.Classification, with
// the model's name and version.
void ClassifyImage(const ServiceContext& context, const RestRoute& route,
                   std::shared_ptr<HttpExchange> exchange);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_REST_INFERENCE_H_
