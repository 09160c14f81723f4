#include "planner/program_launches.h"

#include <algorithm>
#include <cstddef>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "kernels/card/card_step.h"
#include "kernels/card/value_layout.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/word.h"
#include "planner/kernel_launches.h"

namespace moevit::planner {
namespace {

using card::ValueLayout;
using hls::LinearShape;

// A matrix as the linear kernel is to run it.
struct MatrixRows {
  int64_t rows = 0;
  const ValueLayout* input = nullptr;
  const ValueLayout* output = nullptr;
  int out = 0;  // channels, without padding
  bool adds = false;
};

// Rounded up, so that memory never holds less.
int64_t Words(int64_t bytes) {
  return (bytes + hls::kWordBytes - 1) / hls::kWordBytes;
}

// Appends the items of the matrix: several where it exceeds the weight buffer.
absl::Status AddItems(const hls::LinearTiles& tiles, const MatrixRows& matrix,
                      std::vector<LinearShape>& items) {
  const int in_words = matrix.input->words;
  const int max_out = hls::MaxItemOut(tiles, in_words);
  if (max_out == 0) {
    return absl::UnimplementedError(
        absl::StrCat("rows of ", in_words * hls::kWordCodes,
                     " inputs are too wide for a linear unit that takes ",
                     tiles.max_in_words * hls::kWordCodes, " and holds ",
                     tiles.weight_words, " words per output lane"));
  }
  const int channels = card::HasInnerPadding(*matrix.output)
                           ? matrix.output->words * hls::kWordCodes
                           : matrix.out;
  for (int first = 0; first < channels; first += max_out) {
    items.push_back({static_cast<int>(matrix.rows), in_words,
                     std::min(max_out, channels - first), matrix.adds});
  }
  return absl::OkStatus();
}

absl::Status DoesNotFit(absl::string_view what) {
  return absl::UnimplementedError(
      absl::StrCat("the ", what, " exceeds what its kernel's memories hold"));
}

int64_t Products(const Matrix& matrix, int64_t rows) {
  return rows * matrix.in * matrix.out;
}

const Matrix& MatrixOf(const Matrix& matrix) { return matrix; }
const Matrix& MatrixOf(const CodeMatrix& matrix) { return matrix.matrix; }

// Fills in launches and copies of one op after the other.
class OpPlanner {
 public:
  OpPlanner(const Program& program, const UnitSizes& sizes,
            const BatchShape& batch, absl::Span<const ValueLayout> layouts)
      : program_(program), sizes_(sizes), batch_(batch), layouts_(layouts) {}

  absl::Status Plan(const Op& op, OpLaunches& result) {
    result_ = &result;
    result.name = op.name;
    result.kind = std::string(OpKind(op));
    return std::visit([this](const auto& body) { return Visit(body); },
                      op.body);
  }

  // Known after the head.
  int64_t logits_bytes() const { return logits_bytes_; }

  // kInvalidArgument if the load has layers that the planned ops have not.
  absl::Status CheckLoad() const {
    if (batch_.load == nullptr || batch_.load->tokens.size() == layer_) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        absl::StrCat("the load is of ", batch_.load->tokens.size(),
                     " sparse layers, the program has ", layer_));
  }

 private:
  int64_t RowsOf(ValueId value) const {
    return int64_t{batch_.images} * layouts_[value].rows;
  }

  void Add(const Launch& launch) { result_->launches.push_back(launch); }

  absl::Status AddDense(const Matrix& matrix, ValueId input, ValueId output,
                        bool adds) {
    std::vector<LinearShape> items;
    MOEVIT_RETURN_IF_ERROR(AddItems(
        sizes_.linear,
        {RowsOf(input), &layouts_[input], &layouts_[output], matrix.out, adds},
        items));
    Add(LinearLaunch(sizes_.linear, items, /*codes=*/!adds,
                     Products(matrix, RowsOf(input))));
    return absl::OkStatus();
  }

