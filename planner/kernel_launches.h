// Single launches of the kernels, from their models (kernels/hls/*_model.h).

#ifndef MOEVIT_PLANNER_KERNEL_LAUNCHES_H_
#define MOEVIT_PLANNER_KERNEL_LAUNCHES_H_

#include <cstdint>
#include <vector>

#include "kernels/hls/attention_shape.h"
#include "kernels/hls/linear_model.h"
#include "kernels/hls/vector_model.h"
#include "planner/program_launches.h"

namespace moevit::planner {

// products: of the matrices without padding. codes: the output is codes.
Launch LinearLaunch(const hls::LinearTiles& tiles,
                    const std::vector<hls::LinearShape>& items, bool codes,
                    int64_t products);
Launch AttentionLaunch(const hls::AttentionShape& shape);
Launch LayerNormLaunch(const hls::LayerNormShape& shape);
Launch GateLaunch(const hls::GateShape& shape);
Launch CombineLaunch(const hls::CombineShape& shape);
Launch PoolLaunch(const hls::PoolShape& shape);
Launch PatchesLaunch(const hls::PatchesShape& shape);

}  // namespace moevit::planner

#endif  // MOEVIT_PLANNER_KERNEL_LAUNCHES_H_
