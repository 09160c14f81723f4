// Changes to random programs that reach the corners of the arithmetic and of
// the routing. The results still pass VerifyProgram.

#ifndef MOEVIT_TESTS_KERNELS_CPU_EDITED_PROGRAMS_H_
#define MOEVIT_TESTS_KERNELS_CPU_EDITED_PROGRAMS_H_

#include "program/program.h"

namespace moevit {

// All shifts of matrices at most zero, the accumulators multiplied: nearly
// every fine value saturates.
void SaturateProducts(Program& program);

// Weights of -127 and 127 only, channels that are always 0 and shifts of both
// signs side by side.
void UseExtremeWeights(Program& program);

// Every gate sends all tokens to its last experts; with top_k of 1 the weight
// is exactly 2^15.
void SendAllToLastExperts(Program& program);

// Gate weights at the ends of 16 bits.
void UseExtremeGateWeights(Program& program);

// Attention whose level and output shifts have both signs and whose scores
// nearly all fall into the last or the first level.
void UseExtremeAttention(Program& program);

// Residual shifts of 15.
void ForgetResiduals(Program& program);

// One more reader of what is between the linears of the first experts, whose
// result nobody reads.
void PoolExpertRows(Program& program);

// Normalizes all tokens and pools the codes, instead of the reverse.
// REQUIRES: as made by RandomProgram.
void PoolCodes(Program& program);

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_CPU_EDITED_PROGRAMS_H_
