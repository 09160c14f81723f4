// One call with a stream of requests and a stream of answers: reads a request
// while there is room for its answer, and writes each answer as soon as it is
// there.
//
// A client that does not read its answers stops its own stream and nothing
// else: at most `max_stream_requests` answers wait for it, then nothing more is
// read from it, and gRPC's flow control stops the client.

#ifndef MOEVIT_SERVER_INFERENCE_STREAM_H_
#define MOEVIT_SERVER_INFERENCE_STREAM_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/catch_exceptions.h"
#include "base/mutex.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "scheduler/image_task.h"
#include "server/call_access.h"
#include "server/error_mapping.h"
#include "server/inference_record.h"
#include "server/inference_request.h"
#include "server/stream_caller.h"

namespace moevit {

// Owns itself until gRPC is done with it. Errors of requests are answers; the
// call ends with
//   OK           the client has half-closed, and all answers are written
//   UNAUTHENTICATED, PERMISSION_DENIED  the caller may not infer
//   RESOURCE_EXHAUSTED  there was not enough memory to go on
//   CANCELLED    the client went away, or the call's deadline passed
template <typename Request, typename Response>
class InferenceStream
    : public grpc::ServerBidiReactor<Request, Response>,
      public std::enable_shared_from_this<InferenceStream<Request, Response>> {
 public:
  ~InferenceStream() override = default;

  // Serves `stream`, which nobody owned.
  static grpc::ServerBidiReactor<Request, Response>* Start(
      std::shared_ptr<InferenceStream> stream) {
    InferenceStream* started = stream.get();
    started->self_ = std::move(stream);
    MutexLock lock(&started->mutex_);
    started->Proceed();
    return started;
  }

 protected:
  // One request and its answer.
  struct Exchange {
    Exchange(const ServiceContext& context,
             std::shared_ptr<const Request> its_request)
        : record(context), request(std::move(its_request)) {}

    InferenceRecord record;
    std::shared_ptr<const Request> request;  // until the answer is there
    Response response;
    std::shared_ptr<Exchange> next;  // among the answers that wait
  };
  using ExchangePointer = std::shared_ptr<Exchange>;
  using Respond = std::function<absl::Status(InferenceResults, Response*)>;

  InferenceStream(const ServiceContext& context,
                  grpc::CallbackServerContext* grpc_context)
      : context_(context), caller_(*grpc_context) {
    const absl::Status access =
        CheckAccess(*context.access, Role::kInfer, *grpc_context);
    reads_ended_ = !access.ok();
    end_ = ToGrpcStatus(access);
  }

  // Has `exchange` answered by calling Infer once, or returns why not.
  virtual absl::Status Begin(const ExchangePointer& exchange) = 0;

  // What `request` says it is called; empty if it says nothing.
  virtual absl::string_view IdOf(const Request& request) const = 0;

  // Makes `response` the answer to a request that failed.
  virtual void SetError(const Request& request, const absl::Status& error,
                        Response* response) const = 0;

  // Runs `request`, whose images, owner, priority and timeout are set. The
  // answer is due at the call's deadline or within `time_limit`. `respond`
  // fills in the response.
  // REQUIRES: exchange->record has its model.
  void Infer(ExchangePointer exchange, InferenceRequest request,
             absl::Duration time_limit, Respond respond) {
    request.model = exchange->record.model();
    request.client = caller_.client();
    request.deadline = exchange->record.DeadlineFor(
        std::min(caller_.deadline(), context_.clock->Now() + time_limit));
    request.cancellation = cancellation_;
    context_.pipeline->Run(
        std::move(request),
        [self = this->shared_from_this(), exchange = std::move(exchange),
         respond =
             std::move(respond)](absl::StatusOr<InferenceResults> results) {
          absl::Status status = results.status();
          if (status.ok()) {
            status = CatchExceptions("write the answer", [&] {
              return respond(*std::move(results), &exchange->response);
            });
          }
          self->Answer(exchange, status);
        });
  }

  const ServiceContext& context() const { return context_; }

 private:
  void OnReadDone(bool ok) override {
    std::shared_ptr<Request> request;
    {
      MutexLock lock(&mutex_);
      request = std::move(next_);
      if (!ok) reads_ended_ = true;
      if (reads_ended_) return Proceed();
      ++open_;
    }
    ExchangePointer exchange;
    const absl::Status accepted = CatchExceptions("accept a request", [&] {
      exchange = std::make_shared<Exchange>(context_, std::move(request));
      return absl::OkStatus();
    });
    if (!accepted.ok()) return GiveUp(accepted);
    const absl::Status begun =
        CatchExceptions("handle the request", [&] { return Begin(exchange); });
    if (!begun.ok()) Answer(exchange, begun);
    MutexLock lock(&mutex_);
    Proceed();
  }

  // Called once for each exchange, on any thread. Does not throw.
  void Answer(const ExchangePointer& exchange, const absl::Status& status) {
    exchange->record.SetOutcome(
        status, [&] { return caller_.Describe(IdOf(*exchange->request)); });
    if (!status.ok()) {
      const absl::Status written = CatchExceptions("write an error", [&] {
        SetError(*exchange->request, status, &exchange->response);
        return absl::OkStatus();
      });
      if (!written.ok()) return GiveUp(written);
    }
    // The answer may wait for long for its client to take it.
    exchange->request.reset();
    MutexLock lock(&mutex_);
    (last_answer_ == nullptr ? first_answer_ : last_answer_->next) = exchange;
    last_answer_ = exchange;
    Proceed();
  }

  // A request that was read cannot be answered: ends the stream with `why` once
  // the others are.
  void GiveUp(const absl::Status& why) {
    MutexLock lock(&mutex_);
    --open_;
    EndReads(why);
    Proceed();
  }

  void EndReads(const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    reads_ended_ = true;
    if (end_.ok()) end_ = ToGrpcStatus(why);
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) broken_ = true;
    DropFirstAnswer();
    Proceed();
  }

