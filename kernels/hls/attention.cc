// The attention kernel.

#include "kernels/hls/attention_region.h"
#include "kernels/hls/cards.h"
#include "kernels/hls/kernels.h"

using moevit::hls::Word;

extern "C" void moevit_attention(const Word* qkv, const Word* parameters,
                                 Word* output, int32_t images) {
#pragma HLS INTERFACE mode = m_axi port = qkv bundle = \
    qkv num_read_outstanding = 64
#pragma HLS INTERFACE mode = m_axi port = parameters bundle = parameters
#pragma HLS INTERFACE mode = m_axi port = output bundle = \
    output num_write_outstanding = 64
#pragma HLS INTERFACE mode = s_axilite port = images
#pragma HLS INTERFACE mode = s_axilite port = return
  constexpr int kQueries = moevit::hls::MOEVIT_CARD::kAttentionQueries;
  moevit::hls::RunAttention<kQueries>(
      moevit::hls::ReadAttentionShape(parameters[0], images, kQueries), qkv,
      parameters, output);
}
