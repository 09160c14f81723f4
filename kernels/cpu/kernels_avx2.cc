// Compiled with this instruction set enabled: include nothing whose functions
// other files might share.

#if defined(__x86_64__)

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/simd/attention.h"
#include "kernels/cpu/simd/avx2.h"
#include "kernels/cpu/simd/experts.h"
#include "kernels/cpu/simd/layer_norm.h"
#include "kernels/cpu/simd/peak.h"
#include "kernels/cpu/simd/product.h"

namespace moevit::cpu {

const KernelTable& Avx2Kernels() {
  static constexpr KernelTable kTable = {
      .lanes = Avx2::kLanes,
      .code_product = CodeProduct<Avx2>,
      .wide_product = WideProduct<Avx2>,
      .layer_norm = LayerNorm<Avx2>,
      .pack_head = PackHead<Avx2>,
      .attend = Attend<Avx2>,
      .gate = Gate<Avx2>,
      .combine = Combine<Avx2>,
      .peak = PeakLoop<Avx2>,
  };
  return kTable;
}

}  // namespace moevit::cpu

#endif  // defined(__x86_64__)
