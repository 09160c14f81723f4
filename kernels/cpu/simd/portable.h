// The vector operations that the CPU kernels are written in, for any processor:
// vectors of 16 bytes in the compiler's own vector types. The meanings given
// here hold for the other instruction sets too.
//
// A vector is bytes; a number in an operation's name is the width in bits of
// the elements it works on. Additions, subtractions and products wrap unless
// the name says otherwise. "Packed order": packing works in blocks of 16
// bytes, so on wider vectors the result's blocks alternate between the
// operands; element order is restored by InOrder, or by unpacking.

#ifndef MOEVIT_KERNELS_CPU_SIMD_PORTABLE_H_
#define MOEVIT_KERNELS_CPU_SIMD_PORTABLE_H_

#include <cstdint>

namespace moevit::cpu {

struct Portable {
  using Vector = uint8_t __attribute__((vector_size(16)));
  using U16 = uint16_t __attribute__((vector_size(16)));
  using I16 = int16_t __attribute__((vector_size(16)));
  using U32 = uint32_t __attribute__((vector_size(16)));
  using I32 = int32_t __attribute__((vector_size(16)));
  using U64 = uint64_t __attribute__((vector_size(16)));

  // Four bytes of an input row in every lane, ready for Dot.
  using Quad = Vector;
  // Four weights of one output channel in each lane, ready for Dot.
  using Weights = Vector;
  struct Table256 {
    const uint8_t* entries;
  };
  struct Table16 {
    const uint8_t* entries;
  };

  static constexpr int kLanes = 4;     // elements of 32 bits
  static constexpr int kTileRows = 2;  // rows of a matrix product's tile

  static Vector Zero() { return Vector{}; }
  static Vector Fill32(int32_t x) { return As(I32{} + x); }
  static Vector Fill16(int16_t x) { return As(I16{} + x); }
  static Vector Load(const void* p) {
    Vector v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
  }
  static void Store(void* p, Vector v) { __builtin_memcpy(p, &v, sizeof(v)); }
  // kLanes int16 as elements of 32 bits.
  static Vector Load16As32(const int16_t* p) {
    return As(I32{p[0], p[1], p[2], p[3]});
  }

  static Quad LoadQuad(const uint8_t* p) {
    int32_t quad;
    __builtin_memcpy(&quad, p, sizeof(quad));
    return Fill32(quad);
  }
  // For measurements: keeps the compiler from computing anything ahead.
  static void MakeUnknown(Quad& quad) {
    asm volatile("" : : "r"(&quad) : "memory");
  }
  static Weights WeightsFrom(const Quad& quad) { return quad; }
  static Weights LoadWeights(const int8_t* p) { return Load(p); }
  // Adds to each lane the exact sum of four products, unsigned times signed.
  static Vector Dot(Vector sum, Quad quad, Weights weights) {
    // A product of 8-bit numbers of which one is signed fits int16.
    const I16 even = (I16)((U16)quad & 0xff) * ((I16)((U16)weights << 8) >> 8);
    const I16 odd = (I16)((U16)quad >> 8) * ((I16)weights >> 8);
    return Add32(sum, Add32(AddPairs(even), AddPairs(odd)));
  }
  // The same with different bytes in each lane.
  static Vector DotBytes(Vector sum, Vector bytes, Vector weights) {
    return Dot(sum, bytes, weights);
  }

  static Vector Add32(Vector a, Vector b) { return As((U32)a + (U32)b); }
  static Vector Sub32(Vector a, Vector b) { return As((U32)a - (U32)b); }
  static Vector Max32(Vector a, Vector b) {
    return Select((Vector)((I32)a > (I32)b), a, b);
  }
  // By a count per lane, in [0, 31].
  static Vector ShiftLeft32(Vector v, Vector n) { return As((U32)v << (U32)n); }
  static Vector ShiftRight32(Vector v, Vector n) {
    return As((I32)v >> (I32)n);
  }
  static Vector Multiply32(Vector a, Vector b) { return As((U32)a * (U32)b); }
  // Per lane, the sum of the products of its two int16.
  static Vector MultiplyAdd16(Vector a, Vector b) {
    const U32 low =
        (U32)((I32)((U32)a << 16) >> 16) * (U32)((I32)((U32)b << 16) >> 16);
    const U32 high = (U32)((I32)a >> 16) * (U32)((I32)b >> 16);
    return As(low + high);
  }
  // Adds all lanes of v, as unsigned numbers, to elements of 64 bits.
  static Vector AddWide(Vector sum64, Vector v) {
    return As((U64)sum64 + ((U64)v & 0xffffffff) + ((U64)v >> 32));
  }
  static int32_t ReduceAdd32(Vector v) {
    const U32 x = (U32)v;
    return static_cast<int32_t>(x[0] + x[1] + x[2] + x[3]);
  }
  static int64_t ReduceAdd64(Vector v) {
    const U64 x = (U64)v;
    return static_cast<int64_t>(x[0] + x[1]);
  }
  static int32_t ReduceMax32(Vector v) {
    const I32 x = (I32)v;
    const int32_t low = x[0] > x[1] ? x[0] : x[1];
    const int32_t high = x[2] > x[3] ? x[2] : x[3];
    return low > high ? low : high;
  }

