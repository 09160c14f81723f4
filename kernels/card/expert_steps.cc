// The ops of a sparse layer: the gate, whose decisions the host sorts by
// expert, and the experts' two linears, one launch each for all experts.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "kernels/card/card_step.h"
#include "kernels/card/kernel_limits.h"
#include "kernels/card/parameter_writer.h"
#include "kernels/card/resident_matrices.h"
#include "kernels/hls/descriptor.h"
#include "kernels/hls/word.h"
#include "program/program.h"
#include "scheduler/experts/expert_groups.h"

namespace moevit::card {
namespace {

class GateStep : public CardStep {
 public:
  GateStep(const GateOp& op, int rows, std::unique_ptr<CardBuffer> parameters)
      : input_(op.input),
        output_(op.output),
        experts_(op.experts),
        top_k_(op.top_k),
        rows_(rows),
        parameters_(std::move(parameters)) {}

  absl::Status Run(const CardBatch& batch,
                   StepMemory& /*memory*/) const override {
    CardBuffer* const input = batch.values[input_];
    CardBuffer* const output = batch.values[output_];
    MOEVIT_RETURN_IF_ERROR(batch.context->RunVector(
        parameters_.get(), input, input, input, output, batch.images));
    const int64_t rows = int64_t{batch.images} * rows_;
    MOEVIT_RETURN_IF_ERROR(
        batch.context->CopyFromCard(output, rows * hls::kWordBytes));
    CardRouting& routing = batch.routings[output_];
    MOEVIT_RETURN_IF_ERROR(ReadExperts(*output, rows, routing));
    routing.first.resize(experts_ + 1);
    routing.order.resize(routing.experts.size());
    GroupByExpert(routing.experts, absl::MakeSpan(routing.first),
                  absl::MakeSpan(routing.order));
    return absl::OkStatus();
  }

 private:
  // What comes from the card is checked: it becomes indices.
  absl::Status ReadExperts(CardBuffer& buffer, int64_t rows,
                           CardRouting& routing) const {
    routing.experts.resize(rows * top_k_);
    size_t assignment = 0;
    for (int64_t row = 0; row < rows; ++row) {
      const auto* const entries = reinterpret_cast<const hls::RoutingEntry*>(
          buffer.host().data() + row * hls::kWordBytes);
      for (int slot = 0; slot < top_k_; ++slot) {
        const uint16_t expert = entries[slot].expert;
        if (expert >= experts_) {
          return absl::DataLossError(
              absl::StrCat("the card chose expert ", expert, " of ", experts_,
                           " for row ", row, " of a batch"));
        }
        routing.experts[assignment++] = expert;
      }
    }
    return absl::OkStatus();
  }

  const ValueId input_;
  const ValueId output_;
  const int experts_;
  const int top_k_;
  const int rows_;  // per image
  const std::unique_ptr<CardBuffer> parameters_;
};

// One matrix per expert, over the rows that its list says.
class ExpertMatrices {
 public:
  ExpertMatrices(ResidentMatrices matrices, int assignments)
      : matrices_(std::move(matrices)), assignments_(assignments) {}

  absl::StatusOr<LinearSchedule> NewSchedule(const CardContext& context,
                                             int max_images) const {
    return LinearSchedule::Allocate(context, matrices_.item_count(),
                                    matrices_.matrices(),
                                    int64_t{max_images} * assignments_);
  }

  // Runs all experts. row_of: the rows of an assignment.
  absl::Status Run(const CardContext& context, const CardRouting& routing,
                   absl::FunctionRef<hls::RowIndex(int32_t)> row_of,
                   LinearSchedule& schedule, CardBuffer* input,
                   CardBuffer* output) const {
    schedule.Begin(matrices_.item_count());
    for (int e = 0; e < matrices_.matrices(); ++e) {
      const int32_t begin = routing.first[e];
      const int64_t rows = routing.first[e + 1] - begin;
      if (rows == 0) continue;
      int32_t first = 0;
      const absl::Span<hls::RowIndex> list = schedule.AddList(rows, &first);
      for (int64_t i = 0; i < rows; ++i) {
        list[i] = row_of(routing.order[begin + i]);
      }
      schedule.AddIndexed(matrices_.items(e), rows, first);
    }
    MOEVIT_RETURN_IF_ERROR(schedule.Send(context));
    return matrices_.Run(context, schedule.buffer(), schedule.items(), input,
                         input, output);
  }

  absl::Status Verify(const CardContext& context) const {
    return matrices_.Verify(context);
  }

 private:
  const ResidentMatrices matrices_;
  const int assignments_;  // per image
};

class ExpertLinearStep : public CardStep {
 public:
  ExpertLinearStep(const ExpertLinearOp& op, ResidentMatrices matrices,
                   int rows, int top_k)
      : input_(op.input),
        routing_(op.routing),
        output_(op.output),
        top_k_(top_k),
        matrices_(std::move(matrices), rows * top_k) {}

  absl::StatusOr<StepMemory> NewMemory(const CardContext& context,
                                       int max_images) const override {
    StepMemory memory;
    MOEVIT_ASSIGN_OR_RETURN(memory.schedule,
                            matrices_.NewSchedule(context, max_images));
    return memory;
  }

