#include "tests/kernels/cpu/edited_programs.h"

#include <cstddef>
#include <utility>
#include <variant>

namespace moevit {
namespace {

template <typename Edit>
void EditMatrices(Program& program, const Edit& edit) {
  for (Op& op : program.ops) {
    if (auto* embed = std::get_if<PatchEmbedOp>(&op.body)) edit(embed->matrix);
    if (auto* linear = std::get_if<LinearOp>(&op.body)) {
      edit(linear->matrix.matrix);
    }
    if (auto* add = std::get_if<LinearAddOp>(&op.body)) edit(add->matrix);
    if (auto* first = std::get_if<ExpertLinearOp>(&op.body)) {
      for (CodeMatrix& expert : first->experts) edit(expert.matrix);
    }
    if (auto* second = std::get_if<ExpertCombineOp>(&op.body)) {
      for (Matrix& expert : second->experts) edit(expert);
    }
    if (auto* head = std::get_if<HeadOp>(&op.body)) {
      for (Matrix& matrix : head->matrices) edit(matrix);
    }
  }
}

template <typename OpType, typename Edit>
void EditOps(Program& program, const Edit& edit) {
  for (Op& op : program.ops) {
    if (auto* body = std::get_if<OpType>(&op.body)) edit(*body);
  }
}

}  // namespace

void SaturateProducts(Program& program) {
  EditMatrices(program, [](Matrix& matrix) {
    for (size_t n = 0; n < matrix.shift.size(); ++n) {
      matrix.shift[n] = static_cast<int8_t>(-static_cast<int>(n % 6));
    }
  });
}

void UseExtremeWeights(Program& program) {
  EditMatrices(program, [](Matrix& matrix) {
    for (int8_t& weight : matrix.weight) weight = weight < 0 ? -127 : 127;
    for (size_t n = 0; n < matrix.shift.size(); ++n) {
      if (n % 7 == 3) matrix.multiplier[n] = 0;
      if (n % 5 == 1) matrix.shift[n] = -3;
      if (n % 11 == 2) matrix.shift[n] = 29;
    }
  });
}

void SendAllToLastExperts(Program& program) {
  EditOps<GateOp>(program, [](GateOp& gate) {
    for (int e = 0; e < gate.experts; ++e) gate.bias[e] = e * 1000000;
  });
}

void UseExtremeGateWeights(Program& program) {
  EditOps<GateOp>(program, [](GateOp& gate) {
    for (size_t i = 0; i < gate.weight.size(); ++i) {
      gate.weight[i] = i * i % 3 == 0 ? -32768 : 32767;
    }
  });
}

void UseExtremeAttention(Program& program) {
  EditOps<AttentionOp>(program, [](AttentionOp& op) {
    for (size_t head = 0; head < op.level_shift.size(); ++head) {
      op.level_shift[head] = head % 2 == 0 ? -2 : 14;
    }
    for (size_t c = 0; c < op.output_shift.size(); ++c) {
      op.output_shift[c] = static_cast<int8_t>(static_cast<int>(c % 17) - 8);
      if (c % 5 == 4) op.output_multiplier[c] = 0;
    }
  });
}

void ForgetResiduals(Program& program) {
  EditOps<LinearAddOp>(program,
                       [](LinearAddOp& op) { op.residual_shift = 15; });
  EditOps<ExpertCombineOp>(program,
                           [](ExpertCombineOp& op) { op.residual_shift = 15; });
}

void PoolExpertRows(Program& program) {
  size_t at = 0;
  while (!std::holds_alternative<ExpertLinearOp>(program.ops[at].body)) ++at;
  PoolOp pool;
  pool.input = std::get<ExpertLinearOp>(program.ops[at].body).output;
  pool.output = static_cast<ValueId>(program.values.size());
  Value pooled = program.values[pool.input];
  pooled.name = "pooled_expert_rows";
  pooled.rows = 1;
  program.values.push_back(pooled);
  program.ops.insert(program.ops.begin() + static_cast<int64_t>(at) + 1,
                     {"pool_expert_rows", pool});
}

void PoolCodes(Program& program) {
  const size_t count = program.ops.size();
  std::swap(program.ops[count - 3], program.ops[count - 2]);
  auto& norm = std::get<LayerNormOp>(program.ops[count - 3].body);
  auto& pool = std::get<PoolOp>(program.ops[count - 2].body);
  auto& head = std::get<HeadOp>(program.ops[count - 1].body);
  norm.input = pool.input;
  program.values[norm.output].rows = program.values[pool.input].rows;
  pool.input = norm.output;
  head.input = pool.output;
  program.values[pool.output].type = ElementType::kCode;
}

}  // namespace moevit
