#include "kernels/card/expert_pass.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/hls/word.h"

namespace moevit::card {
namespace {

int64_t RowBytes(const ValueLayout& layout) {
  return int64_t{layout.words} * hls::kWordBytes;
}

int64_t RowsOf(const ExpertPassWork& work) {
  int64_t rows = 0;
  for (const ExpertPart& part : work.parts) rows += part.rows;
  return rows;
}

// Rows lie in the order of the parts.
void Schedule(const ExpertSlots& slots, const ExpertPassWork& work, int linear,
              LinearSchedule& schedule) {
  size_t items = 0;
  for (const int slot : work.slots) items += slots.items(slot, linear).size();
  schedule.Begin(static_cast<int>(items));
  int64_t first = 0;
  for (size_t i = 0; i < work.parts.size(); ++i) {
    const int32_t rows = work.parts[i].rows;
    schedule.AddDense(slots.items(work.slots[i], linear), first, rows);
    first += rows;
  }
}

}  // namespace

void ConvertCodes(const uint8_t* from, int channels, uint8_t* to) {
  constexpr uint8_t kOffset = 128;
  for (int i = 0; i < channels; ++i) to[i] = from[i] ^ kOffset;
}

absl::StatusOr<ExpertPass> ExpertPass::Allocate(const CardContext& context,
                                                const ExpertSizes& sizes,
                                                int32_t rows, int items) {
  ExpertPass pass;
  for (int i = 0; i < kExpertValues; ++i) {
    MOEVIT_ASSIGN_OR_RETURN(
        pass.rows_[i], context.AllocateActivations(rows * sizes.row_words[i] *
                                                   hls::kWordBytes));
  }
  for (std::optional<LinearSchedule>& schedule : pass.schedules_) {
    MOEVIT_ASSIGN_OR_RETURN(
        schedule,
        LinearSchedule::Allocate(context, items, /*lists=*/0, /*rows=*/0));
  }
  return pass;
}

absl::Status ExpertPass::Send(const CardContext& context,
                              const ExpertSlots& slots,
                              const ExpertPassWork& work) {
  const int channels = work.layer->input().group_channels;
  const int64_t row_bytes = RowBytes(work.layer->input());
  uint8_t* row = rows_[0]->host().data();
  for (const ExpertPart& part : work.parts) {
    for (int32_t i = 0; i < part.rows; ++i, row += row_bytes) {
      const int64_t token = work.call->tokens[part.first + i];
      ConvertCodes(work.call->codes + token * work.call->code_stride, channels,
                   row);
      std::memset(row + channels, 0, static_cast<size_t>(row_bytes - channels));
    }
  }
  MOEVIT_RETURN_IF_ERROR(SendRows(context, work));
  for (int linear = 0; linear < kExpertLinears; ++linear) {
    LinearSchedule& schedule = *schedules_[linear];
    Schedule(slots, work, linear, schedule);
    MOEVIT_RETURN_IF_ERROR(schedule.Send(context));
  }
  return absl::OkStatus();
}

absl::Status ExpertPass::SendRows(const CardContext& context,
                                  const ExpertPassWork& work) const {
  return context.CopyToCard(rows_[0].get(),
                            RowsOf(work) * RowBytes(work.layer->input()));
}

absl::Status ExpertPass::Compute(const CardContext& context,
                                 const ExpertSlots& slots,
                                 const ExpertPassWork& work) const {
  for (int linear = 0; linear < kExpertLinears; ++linear) {
    const LinearSchedule& schedule = *schedules_[linear];
    CardBuffer* const input = rows_[linear].get();
    MOEVIT_RETURN_IF_ERROR(context.RunLinear(
        schedule.buffer(), slots.port(0), slots.port(1), input,
        /*residual=*/input, rows_[linear + 1].get(), schedule.items()));
  }
  return context.CopyFromCard(rows_[kExpertLinears].get(),
                              RowsOf(work) * RowBytes(work.layer->output()));
}

absl::Status ExpertPass::ComputeAgain(const CardContext& context,
                                      const ExpertSlots& slots,
                                      const ExpertPassWork& work) {
  const uint8_t* const outputs = rows_[kExpertLinears]->host().data();
  const int64_t rows = RowsOf(work);
  outputs_.assign(outputs, outputs + rows * RowBytes(work.layer->output()));
  MOEVIT_RETURN_IF_ERROR(SendRows(context, work));
  MOEVIT_RETURN_IF_ERROR(Compute(context, slots, work));
  if (std::equal(outputs_.begin(), outputs_.end(), outputs)) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat(context.card().name(),
                   " gave different outputs for the same ", rows, " rows"));
}

const int16_t* ExpertPass::first_output() const {
  return reinterpret_cast<const int16_t*>(rows_[kExpertLinears]->host().data());
}

void ExpertPass::Take(const ExpertPassWork& work) const {
  const ExpertLayerCall& call = *work.call;
  const int channels = work.layer->output().group_channels;
  const uint8_t* row = rows_[kExpertLinears]->host().data();
  for (const ExpertPart& part : work.parts) {
    for (int32_t i = 0; i < part.rows; ++i) {
      const int64_t assignment = call.order[part.first + i];
      int16_t* const to = call.outputs + assignment * call.output_stride;
      std::memcpy(to, row, sizeof(int16_t) * channels);
      std::fill(to + channels, to + call.output_stride, int16_t{0});
      row += RowBytes(work.layer->output());
    }
  }
}

}  // namespace moevit::card
