#include "planner/kernel_launches.h"

#include <algorithm>

#include "kernels/hls/attention_model.h"
#include "kernels/hls/word.h"

namespace moevit::planner {
namespace {

// A launch of the vector kernel, of which `weight_words` of what is read are
// parameters.
Launch VectorLaunch(const hls::VectorCount& count, int64_t weight_words) {
  Launch launch;
  launch.kernel = CardKernel::kVector;
  launch.cycles = hls::VectorCycles(count);
  launch.weight_bytes = weight_words * hls::kWordBytes;
  const int64_t rows_read = count.read_bytes - launch.weight_bytes;
  launch.activation_bytes = rows_read + count.written_bytes;
  launch.busiest_port_bytes = std::max(rows_read, count.written_bytes);
  return launch;
}

}  // namespace

Launch LinearLaunch(const hls::LinearTiles& tiles,
                    const std::vector<hls::LinearShape>& items, bool codes,
                    int64_t products) {
  const hls::LinearIterations count =
      hls::CountLinear(tiles, items.data(), static_cast<int>(items.size()));
  Launch launch;
  launch.kernel = CardKernel::kLinear;
  launch.cycles = hls::LinearCycles(count);
  launch.products = products;
  launch.weight_bytes = hls::LinearWeightBytes(count);
  launch.activation_bytes = hls::LinearRowBytes(count, codes);
  const int64_t read = count.gather * hls::kWordBytes;
  const int64_t residual = count.residual * hls::kWordBytes;
  launch.busiest_port_bytes =
      std::max({launch.weight_bytes / 2, read, residual,
                launch.activation_bytes - read - residual});
  return launch;
}

Launch AttentionLaunch(const hls::AttentionShape& shape) {
  const hls::AttentionCount count = hls::CountAttention(shape);
  Launch launch;
  launch.kernel = CardKernel::kAttention;
  launch.cycles = hls::AttentionCycles(shape);
  launch.products = hls::AttentionProducts(shape);
  launch.weight_bytes = count.parameter_bytes;
  launch.activation_bytes = count.read_bytes + count.written_bytes;
  launch.busiest_port_bytes = std::max(count.read_bytes, count.written_bytes);
  return launch;
}

Launch LayerNormLaunch(const hls::LayerNormShape& shape) {
  return VectorLaunch(hls::CountLayerNorm(shape), shape.constant_words());
}

Launch GateLaunch(const hls::GateShape& shape) {
  Launch launch = VectorLaunch(hls::CountGate(shape),
                               shape.bias_words() + shape.weight_words());
  launch.products = int64_t{shape.rows} * shape.width * shape.experts;
  return launch;
}

Launch CombineLaunch(const hls::CombineShape& shape) {
  const hls::VectorCount count = hls::CountCombine(shape);
  Launch launch = VectorLaunch(count, /*weight_words=*/0);
  // Experts' outputs, residual and routing have a port each.
  launch.busiest_port_bytes = count.written_bytes * shape.top_k;
  return launch;
}

Launch PoolLaunch(const hls::PoolShape& shape) {
  return VectorLaunch(hls::CountPool(shape), /*weight_words=*/0);
}

Launch PatchesLaunch(const hls::PatchesShape& shape) {
  return VectorLaunch(hls::CountPatches(shape), /*weight_words=*/0);
}

}  // namespace moevit::planner
