// Request messages that can outlive their call.
//
// A call may have to be answered while one of its images is being decoded. gRPC
// frees a call's request with the call; with this allocator the decoder can
// hold on to it.

#ifndef MOEVIT_SERVER_SHARED_MESSAGES_H_
#define MOEVIT_SERVER_SHARED_MESSAGES_H_

#include <memory>

#include "grpcpp/server_context.h"
#include "grpcpp/support/message_allocator.h"

namespace moevit {

// Thread safe. Give it to SetMessageAllocatorFor_<method> of a callback
// service, and keep it for as long as the service.
template <typename Request, typename Response>
class SharedMessages final : public grpc::MessageAllocator<Request, Response> {
 public:
  grpc::MessageHolder<Request, Response>* AllocateMessages() override {
    return new Holder;
  }

  // The request of a call of that method.
  static std::shared_ptr<const Request> RequestOf(
      grpc::CallbackServerContext& context) {
    return static_cast<Holder*>(context.GetRpcAllocatorState())->request_ptr();
  }

 private:
  // Deleted by gRPC, through Release.
  class Holder final : public grpc::MessageHolder<Request, Response> {
   public:
    Holder() {
      this->set_request(request_.get());
      this->set_response(&response_);
    }

    void Release() override { delete this; }
    std::shared_ptr<const Request> request_ptr() const { return request_; }

   private:
    const std::shared_ptr<Request> request_ = std::make_shared<Request>();
    Response response_;
  };
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_SHARED_MESSAGES_H_
