// Self-attention: tasks are heads of images, or parts of their query rows.

#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/row_constants.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

constexpr int kTableEntries = 256;

// Pieces of one worker's scratch memory, in the order they are laid out.
class ScratchLayout {
 public:
  // Room for `bytes` bytes; returns their offset.
  int64_t Add(int64_t bytes) {
    const int64_t offset = bytes_;
    bytes_ += RoundUp(bytes, kAlignment);
    return offset;
  }
  int64_t bytes() const { return bytes_; }

 private:
  int64_t bytes_ = 0;
};

class AttentionStep : public Step {
 public:
  AttentionStep(const AttentionOp& op, const StepBuilder& with)
      : op_(op),
        kernels_(*with.kernels),
        tokens_(with.program->values[op.output].rows),
        width_(with.program->values[op.output].channels),
        head_width_(width_ / op.heads) {
    for (int head = 0; head < op.heads; ++head) {
      heads_.push_back(MakeConstants(head, with.weights));
    }
    const int64_t tokens = RoundUp(tokens_, kRowPadding);
    const int64_t channels = RoundUp(head_width_, kRowPadding);
    keys_ = layout_.Add(tokens * RoundUp(head_width_, kQuad));
    key_bias_ = layout_.Add(tokens * int64_t{sizeof(int32_t)});
    values_ = layout_.Add(RoundUp(tokens_, kQuad) * channels);
    valid_ = layout_.Add(tokens);
    scores_ = layout_.Add(kMaxTileRows * tokens * int64_t{sizeof(int32_t)});
    numerators_ = layout_.Add(kMaxTileRows * tokens);
  }

  int64_t scratch_bytes() const override { return layout_.bytes(); }

  StepUse use() const override {
    return {Scope::kImages, 0, {op_.input, op_.output}};
  }

  void Run(const BatchView& batch) const override {
    const int64_t heads = int64_t{batch.images()} * op_.heads;
    const int64_t parts = RowParts(heads, batch.workers());
    batch.ForEach(heads * parts, [&](int64_t task, int worker) {
      const int64_t part = task % parts;
      const int first = static_cast<int>(tokens_ * part / parts);
      const int end = static_cast<int>(tokens_ * (part + 1) / parts);
      const int64_t head = task / parts;
      AttendHead(batch, head / op_.heads, static_cast<int>(head % op_.heads),
                 first, end - first, batch.scratch(worker));
    });
  }

 private:
  // Each part of a head packs the head's keys and values again, so heads are
  // divided only where their number does not keep all workers busy.
  int64_t RowParts(int64_t heads, int workers) const {
    if (heads % workers == 0 || heads >= kEnoughHeads * workers) return 1;
    return std::min<int64_t>(workers, tokens_);
  }

  HeadConstants MakeConstants(int head, MemoryArena* arena) const {
    const int lanes = kernels_.lanes;
    const int64_t padded = RoundUp(head_width_, kRowPadding);
    uint8_t* const numerators = arena->AllocateArray<uint8_t>(kTableEntries);
    int32_t* const round = arena->AllocateArray<int32_t>(padded);
    int32_t* const left = arena->AllocateArray<int32_t>(padded);
    int32_t* const right = arena->AllocateArray<int32_t>(padded);
    int16_t* const multiplier = arena->AllocateArray<int16_t>(padded);
    std::copy_n(op_.numerators.data() + int64_t{head} * op_.levels, op_.levels,
                numerators);
    const int64_t first = int64_t{head} * head_width_;
    for (int c = 0; c < head_width_; ++c) {
      const RowRescale rescale = MakeRowRescale(
          op_.output_multiplier[first + c], op_.output_shift[first + c]);
      round[c] = rescale.round;
      left[c] = rescale.left;
      right[c] = rescale.right;
    }
    for (int64_t c = 0; c < padded; ++c) {
      const int64_t pair = 2 * int64_t{lanes};
      const int64_t channel =
          c / pair * pair + PackedOrder(static_cast<int>(c % pair), lanes);
      if (channel < head_width_) {
        multiplier[c] = op_.output_multiplier[first + channel];
      }
    }
    HeadConstants constants;
    constants.level_multiplier = op_.level_multiplier[head];
    constants.level_shift = op_.level_shift[head];
    constants.numerators = numerators;
    constants.round = round;
    constants.left = left;
    constants.right = right;
    constants.multiplier = multiplier;
    return constants;
  }

  void AttendHead(const BatchView& batch, int64_t image, int head, int first,
                  int rows, uint8_t* scratch) const {
    const int64_t qkv_stride = batch.stride(op_.input);
    const uint8_t* const q = batch.codes(op_.input) +
                             image * tokens_ * qkv_stride +
                             int64_t{head} * head_width_;
    PackHeadCall pack;
    pack.keys = q + width_;
    pack.values = q + 2 * int64_t{width_};
    pack.stride = qkv_stride;
    pack.tokens = tokens_;
    pack.head_width = head_width_;
    pack.packed.keys = reinterpret_cast<int8_t*>(scratch + keys_);
    pack.packed.key_bias = reinterpret_cast<int32_t*>(scratch + key_bias_);
    pack.packed.values = reinterpret_cast<int8_t*>(scratch + values_);
    pack.packed.valid = reinterpret_cast<int8_t*>(scratch + valid_);
    kernels_.pack_head(pack);

    AttendCall call;
    call.queries = q + first * qkv_stride;
    call.query_stride = qkv_stride;
    call.output_stride = batch.stride(op_.output);
    call.output = batch.codes(op_.output) +
                  (image * tokens_ + first) * call.output_stride +
                  int64_t{head} * head_width_;
    call.rows = rows;
    call.tokens = tokens_;
    call.head_width = head_width_;
    call.levels = op_.levels;
    call.constants = heads_[head];
    call.packed = pack.packed;
    call.scores = reinterpret_cast<int32_t*>(scratch + scores_);
    call.numerators = scratch + numerators_;
    kernels_.attend(call);
  }

  // Per worker; then an uneven last round costs little.
  static constexpr int kEnoughHeads = 8;

  const AttentionOp& op_;
  const KernelTable& kernels_;
  const int tokens_;
  const int width_;
  const int head_width_;
  std::vector<HeadConstants> heads_;
  ScratchLayout layout_;
  // Offsets into a worker's scratch.
  int64_t keys_, key_bias_, values_, valid_, scores_, numerators_;
};

}  // namespace

void AddSteps(const AttentionOp& op, const StepBuilder& with, StepList* steps) {
  steps->push_back(std::make_unique<AttentionStep>(op, with));
}

}  // namespace moevit::cpu
