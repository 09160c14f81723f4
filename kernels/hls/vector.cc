// The vector kernel: the operators between the products.

#include "kernels/hls/combine.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/gate.h"
#include "kernels/hls/kernels.h"
#include "kernels/hls/layer_norm.h"
#include "kernels/hls/patches.h"
#include "kernels/hls/pool.h"

using moevit::hls::Word;

extern "C" void moevit_vector(const Word* parameters, const Word* input,
                              const Word* residual, const Word* routing,
                              Word* output, int32_t images) {
#pragma HLS INTERFACE mode = m_axi port = parameters bundle = parameters
#pragma HLS INTERFACE mode = m_axi port = input bundle = \
    input max_read_burst_length = 64
#pragma HLS INTERFACE mode = m_axi port = residual bundle = \
    residual max_read_burst_length = 64
#pragma HLS INTERFACE mode = m_axi port = routing bundle = routing
#pragma HLS INTERFACE mode = m_axi port = output bundle = \
    output max_write_burst_length = 64
#pragma HLS INTERFACE mode = s_axilite port = images
#pragma HLS INTERFACE mode = s_axilite port = return
  namespace hls = moevit::hls;
  const Word header = parameters[0];
  switch (hls::Int32At(header, 0)) {
    case hls::kLayerNorm:
      hls::RunLayerNorm(hls::ReadLayerNormShape(header, images), parameters,
                        input, output);
      break;
    case hls::kGate:
      hls::RunGate(hls::ReadGateShape(header, images), parameters, input,
                   output);
      break;
    case hls::kCombine:
      hls::RunCombine(hls::ReadCombineShape(header, images), input, residual,
                      routing, output);
      break;
    case hls::kPool:
      hls::RunPool(hls::ReadPoolShape(header, images), input, output);
      break;
    case hls::kPatches:
      hls::RunPatches(hls::ReadPatchesShape(header, images), input, output);
      break;
    default:
      break;
  }
}
