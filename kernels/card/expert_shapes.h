// The sparse layers of a program as a card runs them: how rows lie before,
// between and after the two linears of an expert, and how much room that takes.
// Pure.

#ifndef MOEVIT_KERNELS_CARD_EXPERT_SHAPES_H_
#define MOEVIT_KERNELS_CARD_EXPERT_SHAPES_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "kernels/card/matrix_items.h"
#include "kernels/card/value_layout.h"
#include "kernels/expert_layer.h"
#include "kernels/hls/linear_tiles.h"
#include "program/program.h"

namespace moevit::card {

constexpr int kWeightPorts = 2;

// The two linears of an expert, by their place in the list.
constexpr int kExpertLinears = 2;
// Rows before, between and after them: linear i reads value i and writes the
// next one.
constexpr int kExpertValues = kExpertLinears + 1;

using ExpertUses = std::array<MatrixUse, kExpertLinears>;

// Views of a sparse layer of a program, which must outlive them.
struct ExpertShape {
  const ExpertLinearOp* linear = nullptr;
  const ExpertCombineOp* combine = nullptr;
  std::array<ValueLayout, kExpertValues> layouts = {};

  int experts() const { return static_cast<int>(linear->experts.size()); }
  const ValueLayout& input() const { return layouts.front(); }
  const ValueLayout& output() const { return layouts.back(); }
  ExpertUses uses(int expert) const;
};

// By layer. layers: of FindExpertLayers(program).
std::vector<ExpertShape> ShapesOf(const Program& program,
                                  absl::Span<const ExpertLayer> layers);

// Room for any expert of some layers, and for any row.
struct ExpertSizes {
  int experts = 0;         // of all layers
  int64_t slot_words = 0;  // of the largest expert, on each weight port
  int items = 0;           // of the linear that is cut into the most
  std::array<int64_t, kExpertValues> row_words = {};  // of the widest rows

  int64_t slot_bytes() const;
};

// Errors as for PlanItems.
absl::StatusOr<ExpertSizes> SizesOf(absl::Span<const ExpertShape> layers,
                                    const hls::LinearTiles& tiles);

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_EXPERT_SHAPES_H_
