#include "kernels/cpu/row_constants.h"

#include "kernels/arith/attention.h"
#include "kernels/arith/layer_norm.h"

namespace moevit::cpu {

RowRescale MakeRowRescale(int16_t multiplier, int shift) {
  RowRescale rescale;
  rescale.left = shift < 0 ? -shift : 0;
  rescale.right = shift > 0 ? shift : 0;
  rescale.round = shift > 0 ? int32_t{1} << (shift - 1) : 0;
  rescale.multiplier = multiplier;
  return rescale;
}

void FinishNormRows(NormRow* rows, int count, int width, uint64_t epsilon) {
  for (int i = 0; i < count; ++i) {
    const arith::RowStatistics statistics = arith::StatisticsFromSums(
        rows[i].sum, rows[i].sum_of_squares, width, epsilon);
    rows[i].rescale = MakeRowRescale(statistics.reciprocal, statistics.shift);
  }
}

RowRescale MixtureRowRescale(int32_t denominator) {
  const arith::Rescale rescale = arith::MixtureRescale(denominator);
  return MakeRowRescale(rescale.multiplier, rescale.shift);
}

}  // namespace moevit::cpu
