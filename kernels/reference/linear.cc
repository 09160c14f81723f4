#include "kernels/reference/linear.h"

#include "kernels/arith/activation.h"
#include "kernels/arith/fixed_point.h"

namespace moevit::reference {

int16_t FineProduct(const Matrix& matrix, int n, const int8_t* input) {
  const int8_t* weight = matrix.weight.data() + int64_t{n} * matrix.in;
  int32_t accumulator = matrix.bias[n];
  for (int k = 0; k < matrix.in; ++k) {
    accumulator += int32_t{input[k]} * weight[k];
  }
  return arith::Apply({matrix.multiplier[n], matrix.shift[n]}, accumulator);
}

void CodeRow(const CodeMatrix& matrix, const int8_t* input, int8_t* output) {
  const Activation& activation = matrix.activation;
  for (int n = 0; n < matrix.matrix.out; ++n) {
    int16_t fine = FineProduct(matrix.matrix, n, input);
    if (activation.present) {
      fine = arith::Activate(fine, activation.delta.data(),
                             activation.index_shift, activation.delta_shift);
    }
    output[n] = arith::FineToCode(fine, matrix.output_zero);
  }
}

void AddRow(const Matrix& matrix, const int8_t* input, const int16_t* residual,
            int residual_shift, int16_t* output) {
  for (int n = 0; n < matrix.out; ++n) {
    output[n] = arith::SaturateToInt16(
        arith::RoundingShift(residual[n], residual_shift) +
        FineProduct(matrix, n, input));
  }
}

}  // namespace moevit::reference
