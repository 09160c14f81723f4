// A matrix of an integer program in the order in which a product reads it.
//
// Output channels are cut into panels of four vectors. For each four inputs (a
// "quad") a panel holds the four weights of every channel side by side, so that
// one vector instruction multiplies a quad of an input row with the weights of
// a vector of channels. Missing inputs and channels are zero.
//
// Inputs are read as unsigned bytes, code + 128, the form in which the CPU
// executor keeps all codes and in which pixels come; the bias makes up for it.

#ifndef MOEVIT_KERNELS_CPU_PACKED_MATRIX_H_
#define MOEVIT_KERNELS_CPU_PACKED_MATRIX_H_

#include <cstdint>

#include "kernels/cpu/aligned_memory.h"
#include "program/program.h"

namespace moevit::cpu {

// Inputs per quad.
constexpr int kQuad = 4;
// Vectors of output channels per panel.
constexpr int kPanelVectors = 4;
// What a byte of an input row is above its code.
constexpr int kCodeOffset = 128;

// Rows of values are padded to a multiple of this, so that kernels may read and
// write whole panels. A multiple of every panel's width.
constexpr int kRowPadding = 64;

// Plain pointers into an arena; copy freely.
struct PackedMatrix {
  int in = 0;
  int out = 0;
  int quads = 0;   // of inputs
  int panels = 0;  // of kPanelVectors * lanes channels, up to kRowPadding
  bool shift_left = false;  // whether any channel has a negative shift

  // [panels, quads, kPanelVectors * lanes, kQuad]
  const int8_t* weights = nullptr;
  // [panels * kPanelVectors * lanes] each. The bias includes the rounding of
  // the shift to the right.
  const int32_t* bias = nullptr;
  const int32_t* left = nullptr;   // bits to shift to the left
  const int32_t* right = nullptr;  // then to the right
  // In the order in which two vectors of accumulators are packed into one of 16
  // bits; see PackedOrder.
  const int16_t* multiplier = nullptr;
};

// The channel, counted within two vectors of `lanes` 32-bit elements, that is
// element `position` after they were packed into one vector of 16-bit ones:
// blocks of four elements, alternately from either vector.
constexpr int PackedOrder(int position, int lanes) {
  const int block = position / 4;
  return block % 2 * lanes + block / 2 * 4 + position % 4;
}

// `lanes`: 32-bit elements of the instruction set's vectors. The result lives
// as long as the arena.
PackedMatrix PackMatrix(const Matrix& matrix, int lanes, MemoryArena* arena);

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_PACKED_MATRIX_H_
