// The vector operations that the CPU kernels are written in, for AVX2 without
// VNNI. See simd/portable.h for what each operation means.

#ifndef MOEVIT_KERNELS_CPU_SIMD_AVX2_H_
#define MOEVIT_KERNELS_CPU_SIMD_AVX2_H_

#include <immintrin.h>

#include <cstdint>

#include "kernels/cpu/simd/x86_blocks.h"

namespace moevit::cpu {

struct Avx2 : X86Blocks<Avx2> {
  using Vector = __m256i;
  // Even and odd bytes as 16-bit numbers. Products of 8-bit numbers would be
  // added with saturation (vpmaddubsw), so they are taken in 16 bits.
  struct Halves {
    __m256i even;
    __m256i odd;
  };
  using Quad = Halves;
  using Weights = Halves;
  struct Table256 {
    const uint8_t* entries;
  };
  struct Table16 {
    __m256i bytes;
  };

  static constexpr int kLanes = 8;
  static constexpr int kTileRows = 2;  // 8 accumulators, 4 inputs, 2 weights

  static Vector Zero() { return _mm256_setzero_si256(); }
  static Vector Fill32(int32_t x) { return _mm256_set1_epi32(x); }
  static Vector Fill16(int16_t x) { return _mm256_set1_epi16(x); }
  static Vector Load(const void* p) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(p));
  }
  static void Store(void* p, Vector v) {
    _mm256_storeu_si256(static_cast<__m256i*>(p), v);
  }
  static Vector Load16As32(const int16_t* p) {
    return _mm256_cvtepi16_epi32(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }

  static Halves SplitUnsigned(Vector v) {
    return {_mm256_and_si256(v, _mm256_set1_epi16(0xff)),
            _mm256_srli_epi16(v, 8)};
  }
  static Halves SplitSigned(Vector v) {
    return {_mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8),
            _mm256_srai_epi16(v, 8)};
  }
  static Quad LoadQuad(const uint8_t* p) {
    int32_t quad;
    __builtin_memcpy(&quad, p, sizeof(quad));
    return SplitUnsigned(_mm256_set1_epi32(quad));
  }
  static void MakeUnknown(Quad& quad) {
    asm volatile("" : "+x"(quad.even), "+x"(quad.odd));
  }
  static Weights WeightsFrom(const Quad& quad) { return quad; }
  static Weights LoadWeights(const int8_t* p) { return SplitSigned(Load(p)); }
  static Vector Dot(Vector sum, const Quad& quad, const Weights& weights) {
    const Vector even = _mm256_madd_epi16(quad.even, weights.even);
    const Vector odd = _mm256_madd_epi16(quad.odd, weights.odd);
    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
  }
  static Vector DotBytes(Vector sum, Vector bytes, Vector weights) {
    return Dot(sum, SplitUnsigned(bytes), SplitSigned(weights));
  }

  static Vector Add32(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector Sub32(Vector a, Vector b) { return _mm256_sub_epi32(a, b); }
  static Vector Max32(Vector a, Vector b) { return _mm256_max_epi32(a, b); }
  static Vector ShiftLeft32(Vector v, Vector n) {
    return _mm256_sllv_epi32(v, n);
  }
  static Vector ShiftRight32(Vector v, Vector n) {
    return _mm256_srav_epi32(v, n);
  }
  static Vector Multiply32(Vector a, Vector b) {
    return _mm256_mullo_epi32(a, b);
  }
  static Vector MultiplyAdd16(Vector a, Vector b) {
    return _mm256_madd_epi16(a, b);
  }
  static Vector AddWide(Vector sum64, Vector v) {
    const Vector low = _mm256_and_si256(v, _mm256_set1_epi64x(0xffffffff));
    return _mm256_add_epi64(_mm256_add_epi64(sum64, low),
                            _mm256_srli_epi64(v, 32));
  }
  static int32_t ReduceAdd32(Vector v) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v),
                                _mm256_extracti128_si256(v, 1));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    return _mm_cvtsi128_si32(sum);
  }
  static int64_t ReduceAdd64(Vector v) {
    __m128i sum = _mm_add_epi64(_mm256_castsi256_si128(v),
                                _mm256_extracti128_si256(v, 1));
    sum = _mm_add_epi64(sum, _mm_shuffle_epi32(sum, 0x4e));
    return _mm_cvtsi128_si64(sum);
  }
  static int32_t ReduceMax32(Vector v) {
    __m128i largest = _mm_max_epi32(_mm256_castsi256_si128(v),
                                    _mm256_extracti128_si256(v, 1));
    largest = _mm_max_epi32(largest, _mm_shuffle_epi32(largest, 0x4e));
    largest = _mm_max_epi32(largest, _mm_shuffle_epi32(largest, 0xb1));
    return _mm_cvtsi128_si32(largest);
  }

  static Vector Add16(Vector a, Vector b) { return _mm256_add_epi16(a, b); }
  static Vector AddSaturating16(Vector a, Vector b) {
    return _mm256_adds_epi16(a, b);
  }
  static Vector Sub16(Vector a, Vector b) { return _mm256_sub_epi16(a, b); }
  static Vector Max16(Vector a, Vector b) { return _mm256_max_epi16(a, b); }
  static Vector Abs16(Vector v) { return _mm256_abs_epi16(v); }
  static Vector MinUnsigned16(Vector a, Vector b) {
    return _mm256_min_epu16(a, b);
  }
  static Vector ShiftLeft16(Vector v, int n) {
    return _mm256_sll_epi16(v, _mm_cvtsi32_si128(n));
  }
  static Vector ShiftRightUnsigned16(Vector v, int n) {
    return _mm256_srl_epi16(v, _mm_cvtsi32_si128(n));
  }
  static Vector MultiplyHigh16(Vector a, Vector b) {
    return _mm256_mulhrs_epi16(a, b);
  }

  static Vector Pack16(Vector a, Vector b) { return _mm256_packs_epi32(a, b); }
  static Vector PackBytes(Vector a, Vector b) {
    return _mm256_packus_epi16(a, b);
  }
  static Vector ExtendLow16(Vector v) {
    return _mm256_srai_epi32(_mm256_unpacklo_epi16(v, v), 16);
  }
  static Vector ExtendHigh16(Vector v) {
    return _mm256_srai_epi32(_mm256_unpackhi_epi16(v, v), 16);
  }
  static Vector ExtendLow8(Vector v) {
    return _mm256_unpacklo_epi8(v, _mm256_setzero_si256());
  }
  static Vector ExtendHigh8(Vector v) {
    return _mm256_unpackhi_epi8(v, _mm256_setzero_si256());
  }
  static Vector InOrder16(Vector v) {
    return _mm256_permute4x64_epi64(v, 0xd8);
  }
  static Vector InOrder8(Vector v) {
    return _mm256_permutevar8x32_epi32(
        v, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  }

  static Vector MinUnsigned8(Vector a, Vector b) {
    return _mm256_min_epu8(a, b);
  }
  static Vector FlipSignBits8(Vector v) {
    return _mm256_xor_si256(v, _mm256_set1_epi8(-128));
  }
  static Table256 LoadTable256(const uint8_t* p) { return {p}; }
  static Vector Lookup(const Table256& table, Vector index) {
    alignas(32) uint8_t bytes[32];
    Store(bytes, index);
    for (uint8_t& byte : bytes) byte = table.entries[byte];
    return Load(bytes);
  }
  static Table16 LoadTable16(const uint8_t* p) {
    return {_mm256_broadcastsi128_si256(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
  }
  static Vector Lookup(const Table16& table, Vector index) {
    return _mm256_shuffle_epi8(table.bytes, index);
  }
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_AVX2_H_
