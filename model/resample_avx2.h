// Resampling on 256-bit vectors; called through model/resample.h only.

#ifndef MOEVIT_MODEL_RESAMPLE_AVX2_H_
#define MOEVIT_MODEL_RESAMPLE_AVX2_H_

#include "model/image.h"
#include "model/resample.h"

namespace moevit {

// Fill the pixels of `result`, which has its size already.
// REQUIRES: a processor with AVX2, and what ResampleRows and ResampleColumns
// require.
void ResampleRowsAvx2(const Image& image, int top, const LineTaps& taps,
                      Image* result);
void ResampleColumnsAvx2(const Image& image, int top, const LineTaps& taps,
                         Image* result);

}  // namespace moevit

#endif  // MOEVIT_MODEL_RESAMPLE_AVX2_H_
