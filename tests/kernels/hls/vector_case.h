// Launches of the vector kernel in the terms of program/program.h.
//
// Each function lays out the parameters and inputs of one operator as
// descriptor.h describes them, calls moevit_vector and returns the words that
// it has written.

#ifndef MOEVIT_TESTS_KERNELS_HLS_VECTOR_CASE_H_
#define MOEVIT_TESTS_KERNELS_HLS_VECTOR_CASE_H_

#include <cstdint>
#include <vector>

#include "kernels/hls/word.h"
#include "program/program.h"

namespace moevit {

using Words = std::vector<hls::Word>;

// Rows of a program's values, padded to whole words.
Words CodeRows(const std::vector<int8_t>& codes, int width);
Words Int16Rows(const std::vector<int16_t>& values, int width);

// input: [images * rows, width].
Words RunLayerNorm(const LayerNormOp& op, int images, int width,
                   const std::vector<int16_t>& input);

// input: [rows, width]; a word of routing per row.
Words RunGate(const GateOp& op, int rows, const std::vector<int8_t>& input);

// What the gate writes for these choices: [rows, top_k] each.
Words RoutingRows(const std::vector<int>& experts,
                  const std::vector<uint16_t>& weights, int top_k);

// fine: [rows * top_k, width]; residual: [rows, width], which the result
// replaces in place.
Words RunCombine(int top_k, int residual_shift, int width, const Words& routing,
                 const std::vector<int16_t>& fine,
                 const std::vector<int16_t>& residual);

// input: [images * rows, width], int16 or codes.
Words RunPool(const PoolOp& op, int images, int width, bool is_int16,
              const Words& input);

// pixels: [images][image_size, image_size, channels].
Words RunPatches(int images, int image_size, int channels, int patch_size,
                 const std::vector<uint8_t>& pixels);

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_HLS_VECTOR_CASE_H_
