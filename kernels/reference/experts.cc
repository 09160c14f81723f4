#include "kernels/reference/experts.h"

#include <vector>

#include "kernels/arith/fixed_point.h"
#include "kernels/arith/gate.h"
#include "kernels/reference/linear.h"

namespace moevit::reference {

void Gate(const GateOp& op, int rows, int width, const int8_t* input,
          ValueData* routing) {
  std::vector<int32_t> logits(op.experts);
  for (int row = 0; row < rows; ++row) {
    const int8_t* x = input + int64_t{row} * width;
    for (int e = 0; e < op.experts; ++e) {
      const int16_t* weight = op.weight.data() + int64_t{e} * width;
      int32_t accumulator = op.bias[e];
      for (int k = 0; k < width; ++k) accumulator += int32_t{x[k]} * weight[k];
      logits[e] = accumulator;
    }
    int* selected = routing->experts.data() + int64_t{row} * op.top_k;
    arith::SelectTopK(logits.data(), op.experts, op.top_k, selected);
    arith::GateWeights(logits.data(), op.experts, op.top_k, selected,
                       op.softmax_before_top_k, op.octave_multiplier,
                       op.octave_shift,
                       routing->weights.data() + int64_t{row} * op.top_k);
  }
}

void ExpertLinear(const ExpertLinearOp& op, int rows, int top_k,
                  const int8_t* input, const ValueData& routing,
                  int8_t* output) {
  for (int assignment = 0; assignment < rows * top_k; ++assignment) {
    const CodeMatrix& expert = op.experts[routing.experts[assignment]];
    const int token = assignment / top_k;
    CodeRow(expert, input + int64_t{token} * expert.matrix.in,
            output + int64_t{assignment} * expert.matrix.out);
  }
}

void ExpertCombine(const ExpertCombineOp& op, int rows, int top_k,
                   const int8_t* input, const ValueData& routing,
                   const int16_t* residual, int16_t* output) {
  const int in = op.experts[0].in;
  const int out = op.experts[0].out;
  for (int row = 0; row < rows; ++row) {
    for (int n = 0; n < out; ++n) {
      int32_t sum = 0;
      for (int slot = 0; slot < top_k; ++slot) {
        const int64_t assignment = int64_t{row} * top_k + slot;
        const Matrix& expert = op.experts[routing.experts[assignment]];
        sum += int32_t{routing.weights[assignment]} *
               FineProduct(expert, n, input + assignment * in);
      }
      const int64_t at = int64_t{row} * out + n;
      output[at] = arith::SaturateToInt16(
          arith::RoundingShift(residual[at], op.residual_shift) +
          arith::RoundingShift(sum, arith::kGateWeightBits));
    }
  }
}

}  // namespace moevit::reference
