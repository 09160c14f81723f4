// Sends calls at given times, or so many at once, and tallies what becomes of
// them.

#ifndef MOEVIT_CLIENT_LOAD_CLIENT_H_
#define MOEVIT_CLIENT_LOAD_CLIENT_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/load_requests.h"
#include "client/load_schedule.h"
#include "client/load_tally.h"
#include "client/server_connection.h"
#include "grpcpp/channel.h"
#include "grpcpp/generic/generic_stub.h"

namespace moevit {

inline constexpr int kMaxOpenCalls = 16384;

struct LoadClientOptions {
  LoadRequests requests;
  int connections = 8;  // sent over in turn

  // Open calls at most; beyond, an open loop counts requests as not sent.
  int max_open_calls = kMaxOpenCalls;
};

// One run at a time. A run ends at most the server's timeout after its window;
// it calls `on_finished` for each call that ends, on one thread.
class LoadClient {
 public:
  // Connects, and has the server answer the first request; returns an error in
  // words for the user if it does not. Blocks for at most twice the timeout.
  static absl::StatusOr<std::unique_ptr<LoadClient>> Connect(
      ServerConnection connection, LoadClientOptions options);

  // Sends at the times of `schedule`, whatever the server does.
  LoadResult RunOpenLoop(LoadSchedule schedule, const LoadWindow& window,
                         const std::function<void()>& on_finished);

  // Keeps `concurrency` calls open: each answer sends the next request, which
  // is due when it is sent. REQUIRES: concurrency <= max_open_calls.
  LoadResult RunClosedLoop(int concurrency, const LoadWindow& window,
                           const std::function<void()>& on_finished);

 private:
  LoadClient(ServerConnection connection, LoadClientOptions options);

  absl::Status CallOnce();
  absl::Status WaitUntilConnected();

  const ServerConnection connection_;
  const LoadClientOptions options_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LOAD_CLIENT_H_
