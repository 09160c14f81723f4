#include "kernels/card/card_executor.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <variant>
#include <vector>

#include "base/status_macros.h"
#include "kernels/card/activation_buffers.h"
#include "kernels/card/card_step.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace {

class CardExecutor : public Executor {
 public:
  CardExecutor(std::shared_ptr<const ResidentProgram> resident,
               const CardExecutorOptions& options)
      : resident_(std::move(resident)),
        program_(resident_->program()),
        max_batch_(options.max_batch),
        keep_schedules_(options.keep_schedules),
        experts_(program_, resident_->context().tiles().token_lanes),
        routings_(program_.values.size()) {}

  absl::Status Allocate() {
    const card::CardContext& context = resident_->context();
    MOEVIT_ASSIGN_OR_RETURN(
        activations_, card::ActivationBuffers::Allocate(
                          program_, resident_->layouts(), context, max_batch_));
    MOEVIT_ASSIGN_OR_RETURN(pixels_, context.AllocateActivations(
                                         int64_t{max_batch_} * image_stride()));
    for (const Op& op : program_.ops) {
      if (const auto* const head = std::get_if<HeadOp>(&op.body)) {
        logits_layout_ = card::HeadLayout(program_, *head);
      }
    }
    MOEVIT_ASSIGN_OR_RETURN(
        logits_, context.AllocateActivations(logits_layout_.bytes(max_batch_)));
    for (const std::unique_ptr<card::CardStep>& step : resident_->steps()) {
      MOEVIT_ASSIGN_OR_RETURN(memories_.emplace_back(),
                              step->NewMemory(context, max_batch_));
    }
    return absl::OkStatus();
  }

  absl::string_view name() const override {
    return resident_->context().card().name();
  }

  absl::Status Run(int images, absl::Span<const uint8_t> pixels,
                   absl::Span<int32_t> logits, ExpertLoad* load) override {
    return RunCancellable(images, pixels, logits, load, [] { return false; });
  }

  absl::Status RunCancellable(int images, absl::Span<const uint8_t> pixels,
                              absl::Span<int32_t> logits, ExpertLoad* load,
                              absl::FunctionRef<bool()> cancelled) override {
    MOEVIT_RETURN_IF_ERROR(CheckBatch(program_, images, pixels, logits));
    for (int first = 0; first < images; first += max_batch_) {
      const int count = std::min(max_batch_, images - first);
      MOEVIT_RETURN_IF_ERROR(
          SendPixels(count, pixels.data() + first * program_.image_bytes()));
      MOEVIT_RETURN_IF_ERROR(RunSteps(count, cancelled));
      MOEVIT_RETURN_IF_ERROR(ReceiveLogits(
          count, logits.data() + int64_t{first} * program_.classes));
      if (load != nullptr) {
        experts_.AddRun([this](ValueId gate) { return GroupsOf(gate); }, load);
      }
    }
    return absl::OkStatus();
  }

 private:
  // Bytes from one image to the next in card memory.
  int64_t image_stride() const {
    return (program_.image_bytes() + hls::kWordBytes - 1) / hls::kWordBytes *
           hls::kWordBytes;
  }

  absl::Status SendPixels(int images, const uint8_t* pixels) {
    for (int i = 0; i < images; ++i) {
      std::memcpy(pixels_->host().data() + i * image_stride(),
                  pixels + i * program_.image_bytes(), program_.image_bytes());
    }
    return resident_->context().CopyToCard(pixels_.get(),
                                           images * image_stride());
  }

  absl::Status RunSteps(int images, absl::FunctionRef<bool()> cancelled) {
    card::CardBatch batch;
    batch.images = images;
    batch.context = &resident_->context();
    batch.pixels = pixels_.get();
    batch.logits = logits_.get();
    batch.values = activations_.by_value();
    batch.routings = absl::MakeSpan(routings_);
    for (size_t i = 0; i < memories_.size(); ++i) {
      if (cancelled()) return BatchCancelledError();
      if (!keep_schedules_) memories_[i].scheduled_images = 0;
      MOEVIT_RETURN_IF_ERROR(resident_->steps()[i]->Run(batch, memories_[i]));
    }
    return absl::OkStatus();
  }

  // A logit is the sum of its fine values over the head's matrices.
  absl::Status ReceiveLogits(int images, int32_t* logits) {
    MOEVIT_RETURN_IF_ERROR(resident_->context().CopyFromCard(
        logits_.get(), logits_layout_.bytes(images)));
    const uint8_t* row = logits_->host().data();
    const int64_t row_bytes = int64_t{logits_layout_.words} * hls::kWordBytes;
    for (int i = 0; i < images; ++i, logits += program_.classes) {
      std::fill_n(logits, program_.classes, 0);
      for (int m = 0; m < logits_layout_.rows; ++m, row += row_bytes) {
        const auto* const fine = reinterpret_cast<const int16_t*>(row);
        for (int n = 0; n < program_.classes; ++n) logits[n] += fine[n];
      }
    }
    return absl::OkStatus();
  }

  // Of the batch that just ran.
  const int32_t* GroupsOf(ValueId gate) const {
    return routings_[gate].first.data();
  }

  const std::shared_ptr<const ResidentProgram> resident_;
  const Program& program_;
  const int max_batch_;
  const bool keep_schedules_;
  const ExpertLoadCounter experts_;
  card::ActivationBuffers activations_;
  std::unique_ptr<CardBuffer> pixels_;
  std::unique_ptr<CardBuffer> logits_;
  card::ValueLayout logits_layout_;
  std::vector<card::StepMemory> memories_;   // by op
  std::vector<card::CardRouting> routings_;  // by ValueId
};

}  // namespace

absl::StatusOr<std::unique_ptr<Executor>> NewCardExecutor(
    std::shared_ptr<const ResidentProgram> program,
    const CardExecutorOptions& options) {
  auto executor = std::make_unique<CardExecutor>(std::move(program), options);
  MOEVIT_RETURN_IF_ERROR(executor->Allocate());
  return executor;
}

}  // namespace moevit