  static Vector Add16(Vector a, Vector b) { return As((U16)a + (U16)b); }
  static Vector AddSaturating16(Vector a, Vector b) {
    I16 result;
    for (int i = 0; i < 8; ++i) result[i] = Saturate(((I16)a)[i] + ((I16)b)[i]);
    return As(result);
  }
  static Vector Sub16(Vector a, Vector b) { return As((U16)a - (U16)b); }
  static Vector Max16(Vector a, Vector b) {
    return Select((Vector)((I16)a > (I16)b), a, b);
  }
  // -32768 becomes 32768, unsigned.
  static Vector Abs16(Vector v) {
    return Select((Vector)((I16)v < 0), Sub16(Zero(), v), v);
  }
  static Vector MinUnsigned16(Vector a, Vector b) {
    return Select((Vector)((U16)a < (U16)b), a, b);
  }
  static Vector ShiftLeft16(Vector v, int n) { return As((U16)v << n); }
  static Vector ShiftRightUnsigned16(Vector v, int n) {
    return As((U16)v >> n);
  }
  // arith::MultiplyHigh.
  static Vector MultiplyHigh16(Vector a, Vector b) {
    I16 result;
    for (int i = 0; i < 8; ++i) {
      const int32_t product = int32_t{((I16)a)[i]} * ((I16)b)[i];
      result[i] = static_cast<int16_t>((product + (1 << 14)) >> 15);
    }
    return As(result);
  }

  // int32 to int16, saturating, in packed order.
  static Vector Pack16(Vector a, Vector b) {
    I16 result;
    for (int i = 0; i < 4; ++i) {
      result[i] = Saturate(((I32)a)[i]);
      result[i + 4] = Saturate(((I32)b)[i]);
    }
    return As(result);
  }
  // int16 to uint8, saturating, in packed order.
  static Vector PackBytes(Vector a, Vector b) {
    Vector result;
    for (int i = 0; i < 8; ++i) {
      result[i] = SaturateToByte(((I16)a)[i]);
      result[i + 8] = SaturateToByte(((I16)b)[i]);
    }
    return result;
  }
  // The operands of the Pack16 that gave `v`, from int16.
  static Vector ExtendLow16(Vector v) {
    const I16 x = (I16)v;
    return As(I32{x[0], x[1], x[2], x[3]});
  }
  static Vector ExtendHigh16(Vector v) {
    const I16 x = (I16)v;
    return As(I32{x[4], x[5], x[6], x[7]});
  }
  // The operands of the PackBytes that gave `v`, from uint8.
  static Vector ExtendLow8(Vector v) {
    return As(U16{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]});
  }
  static Vector ExtendHigh8(Vector v) {
    return As(U16{v[8], v[9], v[10], v[11], v[12], v[13], v[14], v[15]});
  }
  // From the packed order of one Pack16 to element order.
  static Vector InOrder16(Vector v) { return v; }
  // From PackBytes(Pack16(a, b), Pack16(c, d)) to the order a, b, c, d.
  static Vector InOrder8(Vector v) { return v; }

  static Vector MinUnsigned8(Vector a, Vector b) {
    return Select((Vector)(a < b), a, b);
  }
  static Vector FlipSignBits8(Vector v) { return v ^ 0x80; }
  // The table must outlive the result.
  static Table256 LoadTable256(const uint8_t* p) { return {p}; }
  static Table16 LoadTable16(const uint8_t* p) { return {p}; }
  // Replaces each byte, an index into the table, by its entry.
  template <typename Table>
  static Vector Lookup(const Table& table, Vector index) {
    Vector result;
    for (int i = 0; i < 16; ++i) result[i] = table.entries[index[i]];
    return result;
  }

  // Columns [0, 16) of four rows of bytes, less 128:
  // packed[4 * c + i] = rows[i][c].
  static void InterleaveRows(const uint8_t* const* rows, int8_t* packed) {
    for (int c = 0; c < 16; ++c) {
      for (int i = 0; i < 4; ++i) {
        packed[4 * c + i] = static_cast<int8_t>(rows[i][c] - 128);
      }
    }
  }
  // The same, with the four bytes of each quad kept together:
  // packed[step * q + 4 * i + b] = rows[i][4 * q + b].
  static void TransposeQuads(const uint8_t* const* rows, int64_t step,
                             int8_t* packed) {
    for (int q = 0; q < 4; ++q) {
      for (int i = 0; i < 4; ++i) {
        for (int b = 0; b < 4; ++b) {
          packed[step * q + 4 * i + b] =
              static_cast<int8_t>(rows[i][4 * q + b] - 128);
        }
      }
    }
  }

 private:
  template <typename V>
  static Vector As(V v) {
    return (Vector)v;
  }
  static Vector Select(Vector mask, Vector yes, Vector no) {
    return (mask & yes) | (~mask & no);
  }
  static Vector AddPairs(I16 v) {
    return As(((I32)((U32)v << 16) >> 16) + ((I32)v >> 16));
  }
  static int16_t Saturate(int32_t x) {
    return static_cast<int16_t>(x < -32768 ? -32768 : x > 32767 ? 32767 : x);
  }
  static uint8_t SaturateToByte(int32_t x) {
    return static_cast<uint8_t>(x < 0 ? 0 : x > 255 ? 255 : x);
  }
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_PORTABLE_H_
