// Random cases of the vector operators, and how a test runs through them.
//
// A case is a struct with the member `expected`, for which Run(case) gives what
// the kernel writes and LeastDepth(case) the depth that streams must have.

#ifndef MOEVIT_TESTS_KERNELS_HLS_RANDOM_CASES_H_
#define MOEVIT_TESTS_KERNELS_HLS_RANDOM_CASES_H_

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/hls/sim/dataflow.h"
#include "kernels/hls/word.h"
#include "tests/kernels/hls/vector_case.h"

namespace moevit {

inline bool SameWords(const Words& a, const Words& b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(hls::Word)) == 0;
}

inline int Uniform(int low, int high, std::mt19937& random) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

// Often the ends of the range, and sometimes nothing else.
template <typename T>
std::vector<T> RandomValues(int count, int low, int high,
                            std::mt19937& random) {
  const bool extreme = Uniform(0, 3, random) == 0;
  std::vector<T> values(count);
  for (T& value : values) {
    const int kind = extreme ? Uniform(0, 1, random) : Uniform(0, 9, random);
    value = static_cast<T>(kind == 0   ? low
                           : kind == 1 ? high
                                       : Uniform(low, high, random));
  }
  return values;
}

inline std::vector<int16_t> RandomInt16s(int count, std::mt19937& random) {
  return RandomValues<int16_t>(count, -32768, 32767, random);
}

// Of an operator; together they have seen thousands of shapes.
constexpr int kRandomCases = 1000;

// `make_case` takes a random generator.
template <typename MakeCase>
void ExpectArithBits(int cases, MakeCase make_case) {
  std::mt19937 random(11);
  for (int i = 0; i < cases; ++i) {
    const auto test = make_case(random);
    ASSERT_TRUE(SameWords(Run(test), test.expected)) << "case " << i;
  }
}

// With streams of no more than LeastDepth elements, in threads.
template <typename MakeCase>
void ExpectArithBitsAtLeastDepth(MakeCase make_case) {
  std::mt19937 random(12);
  for (int i = 0; i < 5; ++i) {
    const auto test = make_case(random);
    const hls::sim::ScopedThreads threads(LeastDepth(test));
    ASSERT_TRUE(SameWords(Run(test), test.expected)) << "case " << i;
  }
}

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_HLS_RANDOM_CASES_H_
