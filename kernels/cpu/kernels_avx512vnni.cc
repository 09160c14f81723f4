// Compiled with this instruction set enabled: include nothing whose functions
// other files might share.

#if defined(__x86_64__)

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/simd/attention.h"
#include "kernels/cpu/simd/avx512vnni.h"
#include "kernels/cpu/simd/experts.h"
#include "kernels/cpu/simd/layer_norm.h"
#include "kernels/cpu/simd/peak.h"
#include "kernels/cpu/simd/product.h"

namespace moevit::cpu {

const KernelTable& Avx512VnniKernels() {
  static constexpr KernelTable kTable = {
      .lanes = Avx512Vnni::kLanes,
      .code_product = CodeProduct<Avx512Vnni>,
      .wide_product = WideProduct<Avx512Vnni>,
      .layer_norm = LayerNorm<Avx512Vnni>,
      .pack_head = PackHead<Avx512Vnni>,
      .attend = Attend<Avx512Vnni>,
      .gate = Gate<Avx512Vnni>,
      .combine = Combine<Avx512Vnni>,
      .peak = PeakLoop<Avx512Vnni>,
  };
  return kTable;
}

}  // namespace moevit::cpu

#endif  // defined(__x86_64__)
