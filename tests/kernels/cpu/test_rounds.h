// How often randomized tests repeat. Set MOEVIT_TEST_ROUNDS for a longer search
// than continuous integration has time for.

#ifndef MOEVIT_TESTS_KERNELS_CPU_TEST_ROUNDS_H_
#define MOEVIT_TESTS_KERNELS_CPU_TEST_ROUNDS_H_

#include <cstdlib>

#include "absl/strings/numbers.h"

namespace moevit {

// `usual`, unless the environment says otherwise.
inline int TestRounds(int usual) {
  const char* const wanted = std::getenv("MOEVIT_TEST_ROUNDS");
  int rounds = 0;
  return wanted != nullptr && absl::SimpleAtoi(wanted, &rounds) ? rounds
                                                                : usual;
}

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_CPU_TEST_ROUNDS_H_
