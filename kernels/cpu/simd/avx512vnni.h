// The vector operations that the CPU kernels are written in, for AVX-512 with
// VNNI and VBMI. See simd/portable.h for what each operation means.

#ifndef MOEVIT_KERNELS_CPU_SIMD_AVX512VNNI_H_
#define MOEVIT_KERNELS_CPU_SIMD_AVX512VNNI_H_

#include <immintrin.h>

#include <cstdint>

#include "kernels/cpu/simd/x86_blocks.h"

namespace moevit::cpu {

struct Avx512Vnni : X86Blocks<Avx512Vnni> {
  using Vector = __m512i;
  using Quad = __m512i;
  using Weights = __m512i;
  struct Table256 {
    __m512i part[4];
  };
  struct Table16 {
    __m512i bytes;
  };

  static constexpr int kLanes = 16;
  static constexpr int kTileRows = 6;  // 24 accumulators, 4 weights, 1 input

  static Vector Zero() { return _mm512_setzero_si512(); }
  static Vector Fill32(int32_t x) { return _mm512_set1_epi32(x); }
  static Vector Fill16(int16_t x) { return _mm512_set1_epi16(x); }
  static Vector Load(const void* p) { return _mm512_loadu_si512(p); }
  static void Store(void* p, Vector v) { _mm512_storeu_si512(p, v); }
  static Vector Load16As32(const int16_t* p) {
    return _mm512_cvtepi16_epi32(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }

  static Quad LoadQuad(const uint8_t* p) {
    int32_t quad;
    __builtin_memcpy(&quad, p, sizeof(quad));
    return _mm512_set1_epi32(quad);
  }
  static void MakeUnknown(Quad& quad) { asm volatile("" : "+v"(quad)); }
  static Weights WeightsFrom(const Quad& quad) { return quad; }
  static Weights LoadWeights(const int8_t* p) { return Load(p); }
  // Not the intrinsic: between its vector type and Vector, GCC 12 copies and
  // stores every accumulator in every iteration, at half the speed.
  static Vector Dot(Vector sum, Quad quad, Weights weights) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(quad), "v"(weights));
    return sum;
  }
  static Vector DotBytes(Vector sum, Vector bytes, Vector weights) {
    return Dot(sum, bytes, weights);
  }

  static Vector Add32(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector Sub32(Vector a, Vector b) { return _mm512_sub_epi32(a, b); }
  static Vector Max32(Vector a, Vector b) { return _mm512_max_epi32(a, b); }
  static Vector ShiftLeft32(Vector v, Vector n) {
    return _mm512_sllv_epi32(v, n);
  }
  static Vector ShiftRight32(Vector v, Vector n) {
    return _mm512_srav_epi32(v, n);
  }
  static Vector Multiply32(Vector a, Vector b) {
    return _mm512_mullo_epi32(a, b);
  }
  static Vector MultiplyAdd16(Vector a, Vector b) {
    return _mm512_madd_epi16(a, b);
  }
  static Vector AddWide(Vector sum64, Vector v) {
    const Vector low = _mm512_and_si512(v, _mm512_set1_epi64(0xffffffff));
    return _mm512_add_epi64(_mm512_add_epi64(sum64, low),
                            _mm512_srli_epi64(v, 32));
  }
  static int32_t ReduceAdd32(Vector v) { return _mm512_reduce_add_epi32(v); }
  static int64_t ReduceAdd64(Vector v) { return _mm512_reduce_add_epi64(v); }
  static int32_t ReduceMax32(Vector v) { return _mm512_reduce_max_epi32(v); }

  static Vector Add16(Vector a, Vector b) { return _mm512_add_epi16(a, b); }
  static Vector AddSaturating16(Vector a, Vector b) {
    return _mm512_adds_epi16(a, b);
  }
  static Vector Sub16(Vector a, Vector b) { return _mm512_sub_epi16(a, b); }
  static Vector Max16(Vector a, Vector b) { return _mm512_max_epi16(a, b); }
  static Vector Abs16(Vector v) { return _mm512_abs_epi16(v); }
  static Vector MinUnsigned16(Vector a, Vector b) {
    return _mm512_min_epu16(a, b);
  }
  static Vector ShiftLeft16(Vector v, int n) {
    return _mm512_sll_epi16(v, _mm_cvtsi32_si128(n));
  }
  static Vector ShiftRightUnsigned16(Vector v, int n) {
    return _mm512_srl_epi16(v, _mm_cvtsi32_si128(n));
  }
  static Vector MultiplyHigh16(Vector a, Vector b) {
    return _mm512_mulhrs_epi16(a, b);
  }

  static Vector Pack16(Vector a, Vector b) { return _mm512_packs_epi32(a, b); }
  static Vector PackBytes(Vector a, Vector b) {
    return _mm512_packus_epi16(a, b);
  }
  static Vector ExtendLow16(Vector v) {
    return _mm512_srai_epi32(_mm512_unpacklo_epi16(v, v), 16);
  }
  static Vector ExtendHigh16(Vector v) {
    return _mm512_srai_epi32(_mm512_unpackhi_epi16(v, v), 16);
  }
  static Vector ExtendLow8(Vector v) {
    return _mm512_unpacklo_epi8(v, _mm512_setzero_si512());
  }
  static Vector ExtendHigh8(Vector v) {
    return _mm512_unpackhi_epi8(v, _mm512_setzero_si512());
  }
  static Vector InOrder16(Vector v) {
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7),
                                    v);
  }
  static Vector InOrder8(Vector v) {
    return _mm512_permutexvar_epi32(
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
        v);
  }

  static Vector MinUnsigned8(Vector a, Vector b) {
    return _mm512_min_epu8(a, b);
  }
  static Vector FlipSignBits8(Vector v) {
    return _mm512_xor_si512(v, _mm512_set1_epi8(-128));
  }
  static Table256 LoadTable256(const uint8_t* p) {
    return {{Load(p), Load(p + 64), Load(p + 128), Load(p + 192)}};
  }
  static Vector Lookup(const Table256& table, Vector index) {
    const Vector low =
        _mm512_permutex2var_epi8(table.part[0], index, table.part[1]);
    const Vector high =
        _mm512_permutex2var_epi8(table.part[2], index, table.part[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
  }
  static Table16 LoadTable16(const uint8_t* p) {
    return {_mm512_broadcast_i32x4(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
  }
  static Vector Lookup(const Table16& table, Vector index) {
    return _mm512_shuffle_epi8(table.bytes, index);
  }
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_AVX512VNNI_H_