  void OnCancel() override {
    cancellation_->Cancel();
    {
      MutexLock lock(&mutex_);
      broken_ = true;
    }
    context_.pipeline->RemoveCancelled();
    MutexLock lock(&mutex_);
    Proceed();
  }

  void OnDone() override {
    const std::shared_ptr<InferenceStream> self = std::move(self_);
  }

  // Starts what can be started.
  void Proceed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (broken_ && !writing_ && first_answer_ != nullptr) DropFirstAnswer();
    if (!writing_ && first_answer_ != nullptr) {
      writing_ = true;
      this->StartWrite(&first_answer_->response);
    }
    if (next_ == nullptr && !reads_ended_ &&
        open_ < context_.max_stream_requests) {
      StartNextRead();
    }
    if (reads_ended_ && open_ == 0 && !ended_) {
      ended_ = true;
      this->Finish(broken_ ? grpc::Status::CANCELLED : end_);
    }
  }

  void StartNextRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    using RequestPointer = std::shared_ptr<Request>;
    auto request = CatchExceptions("read a request",
                                   []() -> absl::StatusOr<RequestPointer> {
                                     return std::make_shared<Request>();
                                   });
    if (!request.ok()) return EndReads(request.status());
    next_ = *std::move(request);
    this->StartRead(next_.get());
  }

  void DropFirstAnswer() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    first_answer_ = ExchangePointer(std::move(first_answer_->next));
    if (first_answer_ == nullptr) last_answer_ = nullptr;
    --open_;
  }

  const ServiceContext& context_;
  const StreamCaller caller_;
  const std::shared_ptr<Cancellation> cancellation_ =
      std::make_shared<Cancellation>();
  std::shared_ptr<InferenceStream> self_;  // until OnDone

  Mutex mutex_;
  // Requests that were read and whose answers are not written.
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<Request> next_
      ABSL_GUARDED_BY(mutex_);  // being read, or null
  // The answers that wait, a list, so that adding one needs no memory.
  ExchangePointer first_answer_ ABSL_GUARDED_BY(mutex_);
  ExchangePointer last_answer_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;  // the first answer
  bool reads_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;  // answers reach nobody
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_INFERENCE_STREAM_H_
