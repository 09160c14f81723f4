#include "program/verify.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/arith/attention.h"
#include "kernels/arith/gate.h"
#include "program/verify_parameters.h"

namespace moevit {
namespace {

constexpr int kMaxImageSize = 1 << 14;

absl::Status Invalid(absl::string_view message) {
  return absl::InvalidArgumentError(message);
}

// Walks the ops in order and keeps track of which values exist already.
class Verifier {
 public:
  explicit Verifier(const Program& program)
      : program_(program), written_(program.values.size(), false) {}

  absl::Status Verify() {
    MOEVIT_RETURN_IF_ERROR(VerifyHeader());
    MOEVIT_RETURN_IF_ERROR(VerifyValues());
    MOEVIT_RETURN_IF_ERROR(VerifyOps());
    for (size_t id = 0; id < written_.size(); ++id) {
      if (!written_[id]) {
        return Invalid(absl::StrCat("no op writes value \"",
                                    program_.values[id].name, "\""));
      }
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const PatchEmbedOp& op) {
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("patch_size", op.patch_size, 1, program_.image_size));
    if (program_.image_size % op.patch_size != 0) {
      return Invalid(absl::StrCat("patch_size ", op.patch_size,
                                  " does not divide image_size ",
                                  program_.image_size));
    }
    MOEVIT_RETURN_IF_ERROR(Write(op.output, ElementType::kInt16));
    const Value& output = program_.values[op.output];
    const int64_t side = program_.image_size / op.patch_size;
    const int64_t prefix_rows = output.rows - side * side;
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("number of prefix rows", prefix_rows, 0, output.rows));
    MOEVIT_RETURN_IF_ERROR(
        CheckSize("prefix", op.prefix.size(), prefix_rows * output.channels));
    MOEVIT_RETURN_IF_ERROR(CheckSize("positions", op.positions.size(),
                                     side * side * output.channels));
    return CheckMatrix(op.matrix,
                       op.patch_size * op.patch_size * program_.channels,
                       output.channels);
  }

  absl::Status operator()(const LayerNormOp& op) {
    MOEVIT_RETURN_IF_ERROR(Read(op.input, ElementType::kInt16));
    MOEVIT_RETURN_IF_ERROR(Write(op.output, ElementType::kCode));
    const Value& input = program_.values[op.input];
    MOEVIT_RETURN_IF_ERROR(CheckShape(op.output, input.rows, input.channels));
    return CheckLayerNorm(op, input.channels);
  }

  absl::Status operator()(const LinearOp& op) {
    MOEVIT_RETURN_IF_ERROR(Read(op.input, ElementType::kCode));
    MOEVIT_RETURN_IF_ERROR(Write(op.output, ElementType::kCode));
    const Value& input = program_.values[op.input];
    const Value& output = program_.values[op.output];
    MOEVIT_RETURN_IF_ERROR(CheckShape(op.output, input.rows, output.channels));
    return CheckCodeMatrix(op.matrix, input.channels, output.channels);
  }

  absl::Status operator()(const LinearAddOp& op) {
    MOEVIT_RETURN_IF_ERROR(Read(op.input, ElementType::kCode));
    MOEVIT_RETURN_IF_ERROR(
        CheckResidual(op.residual, op.output, op.residual_shift));
    const Value& input = program_.values[op.input];
    const Value& output = program_.values[op.output];
    MOEVIT_RETURN_IF_ERROR(CheckShape(op.input, output.rows, input.channels));
    return CheckMatrix(op.matrix, input.channels, output.channels);
  }

  absl::Status operator()(const AttentionOp& op) {
    MOEVIT_RETURN_IF_ERROR(Read(op.input, ElementType::kCode));
    MOEVIT_RETURN_IF_ERROR(Write(op.output, ElementType::kCode));
    const Value& output = program_.values[op.output];
    MOEVIT_RETURN_IF_ERROR(
        CheckShape(op.input, output.rows, 3 * output.channels));
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("rows", output.rows, 1, arith::kMaxAttentionRows));
    MOEVIT_RETURN_IF_ERROR(CheckRange("heads", op.heads, 1, output.channels));
    if (output.channels % op.heads != 0) {
      return Invalid(absl::StrCat("heads ", op.heads, " do not divide width ",
                                  output.channels));
    }
    return CheckAttention(op, output.channels / op.heads);
  }

