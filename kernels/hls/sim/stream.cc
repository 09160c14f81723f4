#include "kernels/hls/sim/stream.h"

#include <algorithm>
#include <string>

#include "kernels/hls/sim/dataflow.h"
#include "kernels/hls/sim/fail.h"

namespace moevit {
namespace hls {
namespace sim {

Channel::Channel(const char* name, int depth)
    : name_(name), depth_(std::min(depth, ScopedThreads::max_depth())) {}

Channel::~Channel() {
  if (size_ != 0) {
    Fail("stream " + std::string(name_) + " ends with " +
         std::to_string(size_) + " elements that nobody has read");
  }
}

void Channel::Begin(Access access) {
  Network* const network = Network::Current();
  if (network != nullptr) {
    network->Acquire(*this, access);
  } else if (access == Access::kRead && size_ == 0) {
    Fail("stream " + std::string(name_) + " is read while it is empty");
  }
}

void Channel::End(Access access) {
  size_ += access == Access::kRead ? -1 : 1;
  Network* const network = Network::Current();
  if (network != nullptr) network->Release();
}

}  // namespace sim
}  // namespace hls
}  // namespace moevit
