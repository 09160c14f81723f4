// Rearrangements of blocks of 16 bytes, the same on every x86 processor.

#ifndef MOEVIT_KERNELS_CPU_SIMD_X86_BLOCKS_H_
#define MOEVIT_KERNELS_CPU_SIMD_X86_BLOCKS_H_

#include <immintrin.h>

#include <cstdint>

namespace moevit::cpu {

// Isa: makes the functions of each instruction set distinct, as each is
// compiled with options of its own. See simd/portable.h for their meaning.
template <typename Isa>
struct X86Blocks {
  static void InterleaveRows(const uint8_t* const* rows, int8_t* packed) {
    const __m128i a = LoadCodes(rows[0]);
    const __m128i b = LoadCodes(rows[1]);
    const __m128i c = LoadCodes(rows[2]);
    const __m128i d = LoadCodes(rows[3]);
    const __m128i ab_low = _mm_unpacklo_epi8(a, b);
    const __m128i ab_high = _mm_unpackhi_epi8(a, b);
    const __m128i cd_low = _mm_unpacklo_epi8(c, d);
    const __m128i cd_high = _mm_unpackhi_epi8(c, d);
    StoreBlock(packed, _mm_unpacklo_epi16(ab_low, cd_low));
    StoreBlock(packed + 16, _mm_unpackhi_epi16(ab_low, cd_low));
    StoreBlock(packed + 32, _mm_unpacklo_epi16(ab_high, cd_high));
    StoreBlock(packed + 48, _mm_unpackhi_epi16(ab_high, cd_high));
  }

  static void TransposeQuads(const uint8_t* const* rows, int64_t step,
                             int8_t* packed) {
    const __m128i a = LoadCodes(rows[0]);
    const __m128i b = LoadCodes(rows[1]);
    const __m128i c = LoadCodes(rows[2]);
    const __m128i d = LoadCodes(rows[3]);
    const __m128i ab_low = _mm_unpacklo_epi32(a, b);
    const __m128i ab_high = _mm_unpackhi_epi32(a, b);
    const __m128i cd_low = _mm_unpacklo_epi32(c, d);
    const __m128i cd_high = _mm_unpackhi_epi32(c, d);
    StoreBlock(packed, _mm_unpacklo_epi64(ab_low, cd_low));
    StoreBlock(packed + step, _mm_unpackhi_epi64(ab_low, cd_low));
    StoreBlock(packed + 2 * step, _mm_unpacklo_epi64(ab_high, cd_high));
    StoreBlock(packed + 3 * step, _mm_unpackhi_epi64(ab_high, cd_high));
  }

 private:
  static __m128i LoadCodes(const uint8_t* p) {
    return _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)),
                         _mm_set1_epi8(-128));
  }
  static void StoreBlock(int8_t* p, __m128i block) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), block);
  }
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_X86_BLOCKS_H_