  absl::Status Run(const CardBatch& batch, StepMemory& memory) const override {
    return matrices_.Run(
        *batch.context, batch.routings[routing_],
        [this](int32_t assignment) {
          return hls::RowIndex{assignment / top_k_, assignment, 0, 0};
        },
        *memory.schedule, batch.values[input_], batch.values[output_]);
  }

  absl::Status Verify(const CardContext& context) const override {
    return matrices_.Verify(context);
  }

 private:
  const ValueId input_;
  const ValueId routing_;
  const ValueId output_;
  const int top_k_;
  const ExpertMatrices matrices_;
};

class ExpertCombineStep : public CardStep {
 public:
  ExpertCombineStep(const ExpertCombineOp& op, ResidentMatrices matrices,
                    std::unique_ptr<CardBuffer> parameters,
                    const ValueLayout& products)
      : input_(op.input),
        routing_(op.routing),
        residual_(op.residual),
        output_(op.output),
        products_(products),
        matrices_(std::move(matrices), products.rows),
        parameters_(std::move(parameters)) {}

  absl::StatusOr<StepMemory> NewMemory(const CardContext& context,
                                       int max_images) const override {
    StepMemory memory;
    MOEVIT_ASSIGN_OR_RETURN(memory.schedule,
                            matrices_.NewSchedule(context, max_images));
    MOEVIT_ASSIGN_OR_RETURN(memory.scratch, context.AllocateActivations(
                                                products_.bytes(max_images)));
    return memory;
  }

  absl::Status Run(const CardBatch& batch, StepMemory& memory) const override {
    CardBuffer* const products = memory.scratch.get();
    MOEVIT_RETURN_IF_ERROR(matrices_.Run(
        *batch.context, batch.routings[routing_],
        [](int32_t assignment) {
          return hls::RowIndex{assignment, assignment, 0, 0};
        },
        *memory.schedule, batch.values[input_], products));
    return batch.context->RunVector(
        parameters_.get(), products, batch.values[residual_],
        batch.values[routing_], batch.values[output_], batch.images);
  }

  absl::Status Verify(const CardContext& context) const override {
    return matrices_.Verify(context);
  }

 private:
  const ValueId input_;
  const ValueId routing_;
  const ValueId residual_;
  const ValueId output_;
  const ValueLayout products_;  // fine, by assignment
  const ExpertMatrices matrices_;
  const std::unique_ptr<CardBuffer> parameters_;  // of the combination
};

}  // namespace

LoadedStep LoadStep(const GateOp& op, const StepLoader& with) {
  const Value& input = with.program->values[op.input];
  hls::GateHeader header = {};
  header.operation = hls::kGate;
  header.rows = input.rows;
  header.width = input.channels;
  header.experts = op.experts;
  header.top_k = op.top_k;
  header.softmax_before_top_k = op.softmax_before_top_k ? 1 : 0;
  header.octave_multiplier = op.octave_multiplier;
  header.octave_shift = op.octave_shift;
  MOEVIT_RETURN_IF_ERROR(CheckFits(header));
  ParameterWriter writer;
  writer.AddHeader(header);
  writer.Add(absl::MakeConstSpan(op.bias));
  const size_t row_elements =
      size_t{2} * hls::CodeWords(input.channels) * hls::kWordInt16;
  std::vector<int16_t> row(row_elements);
  for (int e = 0; e < op.experts; ++e) {
    std::memcpy(row.data(), op.weight.data() + int64_t{e} * input.channels,
                sizeof(int16_t) * input.channels);
    writer.Add(absl::MakeConstSpan(row));
  }
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<CardBuffer> parameters,
                          writer.Load(*with.context, VectorPort::kParameters));
  return std::make_unique<GateStep>(op, input.rows, std::move(parameters));
}

LoadedStep LoadStep(const ExpertLinearOp& op, const StepLoader& with) {
  std::vector<MatrixUse> uses;
  for (const CodeMatrix& expert : op.experts) {
    uses.push_back(UseForCodes(expert));
  }
  MOEVIT_ASSIGN_OR_RETURN(
      ResidentMatrices matrices,
      ResidentMatrices::Load(*with.context, uses, with.layouts[op.input],
                             with.layouts[op.output]));
  const Value& routing = with.program->values[op.routing];
  return std::make_unique<ExpertLinearStep>(op, std::move(matrices),
                                            routing.rows, routing.channels);
}

LoadedStep LoadStep(const ExpertCombineOp& op, const StepLoader& with) {
  std::vector<MatrixUse> uses;
  for (const Matrix& expert : op.experts) uses.emplace_back().matrix = &expert;
  const Value& routing = with.program->values[op.routing];
  ValueLayout products = with.layouts[op.output];
  products.rows = routing.rows * routing.channels;
  MOEVIT_ASSIGN_OR_RETURN(
      ResidentMatrices matrices,
      ResidentMatrices::Load(*with.context, uses, with.layouts[op.input],
                             products));
  hls::CombineHeader header = {};
  header.operation = hls::kCombine;
  header.rows = routing.rows;
  header.width = products.group_channels;
  header.top_k = routing.channels;
  header.residual_shift = op.residual_shift;
  MOEVIT_RETURN_IF_ERROR(CheckVectorWidth(header.width));
  ParameterWriter writer;
  writer.AddHeader(header);
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<CardBuffer> parameters,
                          writer.Load(*with.context, VectorPort::kParameters));
  return std::make_unique<ExpertCombineStep>(op, std::move(matrices),
                                             std::move(parameters), products);
}

}  // namespace moevit::card
