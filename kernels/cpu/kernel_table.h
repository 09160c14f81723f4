// The inner loops of the CPU executor: one table of functions per instruction
// set, chosen once. All give the same bits.
//
// Codes are unsigned bytes here, code + 128. Strides are in elements; rows are
// padded to multiples of kRowPadding elements, and the padding of int16 rows
// is zero. All functions are pure but for what their arguments point to.

#ifndef MOEVIT_KERNELS_CPU_KERNEL_TABLE_H_
#define MOEVIT_KERNELS_CPU_KERNEL_TABLE_H_

#include <cstdint>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/packed_matrix.h"

namespace moevit::cpu {

// Rows of a value: row i is at data + stride * (index ? index[i] : i).
template <typename T>
struct Rows {
  T* data = nullptr;
  int64_t stride = 0;
  const int32_t* index = nullptr;

  T* operator[](int64_t i) const {
    return data + stride * (index != nullptr ? index[i] : i);
  }
  // The same without the first `count` rows.
  Rows From(int64_t count) const {
    if (index != nullptr) return {data, stride, index + count};
    return {data + stride * count, stride, nullptr};
  }
};

// What all products have in common: `rows` rows times panels
// [first_panel, end_panel) of a matrix.
struct ProductCall {
  const PackedMatrix* matrix = nullptr;
  int first_panel = 0;
  int end_panel = 0;
  int rows = 0;
  Rows<const uint8_t> input;
};

// arith::Activate's parameters; no activation when `delta` is null.
struct ActivationTable {
  const uint8_t* delta = nullptr;  // [256]
  int index_shift = 0;
  int delta_shift = 0;
};

struct CodeProductCall {
  ProductCall product;
  ActivationTable activation;
  int output_zero = 0;
  Rows<uint8_t> output;
};

// With a residual, adds it; without, gives the fine values themselves.
struct WideProductCall {
  ProductCall product;
  Rows<const int16_t> residual;  // data may be null
  int residual_shift = 0;
  Rows<int16_t> output;
};

struct LayerNormCall {
  const int16_t* input = nullptr;
  uint8_t* output = nullptr;
  int64_t stride = 0;  // of both
  int rows = 0;
  int width = 0;
  uint64_t epsilon = 0;
  const int32_t* gamma = nullptr;  // [stride]
  const int32_t* beta = nullptr;   // [stride], the shift's rounding included
  int shift = 0;
};

// Constants of one attention op for one head. Vectors are padded to whole
// pairs of vectors of channels.
struct HeadConstants {
  int16_t level_multiplier = 0;
  int8_t level_shift = 0;
  const uint8_t* numerators = nullptr;  // [256], the last level repeated
  const int32_t* round = nullptr;       // rounding of the output's shift
  const int32_t* left = nullptr;        // bits to shift to the left
  const int32_t* right = nullptr;       // then to the right
  const int16_t* multiplier = nullptr;  // in packed order
};

// One image's keys and values of one head, packed for products.
struct PackedHead {
  int8_t* keys = nullptr;  // [vectors of keys, quads of channels, lanes, 4]
  int32_t* key_bias = nullptr;  // [keys]
  int8_t* values = nullptr;     // [quads of keys, channels, 4]
  int8_t* valid = nullptr;      // [keys]: 1, or 0 for padding
};

struct PackHeadCall {
  const uint8_t* keys = nullptr;    // the head's first channel of row 0
  const uint8_t* values = nullptr;  // likewise
  int64_t stride = 0;               // of both
  int tokens = 0;
  int head_width = 0;
  PackedHead packed;
};

struct AttendCall {
  const uint8_t* queries = nullptr;  // the head's first channel of row 0
  int64_t query_stride = 0;
  uint8_t* output = nullptr;  // likewise
  int64_t output_stride = 0;
  int rows = 0;  // of queries
  int tokens = 0;
  int head_width = 0;
  int levels = 0;
  HeadConstants constants;
  PackedHead packed;
  int32_t* scores = nullptr;      // [kMaxTileRows, padded tokens], scratch
  uint8_t* numerators = nullptr;  // likewise
};

// accumulator[e] = bias[e] + sum_k input[k] * weight[k, e], 16-bit weights.
struct GateCall {
  const uint8_t* input = nullptr;
  int64_t stride = 0;
  int rows = 0;
  int width = 0;
  int expert_vectors = 0;
  const int16_t* weights = nullptr;  // [ceil(width / 2), expert lanes, 2]
  const int32_t* bias = nullptr;     // [expert lanes], inputs' offset included
  int32_t* logits = nullptr;         // [rows, expert lanes]
  int16_t* wide_row = nullptr;       // [padded width], scratch
};

// output = saturate(shifted residual + RoundingShift(sum of weighted fines)).
struct CombineCall {
  const int16_t* fine = nullptr;      // [rows * top_k, stride]
  const uint16_t* weights = nullptr;  // [rows, top_k]
  const int16_t* residual = nullptr;  // [rows, stride]
  int16_t* output = nullptr;          // [rows, stride]
  int64_t stride = 0;
  int rows = 0;
  int top_k = 0;
  int residual_shift = 0;
};

// The most rows any instruction set's tile has.
constexpr int kMaxTileRows = 6;

struct KernelTable {
  int lanes = 0;  // 32-bit elements of a vector
  void (*code_product)(const CodeProductCall&) = nullptr;
  void (*wide_product)(const WideProductCall&) = nullptr;
  void (*layer_norm)(const LayerNormCall&) = nullptr;
  void (*pack_head)(const PackHeadCall&) = nullptr;
  void (*attend)(const AttendCall&) = nullptr;
  void (*gate)(const GateCall&) = nullptr;
  void (*combine)(const CombineCall&) = nullptr;
  // Multiplies in registers; returns the number of multiplications.
  int64_t (*peak)(int64_t iterations) = nullptr;
};

// REQUIRES: IsaAvailable(isa).
const KernelTable& KernelsFor(Isa isa);

// The tables behind it. Calling into one that the processor lacks faults.
const KernelTable& PortableKernels();
const KernelTable& Avx2Kernels();
const KernelTable& Avx512VnniKernels();

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_KERNEL_TABLE_H_
