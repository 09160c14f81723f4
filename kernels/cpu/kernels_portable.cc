#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/simd/attention.h"
#include "kernels/cpu/simd/experts.h"
#include "kernels/cpu/simd/layer_norm.h"
#include "kernels/cpu/simd/peak.h"
#include "kernels/cpu/simd/portable.h"
#include "kernels/cpu/simd/product.h"

namespace moevit::cpu {

const KernelTable& PortableKernels() {
  static constexpr KernelTable kTable = {
      .lanes = Portable::kLanes,
      .code_product = CodeProduct<Portable>,
      .wide_product = WideProduct<Portable>,
      .layer_norm = LayerNorm<Portable>,
      .pack_head = PackHead<Portable>,
      .attend = Attend<Portable>,
      .gate = Gate<Portable>,
      .combine = Combine<Portable>,
      .peak = PeakLoop<Portable>,
  };
  return kTable;
}

}  // namespace moevit::cpu
