// The linear kernel, built with the small and odd sizes of hls::TestCard.

#ifndef MOEVIT_TESTS_KERNELS_CARD_SMALL_LINEAR_H_
#define MOEVIT_TESTS_KERNELS_CARD_SMALL_LINEAR_H_

#include "kernels/hls/cards.h"
#include "kernels/hls/linear.h"

namespace moevit {

inline void SmallLinear(const hls::Word* schedule, const hls::Word* weights0,
                        const hls::Word* weights1, const hls::Word* input,
                        const hls::Word* residual, hls::Word* output,
                        int32_t items) {
  hls::RunLinear<hls::TestCard>(schedule, weights0, weights1, input, residual,
                                output, items);
}

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_CARD_SMALL_LINEAR_H_
