// How much of a machine the flags of any command may ask for.

#ifndef MOEVIT_CLIENT_LIMITS_H_
#define MOEVIT_CLIENT_LIMITS_H_

namespace moevit {

constexpr int kMaxThreads = 1024;
constexpr int kMaxBatch = 1024;

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LIMITS_H_
