// The classifier: one matrix per input row of an image, their results added.

#include <algorithm>
#include <memory>
#include <vector>

#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/step.h"

namespace moevit::cpu {
namespace {

// Images per task, whose fine values fit the scratch memory.
constexpr int kImages = 32;
// Panels per task.
constexpr int kPanels = 4;

class HeadStep : public Step {
 public:
  HeadStep(const HeadOp& op, const StepBuilder& with)
      : op_(op),
        kernels_(*with.kernels),
        classes_(with.program->classes),
        stride_(RoundUp(classes_, kRowPadding)) {
    for (const Matrix& matrix : op.matrices) {
      matrices_.push_back(
          PackMatrix(matrix, with.kernels->lanes, with.weights));
    }
  }

  int64_t scratch_bytes() const override {
    return kImages * stride_ * int64_t{sizeof(int16_t)};
  }

  StepUse use() const override { return {Scope::kImages, 0, {op_.input}}; }

  void Run(const BatchView& batch) const override {
    const int panels = matrices_[0].panels;
    const int64_t groups = DivideUp(panels, kPanels);
    const int64_t blocks = DivideUp(batch.images(), kImages);
    batch.ForEach(blocks * groups, [&](int64_t task, int worker) {
      ProductCall product;
      const int first = static_cast<int>(task / groups) * kImages;
      product.rows = std::min(kImages, batch.images() - first);
      product.first_panel = static_cast<int>(task % groups) * kPanels;
      product.end_panel = std::min(product.first_panel + kPanels, panels);
      AddRows(batch, first, product,
              reinterpret_cast<int16_t*>(batch.scratch(worker)));
    });
  }

 private:
  void AddRows(const BatchView& batch, int first_image, ProductCall product,
               int16_t* fine) const {
    const int panel_width = kPanelVectors * kernels_.lanes;
    const int first = std::min(product.first_panel * panel_width, classes_);
    const int end = std::min(product.end_panel * panel_width, classes_);
    const int64_t row_stride = batch.stride(op_.input);
    const auto input_rows = static_cast<int64_t>(matrices_.size());
    int32_t* const logits =
        batch.logits(classes_) + int64_t{first_image} * classes_;
    for (int64_t row = 0; row < input_rows; ++row) {
      product.matrix = &matrices_[row];
      product.input = {batch.codes(op_.input) +
                           (first_image * input_rows + row) * row_stride,
                       input_rows * row_stride};
      WideProductCall call;
      call.product = product;
      call.output = {fine, stride_};
      kernels_.wide_product(call);
      for (int image = 0; image < product.rows; ++image) {
        const int16_t* const from = fine + image * stride_;
        int32_t* const to = logits + int64_t{image} * classes_;
        for (int n = first; n < end; ++n) {
          to[n] = (row == 0 ? 0 : to[n]) + from[n];
        }
      }
    }
  }

  const HeadOp& op_;
  const KernelTable& kernels_;
  const int classes_;
  const int64_t stride_;
  std::vector<PackedMatrix> matrices_;
};

}  // namespace

void AddSteps(const HeadOp& op, const StepBuilder& with, StepList* steps) {
  steps->push_back(std::make_unique<HeadStep>(op, with));
}

}  // namespace moevit::cpu
