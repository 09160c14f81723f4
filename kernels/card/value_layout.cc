#include "kernels/card/value_layout.h"

#include <cstddef>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/hls/word.h"

namespace moevit::card {
namespace {

ValueLayout LayoutOf(const Value& value) {
  ValueLayout layout = CodeLayout(value.rows, value.channels);
  if (value.type == ElementType::kInt16) {
    layout.words = hls::Int16Words(value.channels);
  } else if (value.type == ElementType::kRouting) {
    layout.words = 1;
  }
  return layout;
}

void SplitByHead(int groups, ValueLayout& layout) {
  layout.group_channels = layout.group_channels * layout.groups / groups;
  layout.groups = groups;
  layout.words = groups * hls::CodeWords(layout.group_channels);
}

// The values that an op cannot read or write with padding inside of rows.
struct UnpaddedValues {
  std::vector<ValueId> operator()(const LayerNormOp& op) const {
    return {op.output};
  }
  std::vector<ValueId> operator()(const GateOp& op) const { return {op.input}; }
  std::vector<ValueId> operator()(const ExpertLinearOp& op) const {
    return {op.input, op.output};
  }
  std::vector<ValueId> operator()(const ExpertCombineOp& op) const {
    return {op.input};
  }
  std::vector<ValueId> operator()(const PoolOp& op) const {
    return {op.input, op.output};
  }
  std::vector<ValueId> operator()(const HeadOp& op) const { return {op.input}; }
  // Their matrices are padded; attention pads by itself.
  std::vector<ValueId> operator()(const PatchEmbedOp&) const { return {}; }
  std::vector<ValueId> operator()(const LinearOp&) const { return {}; }
  std::vector<ValueId> operator()(const LinearAddOp&) const { return {}; }
  std::vector<ValueId> operator()(const AttentionOp&) const { return {}; }
};

absl::Status Unsupported(const Program& program, const Op& op, ValueId value) {
  return absl::UnimplementedError(absl::StrCat(
      "op ", op.name, ": value ", program.values[value].name,
      " lies by attention head in card memory, which this op cannot use"));
}

// Where a channel lies in its row.
int PaddedChannel(const ValueLayout& layout, int channel) {
  if (!HasInnerPadding(layout)) return channel;
  return channel / layout.group_channels *
             hls::CodeWords(layout.group_channels) * hls::kWordCodes +
         channel % layout.group_channels;
}

int PaddedChannels(const ValueLayout& layout) {
  return HasInnerPadding(layout) ? layout.words * hls::kWordCodes
                                 : layout.groups * layout.group_channels;
}

}  // namespace

int64_t ValueLayout::bytes(int images) const {
  return int64_t{images} * rows * words * hls::kWordBytes;
}

ValueLayout CodeLayout(int rows, int channels) {
  ValueLayout layout;
  layout.rows = rows;
  layout.group_channels = channels;
  layout.words = hls::CodeWords(channels);
  return layout;
}

absl::StatusOr<std::vector<ValueLayout>> LayoutsOf(const Program& program) {
  std::vector<ValueLayout> layouts;
  layouts.reserve(program.values.size());
  for (const Value& value : program.values) layouts.push_back(LayoutOf(value));
  for (const Op& op : program.ops) {
    const AttentionOp* const attention = std::get_if<AttentionOp>(&op.body);
    if (attention == nullptr) continue;
    SplitByHead(3 * attention->heads, layouts[attention->input]);
    SplitByHead(attention->heads, layouts[attention->output]);
  }
  for (const Op& op : program.ops) {
    for (ValueId value : std::visit(UnpaddedValues(), op.body)) {
      if (HasInnerPadding(layouts[value])) {
        return Unsupported(program, op, value);
      }
    }
    const AttentionOp* const attention = std::get_if<AttentionOp>(&op.body);
    if (attention == nullptr) continue;
    if (layouts[attention->input].groups != 3 * attention->heads) {
      return Unsupported(program, op, attention->input);
    }
    if (layouts[attention->output].groups != attention->heads) {
      return Unsupported(program, op, attention->output);
    }
  }
  return layouts;
}

bool HasInnerPadding(const ValueLayout& layout) {
  return layout.groups > 1 && layout.group_channels % hls::kWordCodes != 0;
}

Matrix PadMatrix(const Matrix& matrix, const ValueLayout& input,
                 const ValueLayout& output) {
  Matrix padded;
  padded.in = PaddedChannels(input);
  padded.out = PaddedChannels(output);
  padded.weight.resize(size_t{1} * padded.out * padded.in);
  padded.bias.resize(padded.out);
  padded.multiplier.resize(padded.out);
  padded.shift.resize(padded.out);
  for (int n = 0; n < matrix.out; ++n) {
    const int to = PaddedChannel(output, n);
    padded.bias[to] = matrix.bias[n];
    padded.multiplier[to] = matrix.multiplier[n];
    padded.shift[to] = matrix.shift[n];
    for (int k = 0; k < matrix.in; ++k) {
      padded.weight[int64_t{to} * padded.in + PaddedChannel(input, k)] =
          matrix.weight[int64_t{n} * matrix.in + k];
    }
  }
  return padded;
}

}  // namespace moevit::card
