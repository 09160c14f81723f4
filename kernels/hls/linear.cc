#include "kernels/hls/linear.h"

#include "kernels/hls/card_budget.h"
#include "kernels/hls/cards.h"
#include "kernels/hls/kernels.h"

using moevit::hls::Word;

template struct moevit::hls::FitsCard<moevit::hls::MOEVIT_CARD>;

extern "C" void moevit_linear(const Word* schedule, const Word* weights0,
                              const Word* weights1, const Word* input,
                              const Word* residual, Word* output,
                              int32_t items) {
// Rows lie apart: their reads do not form bursts, so many must be under way.
// clang-format off
#pragma HLS INTERFACE m_axi port=schedule bundle=schedule
#pragma HLS INTERFACE m_axi port=weights0 bundle=weights0 max_read_burst_length=64
#pragma HLS INTERFACE m_axi port=weights1 bundle=weights1 max_read_burst_length=64
#pragma HLS INTERFACE m_axi port=input bundle=input num_read_outstanding=64
#pragma HLS INTERFACE m_axi port=residual bundle=residual num_read_outstanding=64
#pragma HLS INTERFACE m_axi port=output bundle=output
#pragma HLS INTERFACE s_axilite port=items
#pragma HLS INTERFACE s_axilite port=return
  // clang-format on
  moevit::hls::RunLinear<moevit::hls::MOEVIT_CARD>(
      schedule, weights0, weights1, input, residual, output, items);
}
