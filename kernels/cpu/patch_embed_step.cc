// From the image to tokens: a matrix product of patches read from the pixels.

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

// Patches copied and multiplied at a time.
constexpr int kPatches = 24;

class PatchEmbedStep : public Step {
 public:
  PatchEmbedStep(const PatchEmbedOp& op, const StepBuilder& with)
      : op_(op),
        kernels_(*with.kernels),
        row_bytes_(with.program->image_size * with.program->channels),
        patch_row_bytes_(op.patch_size * with.program->channels),
        side_(with.program->image_size / op.patch_size),
        patch_stride_(RoundUp(op.matrix.in, kRowPadding)),
        width_stride_(RoundUp(op.matrix.out, kRowPadding)),
        prefix_rows_(static_cast<int>(op.prefix.size()) / op.matrix.out),
        matrix_(PackMatrix(op.matrix, with.kernels->lanes, with.weights)),
        prefix_(PadRows(op.prefix, with.weights)),
        positions_(PadRows(op.positions, with.weights)) {}

  int64_t scratch_bytes() const override { return kPatches * patch_stride_; }

  StepUse use() const override { return {Scope::kImages, 0, {op_.output}}; }

  void Run(const BatchView& batch) const override {
    const int patches = side_ * side_;
    const int64_t blocks = DivideUp(patches, kPatches);
    const int64_t tasks = batch.images() * blocks;
    batch.ForEach(tasks, [&](int64_t task, int worker) {
      const int64_t image = task / blocks;
      const int64_t block = task % blocks;
      const int first = static_cast<int>(patches * block / blocks);
      const int end = static_cast<int>(patches * (block + 1) / blocks);
      EmbedPatches(batch, image, first, end - first, batch.scratch(worker));
    });
  }

 private:
  const int16_t* PadRows(const std::vector<int16_t>& rows,
                         MemoryArena* arena) const {
    const int width = op_.matrix.out;
    const int64_t count = static_cast<int64_t>(rows.size()) / width;
    int16_t* const padded =
        arena->AllocateArray<int16_t>(count * width_stride_);
    for (int64_t i = 0; i < count; ++i) {
      std::copy_n(rows.data() + i * width, width, padded + i * width_stride_);
    }
    return padded;
  }

  // Pixels are codes + 128 already.
  void CopyPatch(const uint8_t* image, int patch, uint8_t* to) const {
    const uint8_t* from = image +
                          int64_t{patch / side_} * op_.patch_size * row_bytes_ +
                          int64_t{patch % side_} * patch_row_bytes_;
    for (int y = 0; y < op_.patch_size; ++y) {
      std::memcpy(to, from, patch_row_bytes_);
      from += row_bytes_;
      to += patch_row_bytes_;
    }
  }

  void EmbedPatches(const BatchView& batch, int64_t image, int first, int count,
                    uint8_t* patches) const {
    const uint8_t* const pixels =
        batch.pixels() + image * row_bytes_ * side_ * op_.patch_size;
    for (int i = 0; i < count; ++i) {
      CopyPatch(pixels, first + i, patches + i * patch_stride_);
    }
    int16_t* const tokens =
        batch.wide(op_.output) +
        image * batch.rows_per_image(op_.output) * width_stride_;
    if (first == 0) {
      std::copy_n(prefix_, prefix_rows_ * width_stride_, tokens);
    }
    WideProductCall call;
    call.product.matrix = &matrix_;
    call.product.end_panel = matrix_.panels;
    call.product.rows = count;
    call.product.input = {patches, patch_stride_};
    call.residual = {positions_ + first * width_stride_, width_stride_};
    call.output = {tokens + (prefix_rows_ + first) * width_stride_,
                   width_stride_};
    kernels_.wide_product(call);
  }

  const PatchEmbedOp& op_;
  const KernelTable& kernels_;
  const int64_t row_bytes_;        // of the image
  const int64_t patch_row_bytes_;  // of a patch
  const int side_;                 // patches per row and per column
  const int64_t patch_stride_;
  const int64_t width_stride_;
  const int prefix_rows_;
  const PackedMatrix matrix_;
  const int16_t* const prefix_;     // [prefix_rows_, width_stride_]
  const int16_t* const positions_;  // [patches, width_stride_]
};

}  // namespace

void AddSteps(const PatchEmbedOp& op, const StepBuilder& with,
              StepList* steps) {
  steps->push_back(std::make_unique<PatchEmbedStep>(op, with));
}

}  // namespace moevit::cpu
