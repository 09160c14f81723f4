// One linear layer from float to integer.
//
// The layer's input is codes; what they mean (scale and centre of every input
// channel) is multiplied into the weights and the bias before the weights are
// rounded. That is the second stage of the dual-stage scheme: the correction
// for per-channel quantizers costs nothing at inference.

#ifndef MOEVIT_QUANTIZE_LINEAR_QUANTIZER_H_
#define MOEVIT_QUANTIZE_LINEAR_QUANTIZER_H_

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "model/checkpoint.h"
#include "program/program.h"
#include "quantize/channel_statistics.h"
#include "quantize/code_moments.h"
#include "quantize/techniques.h"
#include "quantize/tensor.h"

namespace moevit {

// What is known of a linear layer's input.
struct LinearInput {
  CodeScale scale;      // what its codes mean
  CodeMoments moments;  // of the codes over the calibration images
  // Mean of the same input before it was quantized, per channel.
  std::vector<double> real_mean;
};

// A linear layer with integer weights whose output has no code yet:
//   real output[n] = row_scale[n] * sum_k weight[n, k] code[k] + bias[n]
struct QuantizedLinear {
  int in = 0;
  int out = 0;
  std::vector<int8_t> weight;  // [out, in]
  std::vector<double> row_scale;
  std::vector<double> bias;  // real

  // Real outputs for row-major codes [rows, in].
  Tensor Outputs(const int8_t* codes, int rows) const;
};

// Rounds the weights as `techniques` says. With bias correction the mean
// output over the calibration images equals that of the float layer on
// unquantized inputs.
QuantizedLinear QuantizeLinear(const LinearWeights& layer,
                               const LinearInput& input,
                               const Techniques& techniques, ThreadPool& pool);

// The integer matrix that gives output channel n in units of output_scale[n] /
// 2^fine_bits, relative to output_centre[n].
Matrix ToMatrix(const QuantizedLinear& linear, const CodeScale& output,
                int fine_bits);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_LINEAR_QUANTIZER_H_
