// Small kernels for the tests of cards, in the form that v++ compiles.

#include <cstdint>

#include "kernels/emulation/kernel_entry.h"

extern "C" {

void test_add(const int32_t* a, const int32_t* b, int32_t* sum, int32_t count) {
  for (int32_t i = 0; i < count; ++i) sum[i] = a[i] + b[i];
}

// Shows each scalar as the kernel sees it.
void test_scalars(int32_t a, uint32_t b, int64_t c, uint64_t d, int64_t* seen) {
  seen[0] = a;
  seen[1] = b;
  seen[2] = c;
  seen[3] = static_cast<int64_t>(d);
}

}  // extern "C"

MOEVIT_EMULATED_KERNEL(test_add, a, b, sum, count)
MOEVIT_EMULATED_KERNEL(test_scalars, a, b, c, d, seen)
