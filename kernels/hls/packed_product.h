// Two products in one DSP: (high * 2^18 + low) * shared holds low * shared in
// its lower 18 bits, with a sign that borrows from high * shared above them.
//
// The packed operand fits the DSP48E2's 27-bit port. Packed products add up
// along the DSPs' cascade as long as the lower sum fits 18 bits: eight products
// of codes in [-128, 127] with weights in [-127, 127], at most 8 * 128 * 127 =
// 2^17 - 2^10. (Eight products of two codes can reach 2^17, one too many.) Or
// four products of codes with codes, or with attention's numerators, at most
// 4 * 255 * 128 = 2^17 - 2^9.

#ifndef MOEVIT_KERNELS_HLS_PACKED_PRODUCT_H_
#define MOEVIT_KERNELS_HLS_PACKED_PRODUCT_H_

#include <cstdint>

namespace moevit {
namespace hls {

constexpr int kLowBits = 18;

// Products of a code and a weight that may be added before the sum is split.
constexpr int kPackedSums = 8;
// The same of two codes, or of a numerator and a code.
constexpr int kPackedCodeSums = 4;

// REQUIRES: low and high in [-128, 255], shared in [-128, 127].
inline int64_t PackedProduct(int32_t low, int32_t high, int32_t shared) {
  const int32_t packed = high * (1 << kLowBits) + low;
  return int64_t{packed} * shared;
}

// What the sum would be of products with `low` alone, and with `high` alone.
inline int32_t LowSum(int64_t sum) {
  constexpr int32_t kSign = 1 << (kLowBits - 1);
  constexpr int32_t kMask = (1 << kLowBits) - 1;
  return ((static_cast<int32_t>(sum & kMask)) ^ kSign) - kSign;
}

inline int32_t HighSum(int64_t sum) {
  return static_cast<int32_t>((sum - LowSum(sum)) >> kLowBits);
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_PACKED_PRODUCT_H_
