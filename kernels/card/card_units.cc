#include "kernels/card/card_units.h"

namespace moevit {

hls::CardUnits CountUnits(const std::vector<ComputeUnit>& units) {
  hls::CardUnits count = {};
  for (const ComputeUnit& unit : units) {
    count.linear += unit.kernel == kLinearKernel ? 1 : 0;
    count.attention += unit.kernel == kAttentionKernel ? 1 : 0;
    count.vector += unit.kernel == kVectorKernel ? 1 : 0;
  }
  return count;
}

}  // namespace moevit
