// The requests of a load generator.

#ifndef MOEVIT_CLIENT_LOAD_REQUESTS_H_
#define MOEVIT_CLIENT_LOAD_REQUESTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/load_tally.h"
#include "client/server_connection.h"
#include "grpcpp/support/byte_buffer.h"

namespace moevit {

// Calls of one method, most with one image each. Their messages are encoded
// before they are sent, so that a client that measures does not do it
// meanwhile.
struct LoadRequests {
  std::string method;                      // "/package.Service/Method"
  std::vector<grpc::ByteBuffer> messages;  // sent in turn; at least one

  // What an answer says, of its image or else: an error, or where its time went
  // if the method tells that.
  absl::StatusOr<std::optional<ServerTimes>> (*read)(grpc::ByteBuffer answer) =
      nullptr;
};

// Whom the requests are for.
struct LoadTarget {
  std::string model;    // may be empty when the server has one
  std::string version;  // empty: the highest
  int priority = 0;     // 1 is the highest; 0: the server's default
};

// Classify calls with these JPEG or PNG files. REQUIRES: files is not empty.
LoadRequests FileRequests(std::vector<std::string> files,
                          const LoadTarget& target);

// ModelInfer calls with random pixels of the model's size, which the server is
// asked for. Returns its error, and kNotFound or kInvalidArgument if `target`
// does not name one of its models.
absl::StatusOr<LoadRequests> PixelRequests(const ServerConnection& connection,
                                           const LoadTarget& target);

// What is asked beside images.
enum class Probe {
  kReady,     // whether the server is ready: ServerReady
  kMetadata,  // what the model is like: ModelMetadata
};

// Calls that ask for that. Returns the server's error, and kNotFound or
// kInvalidArgument if `target` does not name one of its models.
absl::StatusOr<LoadRequests> ProbeRequests(Probe probe,
                                           const ServerConnection& connection,
                                           const LoadTarget& target);

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LOAD_REQUESTS_H_
