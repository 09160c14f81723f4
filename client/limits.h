// Limits that several commands have in common.

#ifndef MOEVIT_CLIENT_LIMITS_H_
#define MOEVIT_CLIENT_LIMITS_H_

#include <cstddef>

namespace moevit {

// How much of a machine flags may ask for.
constexpr int kMaxThreads = 1024;
constexpr int kMaxBatch = 1024;

// What is larger is not a photograph, and no server takes it.
constexpr size_t kMaxImageFileBytes = size_t{64} << 20;

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LIMITS_H_
