// The families of benchmarks in kernel_bench. Each function registers one;
// names begin with the engine.

#ifndef MOEVIT_BENCH_KERNEL_BENCHMARKS_H_
#define MOEVIT_BENCH_KERNEL_BENCHMARKS_H_

#include "kernels/cpu/isa.h"

namespace moevit::bench {

// moevit/ENDING/LAYER/SHAPE: products as the CPU executor makes them, by what
// becomes of the accumulators.
//   codes     rescaled to 8 bits
//   gelu      activated and rescaled to 8 bits
//   residual  rescaled and added to a 16-bit residual
void RegisterProducts(Isa isa);

// onednn/ENDING/LAYER/SHAPE: oneDNN's products of the same shapes, weights in
// the layout it prefers.
//   s32    accumulators as they are
//   codes  with bias, rescaled to 8 bits
//   gelu   with bias, GELU (by tanh) and rescaled to 8 bits
void RegisterOneDnnProducts(Isa isa);

// moevit/op/OP/bBATCH: the other ops of M3ViT-S, each where it stands in the
// first two blocks.
void RegisterOps(Isa isa);

}  // namespace moevit::bench

#endif  // MOEVIT_BENCH_KERNEL_BENCHMARKS_H_