  absl::Status operator()(const GateOp& op) {
    MOEVIT_RETURN_IF_ERROR(Read(op.input, ElementType::kCode));
    MOEVIT_RETURN_IF_ERROR(Write(op.output, ElementType::kRouting));
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("experts", op.experts, 1, arith::kMaxExperts));
    MOEVIT_RETURN_IF_ERROR(CheckRange("top_k", op.top_k, 1, op.experts));
    const Value& input = program_.values[op.input];
    MOEVIT_RETURN_IF_ERROR(CheckShape(op.output, input.rows, op.top_k));
    return CheckGate(op, input.channels);
  }

  absl::Status operator()(const ExpertLinearOp& op) {
    MOEVIT_RETURN_IF_ERROR(Read(op.input, ElementType::kCode));
    MOEVIT_RETURN_IF_ERROR(Read(op.routing, ElementType::kRouting));
    MOEVIT_RETURN_IF_ERROR(Write(op.output, ElementType::kCode));
    const Value& input = program_.values[op.input];
    const Value& routing = program_.values[op.routing];
    const Value& output = program_.values[op.output];
    MOEVIT_RETURN_IF_ERROR(CheckShape(op.input, routing.rows, input.channels));
    MOEVIT_RETURN_IF_ERROR(CheckShape(
        op.output, int64_t{routing.rows} * routing.channels, output.channels));
    MOEVIT_RETURN_IF_ERROR(CheckExpertCount(op.routing, op.experts.size()));
    for (size_t e = 0; e < op.experts.size(); ++e) {
      MOEVIT_RETURN_IF_ERROR(InExpert(
          e, CheckCodeMatrix(op.experts[e], input.channels, output.channels)));
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const ExpertCombineOp& op) {
    MOEVIT_RETURN_IF_ERROR(Read(op.input, ElementType::kCode));
    MOEVIT_RETURN_IF_ERROR(Read(op.routing, ElementType::kRouting));
    MOEVIT_RETURN_IF_ERROR(
        CheckResidual(op.residual, op.output, op.residual_shift));
    const Value& input = program_.values[op.input];
    const Value& routing = program_.values[op.routing];
    const Value& output = program_.values[op.output];
    MOEVIT_RETURN_IF_ERROR(
        CheckShape(op.routing, output.rows, routing.channels));
    MOEVIT_RETURN_IF_ERROR(CheckShape(
        op.input, int64_t{routing.rows} * routing.channels, input.channels));
    MOEVIT_RETURN_IF_ERROR(CheckExpertCount(op.routing, op.experts.size()));
    for (size_t e = 0; e < op.experts.size(); ++e) {
      MOEVIT_RETURN_IF_ERROR(InExpert(
          e, CheckMatrix(op.experts[e], input.channels, output.channels)));
    }
    return absl::OkStatus();
  }

  absl::Status operator()(const PoolOp& op) {
    MOEVIT_RETURN_IF_ERROR(CheckWritten(op.input));
    const Value& input = program_.values[op.input];
    if (input.type == ElementType::kRouting) {
      return Invalid(absl::StrCat("cannot pool routing \"", input.name, "\""));
    }
    MOEVIT_RETURN_IF_ERROR(Write(op.output, input.type));
    MOEVIT_RETURN_IF_ERROR(CheckShape(op.output, op.groups, input.channels));
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("rows_per_group", op.rows_per_group, 1, input.rows));
    MOEVIT_RETURN_IF_ERROR(CheckRange(
        "last pooled row",
        op.first_row + int64_t{op.groups} * op.rows_per_group, 1, input.rows));
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("first_row", op.first_row, 0, input.rows - 1));
    return CheckRescale(op.multiplier, op.shift,
                        int64_t{op.rows_per_group} << 15);
  }

  absl::Status operator()(const HeadOp& op) {
    MOEVIT_RETURN_IF_ERROR(Read(op.input, ElementType::kCode));
    const Value& input = program_.values[op.input];
    MOEVIT_RETURN_IF_ERROR(
        CheckSize("matrices", op.matrices.size(), input.rows));
    for (const Matrix& matrix : op.matrices) {
      MOEVIT_RETURN_IF_ERROR(
          CheckMatrix(matrix, input.channels, program_.classes));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status VerifyHeader() const {
    MOEVIT_RETURN_IF_ERROR(
        CheckRange("image_size", program_.image_size, 1, kMaxImageSize));
    MOEVIT_RETURN_IF_ERROR(CheckRange("channels", program_.channels, 1, 16));
    return CheckRange("classes", program_.classes, 1, kMaxChannels);
  }

  absl::Status VerifyValues() const {
    absl::flat_hash_set<absl::string_view> names;
    for (const Value& value : program_.values) {
      if (!names.insert(value.name).second) {
        return Invalid(
            absl::StrCat("value name \"", value.name, "\" occurs twice"));
      }
      const std::string what = absl::StrCat("value \"", value.name, "\": ");
      MOEVIT_RETURN_IF_ERROR(
          CheckRange(absl::StrCat(what, "rows"), value.rows, 1, kMaxRows));
      MOEVIT_RETURN_IF_ERROR(CheckRange(absl::StrCat(what, "channels"),
                                        value.channels, 1, kMaxChannels));
    }
    return absl::OkStatus();
  }

  absl::Status VerifyOps() {
    absl::flat_hash_set<absl::string_view> names;
    for (size_t i = 0; i < program_.ops.size(); ++i) {
      const Op& op = program_.ops[i];
      absl::Status status = VerifyPosition(i);
      if (status.ok() && !names.insert(op.name).second) {
        status = Invalid("its name occurs twice");
      }
      if (status.ok()) status = std::visit(*this, op.body);
      if (!status.ok()) {
        return Invalid(absl::StrCat("op \"", op.name, "\" (", OpKind(op),
                                    "): ", status.message()));
      }
    }
    return absl::OkStatus();
  }

  // The pixels come in first and the logits come out last, once each.
  absl::Status VerifyPosition(size_t index) const {
    const Op& op = program_.ops[index];
    const bool first = index == 0;
    const bool last = index + 1 == program_.ops.size();
    if (std::holds_alternative<PatchEmbedOp>(op.body) != first) {
      return Invalid("patch_embed must be the first op and no other");
    }
    if (std::holds_alternative<HeadOp>(op.body) != last) {
      return Invalid("head must be the last op and no other");
    }
    return absl::OkStatus();
  }

  absl::Status CheckId(ValueId id) const {
    return CheckRange("value index", id, 0,
                      static_cast<int64_t>(program_.values.size()) - 1);
  }

  absl::Status CheckWritten(ValueId id) const {
    MOEVIT_RETURN_IF_ERROR(CheckId(id));
    if (written_[id]) return absl::OkStatus();
    return Invalid(absl::StrCat("value \"", program_.values[id].name,
                                "\" is read before it is written"));
  }

  absl::Status CheckType(ValueId id, ElementType type) const {
    if (program_.values[id].type == type) return absl::OkStatus();
    return Invalid(absl::StrCat("value \"", program_.values[id].name,
                                "\" has the wrong element type"));
  }

  absl::Status Read(ValueId id, ElementType type) const {
    MOEVIT_RETURN_IF_ERROR(CheckWritten(id));
    return CheckType(id, type);
  }

  absl::Status Write(ValueId id, ElementType type) {
    MOEVIT_RETURN_IF_ERROR(CheckId(id));
    if (written_[id]) {
      return Invalid(absl::StrCat("value \"", program_.values[id].name,
                                  "\" is written twice"));
    }
    written_[id] = true;
    return CheckType(id, type);
  }

  absl::Status CheckShape(ValueId id, int64_t rows, int64_t channels) const {
    const Value& value = program_.values[id];
    if (value.rows == rows && value.channels == channels) {
      return absl::OkStatus();
    }
    return Invalid(absl::StrCat("value \"", value.name, "\" is ", value.rows,
                                " x ", value.channels, ", not ", rows, " x ",
                                channels));
  }

  absl::Status CheckResidual(ValueId residual, ValueId output, int shift) {
    MOEVIT_RETURN_IF_ERROR(Read(residual, ElementType::kInt16));
    MOEVIT_RETURN_IF_ERROR(Write(output, ElementType::kInt16));
    const Value& value = program_.values[residual];
    MOEVIT_RETURN_IF_ERROR(CheckShape(output, value.rows, value.channels));
    return CheckRange("residual_shift", shift, 0, 15);
  }

  // Remembers nothing: a routing value is always written by a gate.
  absl::Status CheckExpertCount(ValueId routing, size_t count) const {
    for (const Op& op : program_.ops) {
      const GateOp* gate = std::get_if<GateOp>(&op.body);
      if (gate == nullptr || gate->output != routing) continue;
      return CheckSize("experts", count, gate->experts);
    }
    return Invalid("its routing does not come from a gate");
  }

  static absl::Status InExpert(size_t expert, const absl::Status& status) {
    if (status.ok()) return status;
    return Invalid(absl::StrCat("expert ", expert, ": ", status.message()));
  }

  const Program& program_;
  std::vector<bool> written_;
};

}  // namespace

absl::Status VerifyProgram(const Program& program) {
  if (program.ops.empty()) return Invalid("the program has no ops");
  return Verifier(program).Verify();
}

}  // namespace moevit
