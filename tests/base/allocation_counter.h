// How often a test program takes memory from the heap. A program that links
// allocation_counter.cc has its own operator new, which counts.

#ifndef MOEVIT_TESTS_BASE_ALLOCATION_COUNTER_H_
#define MOEVIT_TESTS_BASE_ALLOCATION_COUNTER_H_

#include <cstdint>

namespace moevit {

// By all threads since the program began.
int64_t AllocationsSoFar();

}  // namespace moevit

#endif  // MOEVIT_TESTS_BASE_ALLOCATION_COUNTER_H_
