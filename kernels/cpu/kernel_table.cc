#include "kernels/cpu/kernel_table.h"

namespace moevit::cpu {

const KernelTable& KernelsFor(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2:
      return Avx2Kernels();
    case Isa::kAvx512Vnni:
      return Avx512VnniKernels();
#endif
    default:
      return PortableKernels();
  }
}

}  // namespace moevit::cpu
