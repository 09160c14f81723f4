// The gate and the experts of the reference executor, token by token.

#ifndef MOEVIT_KERNELS_REFERENCE_EXPERTS_H_
#define MOEVIT_KERNELS_REFERENCE_EXPERTS_H_

#include <cstdint>

#include "kernels/reference/image_run.h"
#include "program/program.h"

namespace moevit::reference {

// input: [rows, width] codes. Fills routing->experts and routing->weights,
// [rows, top_k] each.
void Gate(const GateOp& op, int rows, int width, const int8_t* input,
          ValueData* routing);

// input: [rows, in] codes; output: [rows * top_k, out] codes.
void ExpertLinear(const ExpertLinearOp& op, int rows, int top_k,
                  const int8_t* input, const ValueData& routing,
                  int8_t* output);

// input: [rows * top_k, in] codes; residual, output: [rows, out] int16.
void ExpertCombine(const ExpertCombineOp& op, int rows, int top_k,
                   const int8_t* input, const ValueData& routing,
                   const int16_t* residual, int16_t* output);

}  // namespace moevit::reference

#endif  // MOEVIT_KERNELS_REFERENCE_EXPERTS_H_
