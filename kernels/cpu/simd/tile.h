// The heart of every product: a tile of rows times vectors of channels, kept in
// registers while the inputs pass by. S is an instruction set, such as
// simd/portable.h.

#ifndef MOEVIT_KERNELS_CPU_SIMD_TILE_H_
#define MOEVIT_KERNELS_CPU_SIMD_TILE_H_

#include <cstdint>

#include "kernels/cpu/row_constants.h"

namespace moevit::cpu {

template <int N>
struct Constant {
  static constexpr int value = N;
};

// Calls body(Constant<count>()). REQUIRES: 1 <= count <= kMax.
template <int kMax, typename Body>
inline void WithConstant(int count, const Body& body) {
  if constexpr (kMax > 1) {
    if (count < kMax) {
      WithConstant<kMax - 1>(count, body);
      return;
    }
  }
  body(Constant<kMax>());
}

// Calls body(first row, Constant<rows of the tile>()) for tiles of nearly equal
// height, none higher than kMaxRows.
template <int kMaxRows, typename Body>
inline void ForEachTile(int rows, const Body& body) {
  const int tiles = (rows + kMaxRows - 1) / kMaxRows;
  int first = 0;
  for (int tile = 0; tile < tiles; ++tile) {
    const int height = (rows - first) / (tiles - tile);
    WithConstant<kMaxRows>(height,
                           [&](auto constant) { body(first, constant); });
    first += height;
  }
}

// Weights as PackMatrix arranges them, or keys and values of attention.
struct WeightTile {
  const int8_t* weights;
  int64_t quad_stride;    // bytes from one quad of inputs to the next
  int64_t vector_stride;  // bytes from one vector of channels to the next
};

// sums[r][v] += quads of rows[r] times weights of vector v.
//   rows[r]: quads * 4 bytes
template <typename S, int R, int V>
inline void Accumulate(const uint8_t* const* rows, const WeightTile& tile,
                       int quads, typename S::Vector (&sums)[R][V]) {
  const int8_t* weights = tile.weights;
  const uint8_t* row[R];
  for (int r = 0; r < R; ++r) row[r] = rows[r];
  for (int64_t quad = 0; quad < quads; ++quad, weights += tile.quad_stride) {
    // The smaller side stays in registers, the other streams by.
    if constexpr (R < V) {
      typename S::Quad inputs[R];
      for (int r = 0; r < R; ++r) inputs[r] = S::LoadQuad(row[r] + 4 * quad);
      for (int v = 0; v < V; ++v) {
        const typename S::Weights vector =
            S::LoadWeights(weights + v * tile.vector_stride);
        for (int r = 0; r < R; ++r) {
          sums[r][v] = S::Dot(sums[r][v], inputs[r], vector);
        }
      }
    } else {
      typename S::Weights vectors[V];
      for (int v = 0; v < V; ++v) {
        vectors[v] = S::LoadWeights(weights + v * tile.vector_stride);
      }
      for (int r = 0; r < R; ++r) {
        const typename S::Quad input = S::LoadQuad(row[r] + 4 * quad);
        for (int v = 0; v < V; ++v) {
          sums[r][v] = S::Dot(sums[r][v], input, vectors[v]);
        }
      }
    }
  }
}

// A RowRescale in vectors: arith::Apply with the same constants in all lanes.
template <typename S>
struct UniformRescale {
  typename S::Vector left, round, right, multiplier;

  explicit UniformRescale(const RowRescale& row)
      : left(S::Fill32(row.left)),
        round(S::Fill32(row.round)),
        right(S::Fill32(row.right)),
        multiplier(S::Fill16(row.multiplier)) {}

  // Of 32-bit elements, to 16 bits in packed order.
  typename S::Vector Apply(typename S::Vector a, typename S::Vector b) const {
    return S::MultiplyHigh16(S::Pack16(Shift(a), Shift(b)), multiplier);
  }

 private:
  typename S::Vector Shift(typename S::Vector v) const {
    return S::ShiftRight32(S::Add32(S::ShiftLeft32(v, left), round), right);
  }
};

// Two vectors of fine values to codes + 128 around `zero_byte`, zero + 128, in
// packed order: arith::FineToCode. The product by 2^9 is its rounding shift.
template <typename S>
inline typename S::Vector FineToBytes(typename S::Vector a,
                                      typename S::Vector b,
                                      typename S::Vector zero_byte) {
  const typename S::Vector scale = S::Fill16(1 << 9);
  return S::PackBytes(S::Add16(S::MultiplyHigh16(a, scale), zero_byte),
                      S::Add16(S::MultiplyHigh16(b, scale), zero_byte));
}

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_TILE_H_
