// The ops that are matrix products over all rows: patch embedding, the dense
// layers and the head.

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "kernels/card/card_step.h"
#include "kernels/card/kernel_limits.h"
#include "kernels/card/parameter_writer.h"
#include "kernels/card/resident_matrices.h"
#include "kernels/hls/descriptor.h"
#include "program/program.h"

namespace moevit::card {
namespace {

// A matrix over all rows of a value.
class DenseStep : public CardStep {
 public:
  DenseStep(ResidentMatrices matrices, int rows, ValueId input,
            ValueId residual, ValueId output)
      : matrices_(std::move(matrices)),
        rows_(rows),
        input_(input),
        residual_(residual),
        output_(output) {}

  absl::StatusOr<StepMemory> NewMemory(const CardContext& context,
                                       int /*max_images*/) const override {
    StepMemory memory;
    MOEVIT_ASSIGN_OR_RETURN(
        memory.schedule,
        LinearSchedule::Allocate(context, matrices_.item_count(), /*lists=*/0,
                                 /*rows=*/0));
    return memory;
  }

  absl::Status Run(const CardBatch& batch, StepMemory& memory) const override {
    LinearSchedule& schedule = *memory.schedule;
    if (memory.scheduled_images != batch.images) {
      schedule.Begin(matrices_.item_count());
      schedule.AddDense(matrices_.items(0), 0, int64_t{batch.images} * rows_);
      MOEVIT_RETURN_IF_ERROR(schedule.Send(*batch.context));
      memory.scheduled_images = batch.images;
    }
    return matrices_.Run(*batch.context, schedule.buffer(), schedule.items(),
                         batch.values[input_], batch.values[residual_],
                         batch.values[output_]);
  }

  absl::Status Verify(const CardContext& context) const override {
    return matrices_.Verify(context);
  }

 private:
  const ResidentMatrices matrices_;
  const int rows_;  // per image
  const ValueId input_;
  const ValueId residual_;  // the input again, if there is none
  const ValueId output_;
};

LoadedStep LoadDenseStep(const MatrixUse& use, ValueId input, ValueId residual,
                         ValueId output, const StepLoader& with) {
  MOEVIT_ASSIGN_OR_RETURN(
      ResidentMatrices matrices,
      ResidentMatrices::Load(*with.context, {use}, with.layouts[input],
                             with.layouts[output]));
  return std::make_unique<DenseStep>(
      std::move(matrices), with.layouts[input].rows, input, residual, output);
}

// The patches times their matrix plus the positions, and the prefix rows as
// nothing times zero plus the prefix.
class PatchEmbedStep : public CardStep {
 public:
  PatchEmbedStep(ResidentMatrices matrices,
                 std::unique_ptr<CardBuffer> parameters,
                 std::unique_ptr<CardBuffer> offsets, ValueLayout patches,
                 int prefix_rows, ValueId output)
      : matrices_(std::move(matrices)),
        parameters_(std::move(parameters)),
        offsets_(std::move(offsets)),
        patches_(patches),
        prefix_rows_(prefix_rows),
        output_(output) {}

  absl::StatusOr<StepMemory> NewMemory(const CardContext& context,
                                       int max_images) const override {
    StepMemory memory;
    const int64_t rows = int64_t{max_images} * (patches_.rows + prefix_rows_);
    MOEVIT_ASSIGN_OR_RETURN(
        memory.schedule,
        LinearSchedule::Allocate(context, matrices_.item_count(), /*lists=*/2,
                                 rows));
    MOEVIT_ASSIGN_OR_RETURN(memory.scratch, context.AllocateActivations(
                                                patches_.bytes(max_images)));
    return memory;
  }

  absl::Status Run(const CardBatch& batch, StepMemory& memory) const override {
    if (memory.scheduled_images != batch.images) {
      Schedule(batch.images, *memory.schedule);
      MOEVIT_RETURN_IF_ERROR(memory.schedule->Send(*batch.context));
      memory.scheduled_images = batch.images;
    }
    CardBuffer* const patches = memory.scratch.get();
    MOEVIT_RETURN_IF_ERROR(
        batch.context->RunVector(parameters_.get(), batch.pixels, batch.pixels,
                                 batch.pixels, patches, batch.images));
    return matrices_.Run(*batch.context, memory.schedule->buffer(),
                         memory.schedule->items(), patches, offsets_.get(),
                         batch.values[output_]);
  }

  absl::Status Verify(const CardContext& context) const override {
    return matrices_.Verify(context);
  }

 private:
  void Schedule(int images, LinearSchedule& schedule) const {
    const int tokens = prefix_rows_ + patches_.rows;
    schedule.Begin(matrices_.item_count());
    int32_t first = 0;
    absl::Span<hls::RowIndex> list =
        schedule.AddList(int64_t{images} * patches_.rows, &first);
    for (size_t i = 0; i < list.size(); ++i) {
      const auto row = static_cast<int>(i);
      const int image = row / patches_.rows;
      const int token = prefix_rows_ + row % patches_.rows;
      list[i] = {row, image * tokens + token, token, 0};
    }
    schedule.AddIndexed(matrices_.items(0), images * patches_.rows, first);
    list = schedule.AddList(int64_t{images} * prefix_rows_, &first);
    for (size_t i = 0; i < list.size(); ++i) {
      const auto row = static_cast<int>(i);
      const int token = row % prefix_rows_;
      list[i] = {0, row / prefix_rows_ * tokens + token, token, 0};
    }
    schedule.AddIndexed(matrices_.items(1), images * prefix_rows_, first);
  }

