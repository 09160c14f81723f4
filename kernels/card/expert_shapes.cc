#include "kernels/card/expert_shapes.h"

#include <algorithm>
#include <variant>

#include "base/status_macros.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/word.h"

namespace moevit::card {

ExpertUses ExpertShape::uses(int expert) const {
  ExpertUses uses;
  uses[0] = UseForCodes(linear->experts[expert]);
  uses[1].matrix = &combine->experts[expert];
  return uses;
}

std::vector<ExpertShape> ShapesOf(const Program& program,
                                  absl::Span<const ExpertLayer> layers) {
  std::vector<ExpertShape> shapes;
  for (const ExpertLayer& ops : layers) {
    ExpertShape& shape = shapes.emplace_back();
    shape.linear = &std::get<ExpertLinearOp>(program.ops[ops.linear].body);
    shape.combine = &std::get<ExpertCombineOp>(program.ops[ops.combine].body);
    const Matrix& second = shape.combine->experts[0];
    shape.layouts[0] = CodeLayout(1, shape.linear->experts[0].matrix.in);
    shape.layouts[1] = CodeLayout(1, second.in);
    shape.layouts[2] = CodeLayout(1, second.out);
    shape.layouts[2].words = hls::Int16Words(second.out);
  }
  return shapes;
}

int64_t ExpertSizes::slot_bytes() const {
  return kWeightPorts * slot_words * hls::kWordBytes;
}

absl::StatusOr<ExpertSizes> SizesOf(absl::Span<const ExpertShape> layers,
                                    const hls::LinearTiles& tiles) {
  ExpertSizes sizes;
  for (const ExpertShape& layer : layers) {
    sizes.experts += layer.experts();
    // The experts of a layer have the same shape.
    const ExpertUses uses = layer.uses(0);
    int64_t words = 0;
    for (int linear = 0; linear < kExpertLinears; ++linear) {
      MOEVIT_ASSIGN_OR_RETURN(
          const auto items,
          PlanItems(tiles, uses[linear], layer.layouts[linear],
                    layer.layouts[linear + 1], &words));
      sizes.items = std::max(sizes.items, static_cast<int>(items.size()));
    }
    sizes.slot_words = std::max(sizes.slot_words, words);
    for (int value = 0; value < kExpertValues; ++value) {
      sizes.row_words[value] =
          std::max<int64_t>(sizes.row_words[value], layer.layouts[value].words);
    }
  }
  return sizes;
}

}  // namespace moevit::card