  // One matrix per expert, and the schedule that every batch needs anew.
  template <typename AnyMatrix>
  absl::Status AddExperts(const std::vector<AnyMatrix>& experts, ValueId input,
                          const ValueLayout& output, bool codes) {
    std::vector<LinearShape> items;
    int64_t products = 0;
    int64_t list_words = 0;
    for (size_t e = 0; e < experts.size(); ++e) {
      const Matrix& matrix = MatrixOf(experts[e]);
      const int64_t rows = expert_rows_[e];
      MOEVIT_RETURN_IF_ERROR(AddItems(
          sizes_.linear,
          {rows, &layouts_[input], &output, matrix.out, /*adds=*/false},
          items));
      products += Products(matrix, rows);
      list_words += Words(rows * int64_t{sizeof(hls::RowIndex)});
    }
    const auto item_words = static_cast<int64_t>(items.size());
    result_->to_card = {1, (item_words + list_words) * hls::kWordBytes};
    Add(LinearLaunch(sizes_.linear, items, codes, products));
    return absl::OkStatus();
  }

  // Sets the rows of each expert of the sparse layer that begins.
  absl::Status RouteRows(const GateOp& op) {
    const int64_t assignments = RowsOf(op.input) * op.top_k;
    const auto experts = static_cast<size_t>(op.experts);
    if (batch_.load == nullptr) {
      expert_rows_.assign(experts, assignments / op.experts);
      const int64_t rest = assignments % op.experts;
      for (int64_t e = 0; e < rest; ++e) ++expert_rows_[e];
    } else if (layer_ < batch_.load->tokens.size() &&
               batch_.load->tokens[layer_].size() == experts) {
      expert_rows_ = batch_.load->tokens[layer_];
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("the load says nothing of ", op.experts,
                       " experts in sparse layer ", layer_));
    }
    ++layer_;
    return absl::OkStatus();
  }

  absl::Status Visit(const PatchEmbedOp& op) {
    const hls::PatchesShape cut = {batch_.images, program_.image_size,
                                   program_.channels, op.patch_size};
    if (!hls::PatchesFit(cut)) return DoesNotFit("image");
    Add(PatchesLaunch(cut));
    const int patches = cut.side() * cut.side();
    const ValueLayout input = card::CodeLayout(patches, op.matrix.in);
    const ValueLayout& output = layouts_[op.output];
    const int64_t rows = int64_t{batch_.images} * patches;
    std::vector<LinearShape> items;
    MOEVIT_RETURN_IF_ERROR(
        AddItems(sizes_.linear,
                 {rows, &input, &output, op.matrix.out, /*adds=*/true}, items));
    // The prefix rows, with a matrix of zeros.
    MOEVIT_RETURN_IF_ERROR(AddItems(sizes_.linear,
                                    {RowsOf(op.output) - rows, &input, &output,
                                     op.matrix.out, /*adds=*/true},
                                    items));
    Add(LinearLaunch(sizes_.linear, items, /*codes=*/false,
                     Products(op.matrix, rows)));
    return absl::OkStatus();
  }

  absl::Status Visit(const LayerNormOp& op) {
    Add(LayerNormLaunch({static_cast<int>(RowsOf(op.input)),
                         layouts_[op.input].group_channels, op.shift,
                         op.epsilon}));
    return absl::OkStatus();
  }

  absl::Status Visit(const LinearOp& op) {
    return AddDense(op.matrix.matrix, op.input, op.output, /*adds=*/false);
  }

  absl::Status Visit(const LinearAddOp& op) {
    return AddDense(op.matrix, op.input, op.output, /*adds=*/true);
  }

  absl::Status Visit(const AttentionOp& op) {
    const ValueLayout& output = layouts_[op.output];
    const hls::AttentionShape shape = {batch_.images,
                                       output.rows,
                                       op.heads,
                                       output.group_channels,
                                       hls::CodeWords(output.group_channels),
                                       op.levels,
                                       sizes_.attention_queries};
    if (!hls::AttentionFits(shape)) return DoesNotFit("attention");
    Add(AttentionLaunch(shape));
    return absl::OkStatus();
  }

