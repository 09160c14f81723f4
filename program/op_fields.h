// The stored parameters of every op, listed once for reading and writing.
//
// VisitFields(visitor, op) calls the visitor once per parameter, in a fixed
// order. Op may be const (writing) or not (reading). The visitor offers
//   Value(name, ValueId)              an intermediate result, by its name
//   Scalar(name, integer or bool)
//   Count(name, int)                 the length of a list of matrices
//   Vector(name, std::vector<T>)      a one-dimensional tensor
//   Table(name, std::vector<T>, rows, columns)   a two-dimensional one
// and reading ones resize the vectors and set rows and columns.
//
// Internal to program_reader.cc and program_writer.cc.

#ifndef MOEVIT_PROGRAM_OP_FIELDS_H_
#define MOEVIT_PROGRAM_OP_FIELDS_H_

#include <concepts>
#include <string>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "program/program.h"

namespace moevit::op_fields {

template <typename T, typename U>
concept Maybe = std::same_as<std::remove_const_t<T>, U>;  // U or const U

template <typename Visitor>
void VisitMatrix(Visitor& v, const std::string& prefix,
                 Maybe<Matrix> auto& matrix) {
  v.Table(prefix + "weight", matrix.weight, matrix.out, matrix.in);
  v.Vector(prefix + "bias", matrix.bias);
  v.Vector(prefix + "multiplier", matrix.multiplier);
  v.Vector(prefix + "shift", matrix.shift);
}

template <typename Visitor>
void VisitCodeMatrix(Visitor& v, const std::string& prefix,
                     Maybe<CodeMatrix> auto& matrix) {
  VisitMatrix(v, prefix, matrix.matrix);
  v.Scalar(prefix + "output_zero", matrix.output_zero);
  v.Scalar(prefix + "activation", matrix.activation.present);
  if (!matrix.activation.present) return;
  v.Vector(prefix + "delta", matrix.activation.delta);
  v.Scalar(prefix + "index_shift", matrix.activation.index_shift);
  v.Scalar(prefix + "delta_shift", matrix.activation.delta_shift);
}

// A list of matrices as "0.weight", "0.bias", ..., "1.weight", ...
template <typename Visitor, typename List, typename VisitElement>
void VisitList(Visitor& v, const std::string& count_name, List& list,
               VisitElement visit_element) {
  int count = static_cast<int>(list.size());
  v.Count(count_name, count);
  if constexpr (!std::is_const_v<List>) list.resize(count);
  for (int i = 0; i < count; ++i) {
    visit_element(v, absl::StrCat(i, "."), list[i]);
  }
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<PatchEmbedOp> auto& op) {
  v.Value("output", op.output);
  v.Scalar("patch_size", op.patch_size);
  VisitMatrix(v, "", op.matrix);
  v.Vector("prefix", op.prefix);
  v.Vector("positions", op.positions);
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<LayerNormOp> auto& op) {
  v.Value("input", op.input);
  v.Value("output", op.output);
  v.Scalar("epsilon", op.epsilon);
  v.Vector("gamma", op.gamma);
  v.Vector("beta", op.beta);
  v.Scalar("shift", op.shift);
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<LinearOp> auto& op) {
  v.Value("input", op.input);
  v.Value("output", op.output);
  VisitCodeMatrix(v, "", op.matrix);
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<LinearAddOp> auto& op) {
  v.Value("input", op.input);
  v.Value("residual", op.residual);
  v.Value("output", op.output);
  v.Scalar("residual_shift", op.residual_shift);
  VisitMatrix(v, "", op.matrix);
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<AttentionOp> auto& op) {
  v.Value("input", op.input);
  v.Value("output", op.output);
  v.Scalar("heads", op.heads);
  v.Vector("level_multiplier", op.level_multiplier);
  v.Vector("level_shift", op.level_shift);
  v.Scalar("levels", op.levels);
  v.Vector("numerators", op.numerators);
  v.Vector("output_multiplier", op.output_multiplier);
  v.Vector("output_shift", op.output_shift);
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<GateOp> auto& op) {
  v.Value("input", op.input);
  v.Value("output", op.output);
  v.Scalar("experts", op.experts);
  v.Scalar("top_k", op.top_k);
  v.Scalar("softmax_before_top_k", op.softmax_before_top_k);
  v.Vector("weight", op.weight);
  v.Vector("bias", op.bias);
  v.Scalar("octave_multiplier", op.octave_multiplier);
  v.Scalar("octave_shift", op.octave_shift);
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<ExpertLinearOp> auto& op) {
  v.Value("input", op.input);
  v.Value("routing", op.routing);
  v.Value("output", op.output);
  VisitList(v, "experts", op.experts,
            [](Visitor& v, const std::string& prefix, auto& expert) {
              VisitCodeMatrix(v, prefix, expert);
            });
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<ExpertCombineOp> auto& op) {
  v.Value("input", op.input);
  v.Value("routing", op.routing);
  v.Value("residual", op.residual);
  v.Value("output", op.output);
  v.Scalar("residual_shift", op.residual_shift);
  VisitList(v, "experts", op.experts,
            [](Visitor& v, const std::string& prefix, auto& expert) {
              VisitMatrix(v, prefix, expert);
            });
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<PoolOp> auto& op) {
  v.Value("input", op.input);
  v.Value("output", op.output);
  v.Scalar("first_row", op.first_row);
  v.Scalar("groups", op.groups);
  v.Scalar("rows_per_group", op.rows_per_group);
  v.Scalar("multiplier", op.multiplier);
  v.Scalar("shift", op.shift);
}

template <typename Visitor>
void VisitFields(Visitor& v, Maybe<HeadOp> auto& op) {
  v.Value("input", op.input);
  VisitList(v, "rows", op.matrices,
            [](Visitor& v, const std::string& prefix, auto& matrix) {
              VisitMatrix(v, prefix, matrix);
            });
}

}  // namespace moevit::op_fields

#endif  // MOEVIT_PROGRAM_OP_FIELDS_H_
