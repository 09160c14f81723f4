#include "client/load_client.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"

namespace moevit {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Stubs = std::vector<std::unique_ptr<grpc::GenericStub>>;

struct Call {
  LoadOutcome outcome;
  grpc::ClientContext context;
  grpc::Status status;
  grpc::ByteBuffer response;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

// One run. Calls are sent from one thread and finished on the thread that
// receives, which may be the same.
class Run {
 public:
  Run(const LoadClientOptions& options, const ServerConnection& connection,
      const Stubs& stubs, const LoadWindow& window,
      const std::function<void()>& on_finished)
      : options_(options),
        connection_(connection),
        stubs_(stubs),
        window_(window),
        on_finished_(on_finished),
        tally_(window) {}

  LoadResult OpenLoop(LoadSchedule schedule);
  LoadResult ClosedLoop(int concurrency);

 private:
  absl::Duration Now() const {
    return absl::FromChrono(SteadyClock::now() - start_);
  }

  // Takes over a call's slot; false if none is free.
  bool Open();
  void Close();

  void Send(absl::Duration due);

  // Blocks for the next call that ends. None when the queue is shut down.
  std::unique_ptr<Call> Receive();
  void ReadAnswer(Call& call) const;
  void Finish(std::unique_ptr<Call> call);

  const LoadClientOptions& options_;
  const ServerConnection& connection_;
  const Stubs& stubs_;
  const LoadWindow window_;
  const std::function<void()>& on_finished_;
  const SteadyClock::time_point start_ = SteadyClock::now();
  grpc::CompletionQueue queue_;
  size_t next_ = 0;  // of the requests sent
  LoadTally tally_;  // the receiving thread's

  // Held once between filling a call and sending it, and once between receiving
  // it and reading it: gRPC orders the two as well, but where the thread
  // sanitizer does not see it.
  Mutex mutex_;
  int open_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<absl::Duration> unsent_ ABSL_GUARDED_BY(mutex_);
};

bool Run::Open() {
  MutexLock lock(&mutex_);
  if (open_calls_ == options_.max_open_calls) return false;
  ++open_calls_;
  return true;
}

void Run::Close() {
  MutexLock lock(&mutex_);
  --open_calls_;
}

void Run::Send(absl::Duration due) {
  auto call = std::make_unique<Call>();
  const LoadRequests& requests = options_.requests;
  const grpc::ByteBuffer& message =
      requests.messages[next_ % requests.messages.size()];
  grpc::GenericStub& stub = *stubs_[next_ % stubs_.size()];
  ++next_;
  connection_.Prepare(call->context);
  call->reader =
      stub.PrepareUnaryCall(&call->context, requests.method, message, &queue_);
  call->outcome.due = due;
  call->outcome.sent = Now();
  if (!Open()) {
    MutexLock lock(&mutex_);
    unsent_.push_back(due);
    return;
  }
  Call* const tag = call.release();  // Receive() takes it back
  tag->reader->StartCall();
  tag->reader->Finish(&tag->response, &tag->status, tag);
}

std::unique_ptr<Call> Run::Receive() {
  void* tag = nullptr;
  bool ok = false;  // always true for the end of a call
  // Bounded by the deadlines of the calls that are open.
  if (!queue_.Next(&tag, &ok)) return nullptr;
  Close();
  return std::unique_ptr<Call>(static_cast<Call*>(tag));
}

void Run::ReadAnswer(Call& call) const {
  LoadOutcome& outcome = call.outcome;
  if (!call.status.ok()) {
    outcome.status = {static_cast<absl::StatusCode>(call.status.error_code()),
                      call.status.error_message()};
    return;
  }
  const auto read = options_.requests.read(call.response);
  outcome.status = read.status();
  if (read.ok()) outcome.server = *read;
}

void Run::Finish(std::unique_ptr<Call> call) {
  call->outcome.finished = Now();
  ReadAnswer(*call);
  tally_.Add(call->outcome);
  on_finished_();
}

LoadResult Run::OpenLoop(LoadSchedule schedule) {
  std::thread receiver([this] {
    while (std::unique_ptr<Call> call = Receive()) Finish(std::move(call));
  });
  while (const std::optional<absl::Duration> due = schedule.Next()) {
    std::this_thread::sleep_until(start_ + absl::ToChronoNanoseconds(*due));
    Send(*due);
  }
  queue_.Shutdown();
  receiver.join();
  MutexLock lock(&mutex_);
  for (const absl::Duration due : unsent_) {
    tally_.AddUnsent(due, absl::StrCat(options_.max_open_calls,
                                       " calls were open, the most allowed"));
  }
  return std::move(tally_).Finish();
}

LoadResult Run::ClosedLoop(int concurrency) {
  for (int i = 0; i < concurrency; ++i) Send(Now());
  for (int open = concurrency; open > 0; --open) {
    Finish(Receive());
    const absl::Duration now = Now();
    if (now < window_.end()) {
      Send(now);
      ++open;
    }
  }
  queue_.Shutdown();
  return std::move(tally_).Finish();
}

}  // namespace

LoadClient::LoadClient(ServerConnection connection, LoadClientOptions options)
    : connection_(std::move(connection)), options_(std::move(options)) {
  for (int i = 0; i < options_.connections; ++i) {
    channels_.push_back(connection_.NewChannel());
    stubs_.push_back(std::make_unique<grpc::GenericStub>(channels_.back()));
  }
}

// Its connection comes up with it.
absl::Status LoadClient::CallOnce() {
  const LoadRequests& requests = options_.requests;
  Call call;
  connection_.Prepare(call.context);
  grpc::CompletionQueue queue;
  call.reader = stubs_.front()->PrepareUnaryCall(
      &call.context, requests.method, requests.messages.front(), &queue);
  call.reader->StartCall();
  call.reader->Finish(&call.response, &call.status, &call);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);  // bounded by the call's deadline
  if (!call.status.ok()) {
    return CallError(connection_.address(), call.status);
  }
  const absl::Status status = requests.read(call.response).status();
  if (status.ok()) return absl::OkStatus();
  return {status.code(), absl::StrCat("the first request: ", status.message())};
}

absl::Status LoadClient::WaitUntilConnected() {
  const auto deadline =
      absl::ToChronoTime(absl::Now() + connection_.address().timeout);
  for (const auto& channel : channels_) channel->GetState(true);
  for (const auto& channel : channels_) {
    if (!channel->WaitForConnected(deadline)) {
      return absl::UnavailableError(
          absl::StrCat(connection_.address().target, " does not take ",
                       options_.connections, " connections within ",
                       absl::FormatDuration(connection_.address().timeout)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<LoadClient>> LoadClient::Connect(
    ServerConnection connection, LoadClientOptions options) {
  auto client = std::unique_ptr<LoadClient>(
      new LoadClient(std::move(connection), std::move(options)));
  MOEVIT_RETURN_IF_ERROR(client->CallOnce());
  MOEVIT_RETURN_IF_ERROR(client->WaitUntilConnected());
  return client;
}

LoadResult LoadClient::RunOpenLoop(LoadSchedule schedule,
                                   const LoadWindow& window,
                                   const std::function<void()>& on_finished) {
  return Run(options_, connection_, stubs_, window, on_finished)
      .OpenLoop(std::move(schedule));
}

LoadResult LoadClient::RunClosedLoop(int concurrency, const LoadWindow& window,
                                     const std::function<void()>& on_finished) {
  return Run(options_, connection_, stubs_, window, on_finished)
      .ClosedLoop(concurrency);
}

}  // namespace moevit
