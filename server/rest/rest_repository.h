// The repository API over HTTP, as Triton has it.

#ifndef MOEVIT_SERVER_REST_REST_REPOSITORY_H_
#define MOEVIT_SERVER_REST_REST_REPOSITORY_H_

#include <memory>

#include "server/model_repository.h"
#include "server/rest/http_exchange.h"
#include "server/rest/routes.h"

namespace moevit {

// Has `exchange` answered, on any thread, and does not block: with the index,
// or when a model was loaded or unloaded. The body is empty or a JSON object.
// REQUIRES: route.endpoint is one of the repository's.
void AskRepository(ModelRepository& repository, const RestRoute& route,
                   std::shared_ptr<HttpExchange> exchange);

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_REST_REPOSITORY_H_
