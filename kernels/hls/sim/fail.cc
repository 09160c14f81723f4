#include "kernels/hls/sim/fail.h"

#include <cstdio>
#include <cstdlib>

namespace moevit {
namespace hls {
namespace sim {

void Fail(const std::string& message) {
  std::fprintf(stderr, "kernel simulation: %s\n", message.c_str());
  std::abort();
}

}  // namespace sim
}  // namespace hls
}  // namespace moevit