  absl::Status Visit(const GateOp& op) {
    const hls::GateShape shape = {static_cast<int>(RowsOf(op.input)),
                                  layouts_[op.input].group_channels,
                                  op.experts,
                                  op.top_k,
                                  op.softmax_before_top_k,
                                  op.octave_multiplier,
                                  op.octave_shift};
    if (!hls::GateFits(shape)) return DoesNotFit("gate");
    Add(GateLaunch(shape));
    result_->from_card = {1, shape.rows * int64_t{hls::kWordBytes}};
    return RouteRows(op);
  }

  absl::Status Visit(const ExpertLinearOp& op) {
    return AddExperts(op.experts, op.input, layouts_[op.output],
                      /*codes=*/true);
  }

  absl::Status Visit(const ExpertCombineOp& op) {
    MOEVIT_RETURN_IF_ERROR(AddExperts(op.experts, op.input, layouts_[op.output],
                                      /*codes=*/false));
    const Value& routing = program_.values[op.routing];
    Add(CombineLaunch({batch_.images * routing.rows,
                       layouts_[op.output].group_channels, routing.channels,
                       op.residual_shift}));
    return absl::OkStatus();
  }

  absl::Status Visit(const PoolOp& op) {
    const Value& input = program_.values[op.input];
    const bool is_int16 = input.type == ElementType::kInt16;
    Add(PoolLaunch({batch_.images,
                    input.rows,
                    input.channels,
                    is_int16,
                    op.first_row,
                    op.groups,
                    op.rows_per_group,
                    {op.multiplier, op.shift}}));
    return absl::OkStatus();
  }

  absl::Status Visit(const HeadOp& op) {
    const ValueLayout output = card::HeadLayout(program_, op);
    std::vector<LinearShape> items;
    int64_t products = 0;
    for (const Matrix& matrix : op.matrices) {
      MOEVIT_RETURN_IF_ERROR(AddItems(
          sizes_.linear,
          {batch_.images, &layouts_[op.input], &output, matrix.out, false},
          items));
      products += Products(matrix, batch_.images);
    }
    Add(LinearLaunch(sizes_.linear, items, /*codes=*/false, products));
    logits_bytes_ = output.bytes(batch_.images);
    return absl::OkStatus();
  }

  const Program& program_;
  const UnitSizes& sizes_;
  const BatchShape& batch_;
  const absl::Span<const ValueLayout> layouts_;
  OpLaunches* result_ = nullptr;
  std::vector<int64_t> expert_rows_;  // of the current sparse layer
  size_t layer_ = 0;                  // sparse layers seen
  int64_t logits_bytes_ = 0;
};

OpLaunches CopyOnly(const std::string& name) {
  OpLaunches copy;
  copy.name = name;
  copy.kind = name;
  return copy;
}

}  // namespace

absl::StatusOr<std::vector<OpLaunches>> LaunchesOf(const Program& program,
                                                   const UnitSizes& sizes,
                                                   const BatchShape& batch) {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<ValueLayout> layouts,
                          card::LayoutsOf(program));
  std::vector<OpLaunches> launches;
  OpLaunches& pixels = launches.emplace_back(CopyOnly("pixels"));
  pixels.to_card = {
      1, batch.images * Words(program.image_bytes()) * hls::kWordBytes};
  OpPlanner planner(program, sizes, batch, layouts);
  for (const Op& op : program.ops) {
    const absl::Status status = planner.Plan(op, launches.emplace_back());
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat("op ", op.name, ": ", status.message()));
    }
  }
  MOEVIT_RETURN_IF_ERROR(planner.CheckLoad());
  OpLaunches& logits = launches.emplace_back(CopyOnly("logits"));
  logits.from_card = {1, planner.logits_bytes()};
  return launches;
}

}  // namespace moevit::planner
