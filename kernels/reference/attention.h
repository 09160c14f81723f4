// Self-attention of the reference executor.

#ifndef MOEVIT_KERNELS_REFERENCE_ATTENTION_H_
#define MOEVIT_KERNELS_REFERENCE_ATTENTION_H_

#include <cstdint>

#include "program/program.h"

namespace moevit::reference {

// qkv: [rows, 3 * width] codes; output: [rows, width] codes.
void Attention(const AttentionOp& op, int rows, int width, const int8_t* qkv,
               int8_t* output);

}  // namespace moevit::reference

#endif  // MOEVIT_KERNELS_REFERENCE_ATTENTION_H_