  const ResidentMatrices matrices_;
  const std::unique_ptr<CardBuffer> parameters_;
  const std::unique_ptr<CardBuffer> offsets_;  // by token: what is added
  const ValueLayout patches_;
  const int prefix_rows_;  // per image
  const ValueId output_;
};

// [prefix, positions], each row from a new word on.
absl::StatusOr<std::unique_ptr<CardBuffer>> LoadOffsets(
    const PatchEmbedOp& op, const CardContext& context) {
  ParameterWriter rows;
  for (const std::vector<int16_t>* part : {&op.prefix, &op.positions}) {
    for (size_t at = 0; at < part->size(); at += op.matrix.out) {
      rows.Add(absl::MakeConstSpan(*part).subspan(at, op.matrix.out));
    }
  }
  return rows.Load(context, LinearPort::kResidual);
}

Matrix ZeroMatrix(int in, int out) {
  Matrix zero;
  zero.in = in;
  zero.out = out;
  zero.weight.resize(size_t{1} * in * out);
  zero.bias.resize(out);
  zero.multiplier.resize(out);
  zero.shift.resize(out);
  return zero;
}

MatrixUse UseForAdding(const Matrix& matrix, int residual_shift) {
  MatrixUse use;
  use.matrix = &matrix;
  use.kind = hls::kAdd;
  use.residual_shift = residual_shift;
  return use;
}

class HeadStep : public CardStep {
 public:
  explicit HeadStep(ResidentMatrices matrices, ValueId input)
      : matrices_(std::move(matrices)), input_(input) {}

  absl::StatusOr<StepMemory> NewMemory(const CardContext& context,
                                       int max_images) const override {
    StepMemory memory;
    MOEVIT_ASSIGN_OR_RETURN(
        memory.schedule,
        LinearSchedule::Allocate(context, matrices_.item_count(),
                                 matrices_.matrices(),
                                 int64_t{max_images} * matrices_.matrices()));
    return memory;
  }

  absl::Status Run(const CardBatch& batch, StepMemory& memory) const override {
    LinearSchedule& schedule = *memory.schedule;
    if (memory.scheduled_images != batch.images) {
      schedule.Begin(matrices_.item_count());
      for (int m = 0; m < matrices_.matrices(); ++m)
        AddRowsOf(m, batch.images, schedule);
      MOEVIT_RETURN_IF_ERROR(schedule.Send(*batch.context));
      memory.scheduled_images = batch.images;
    }
    return matrices_.Run(*batch.context, schedule.buffer(), schedule.items(),
                         batch.values[input_], batch.values[input_],
                         batch.logits);
  }

  absl::Status Verify(const CardContext& context) const override {
    return matrices_.Verify(context);
  }

 private:
  // Matrix m is for row m of every image.
  void AddRowsOf(int m, int images, LinearSchedule& schedule) const {
    int32_t first = 0;
    const absl::Span<hls::RowIndex> list = schedule.AddList(images, &first);
    for (int image = 0; image < images; ++image) {
      const int row = image * matrices_.matrices() + m;
      list[image] = {row, row, 0, 0};
    }
    schedule.AddIndexed(matrices_.items(m), images, first);
  }

  const ResidentMatrices matrices_;
  const ValueId input_;
};

}  // namespace

LoadedStep LoadStep(const PatchEmbedOp& op, const StepLoader& with) {
  const Program& program = *with.program;
  const int side = program.image_size / op.patch_size;
  const ValueLayout patches = CodeLayout(side * side, op.matrix.in);
  const ValueLayout& output = with.layouts[op.output];
  const Matrix zero = ZeroMatrix(op.matrix.in, op.matrix.out);
  MOEVIT_ASSIGN_OR_RETURN(
      ResidentMatrices matrices,
      ResidentMatrices::Load(
          *with.context, {UseForAdding(op.matrix, 0), UseForAdding(zero, 0)},
          patches, output));
  hls::PatchesHeader header = {};
  header.operation = hls::kPatches;
  header.image_size = program.image_size;
  header.channels = program.channels;
  header.patch_size = op.patch_size;
  MOEVIT_RETURN_IF_ERROR(CheckFits(header));
  ParameterWriter writer;
  writer.AddHeader(header);
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<CardBuffer> parameters,
                          writer.Load(*with.context, VectorPort::kParameters));
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<CardBuffer> offsets,
                          LoadOffsets(op, *with.context));
  return std::make_unique<PatchEmbedStep>(
      std::move(matrices), std::move(parameters), std::move(offsets), patches,
      output.rows - patches.rows, op.output);
}

LoadedStep LoadStep(const LinearOp& op, const StepLoader& with) {
  return LoadDenseStep(UseForCodes(op.matrix), op.input, /*residual=*/op.input,
                       op.output, with);
}

LoadedStep LoadStep(const LinearAddOp& op, const StepLoader& with) {
  return LoadDenseStep(UseForAdding(op.matrix, op.residual_shift), op.input,
                       op.residual, op.output, with);
}

LoadedStep LoadStep(const HeadOp& op, const StepLoader& with) {
  std::vector<MatrixUse> uses;
  for (const Matrix& matrix : op.matrices) {
    uses.emplace_back().matrix = &matrix;
  }
  MOEVIT_ASSIGN_OR_RETURN(
      ResidentMatrices matrices,
      ResidentMatrices::Load(*with.context, uses, with.layouts[op.input],
                             HeadLayout(*with.program, op)));
  return std::make_unique<HeadStep>(std::move(matrices), op.input);
}

}  // namespace moevit::card
