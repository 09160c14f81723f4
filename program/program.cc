#include "program/program.h"

namespace moevit {
namespace {

struct KindOf {
  absl::string_view operator()(const PatchEmbedOp&) { return "patch_embed"; }
  absl::string_view operator()(const LayerNormOp&) { return "layer_norm"; }
  absl::string_view operator()(const LinearOp&) { return "linear"; }
  absl::string_view operator()(const LinearAddOp&) { return "linear_add"; }
  absl::string_view operator()(const AttentionOp&) { return "attention"; }
  absl::string_view operator()(const GateOp&) { return "gate"; }
  absl::string_view operator()(const ExpertLinearOp&) {
    return "expert_linear";
  }
  absl::string_view operator()(const ExpertCombineOp&) {
    return "expert_combine";
  }
  absl::string_view operator()(const PoolOp&) { return "pool"; }
  absl::string_view operator()(const HeadOp&) { return "head"; }
};

}  // namespace

absl::string_view OpKind(const Op& op) { return std::visit(KindOf(), op.body); }

}  // namespace moevit
