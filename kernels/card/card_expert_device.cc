#include "kernels/card/card_expert_device.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "kernels/card/card_context.h"
#include "kernels/card/card_use.h"
#include "kernels/card/expert_pass.h"
#include "kernels/card/expert_shapes.h"
#include "kernels/card/expert_slots.h"
#include "kernels/expert_layer.h"
#include "kernels/reference/linear.h"

namespace moevit {
namespace {

using card::CardContext;
using card::ExpertShape;
using card::ExpertSizes;
using card::ExpertSlots;

// Of one launch, besides those that a single matrix may need.
constexpr int kMaxItems = 256;

constexpr int kNotLoaded = -1;

// All that a reset of the card voids.
struct OnCard {
  int64_t generation = 0;
  ExpertSlots slots;
  card::ExpertPass pass;
};

class CardExpertDevice : public ExpertDevice {
 public:
  CardExpertDevice(CardDevice* card, const CardContext& context,
                   std::vector<ExpertShape> layers, const ExpertSizes& sizes,
                   int slots, int32_t max_rows)
      : card_(*card),
        context_(context),
        layers_(std::move(layers)),
        sizes_(sizes),
        slots_(slots),
        max_rows_(max_rows),
        max_items_(kMaxItems + sizes.items) {
    for (const ExpertShape& layer : layers_) {
      slot_of_.emplace_back(layer.experts(), kNotLoaded);
    }
  }

  absl::string_view name() const override { return card_.card().name(); }
  int64_t memory_bytes() const override { return slots_ * sizes_.slot_bytes(); }
  int64_t ExpertBytes(int /*layer*/) const override {
    return sizes_.slot_bytes();
  }
  int tile_rows() const override { return context_.tiles().token_lanes; }

  absl::Status Load(int layer, int expert) override {
    int& slot_of_expert = slot_of_[layer][expert];
    if (slot_of_expert != kNotLoaded) return absl::OkStatus();
    if (on_card_.has_value() && on_card_->slots.free() == 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat(name(), ": expert ", expert, " of layer ", layer,
                       " takes ", sizes_.slot_bytes(), " bytes; all of the ",
                       memory_bytes(), " are in use"));
    }
    CardUse use(&card_);
    MOEVIT_RETURN_IF_ERROR(BeginUse(use));
    const absl::StatusOr<int> slot =
        on_card_->slots.Put(context_, layers_[layer], expert);
    if (!slot.ok()) return AsDeviceError(use.Judge(slot.status()));
    slot_of_expert = *slot;
    return absl::OkStatus();
  }

  void Evict(int layer, int expert) override {
    int& slot = slot_of_[layer][expert];
    if (slot == kNotLoaded) return;
    if (on_card_.has_value()) on_card_->slots.Free(slot);
    slot = kNotLoaded;
  }

  absl::Status Run(const ExpertLayerCall& call,
                   absl::Span<const ExpertPart> parts) override {
    if (parts.empty()) return absl::OkStatus();
    for (const ExpertPart& part : parts) {
      if (slot_of_[call.layer][part.expert] != kNotLoaded) continue;
      return absl::InternalError(absl::StrCat(name(), ": expert ", part.expert,
                                              " of layer ", call.layer,
                                              " was never loaded"));
    }
    CardUse use(&card_);
    MOEVIT_RETURN_IF_ERROR(BeginUse(use));
    return AsDeviceError(use.Judge(RunParts(call, parts)));
  }

  absl::Status Restore() override {
    on_card_.reset();
    for (std::vector<int>& slots : slot_of_) {
      std::fill(slots.begin(), slots.end(), kNotLoaded);
    }
    CardUse use(&card_);
    MOEVIT_RETURN_IF_ERROR(use.Begin());
    absl::StatusOr<OnCard> allocated = Allocate();
    if (!allocated.ok()) return AsDeviceError(use.Judge(allocated.status()));
    on_card_ = *std::move(allocated);
    on_card_->generation = use.generation();
    return absl::OkStatus();
  }

 private:
  absl::Status BeginUse(CardUse& use) const {
    MOEVIT_RETURN_IF_ERROR(use.Begin());
    if (on_card_.has_value() && on_card_->generation == use.generation()) {
      return absl::OkStatus();
    }
    return absl::UnavailableError(absl::StrCat(
        name(), " was reset since experts were loaded on it last"));
  }

  absl::StatusOr<OnCard> Allocate() const {
    OnCard on_card;
    MOEVIT_ASSIGN_OR_RETURN(
        on_card.slots,
        ExpertSlots::Allocate(context_, slots_, sizes_.slot_words));
    MOEVIT_ASSIGN_OR_RETURN(
        on_card.pass,
        card::ExpertPass::Allocate(context_, sizes_, max_rows_, max_items_));
    return on_card;
  }

  bool CanaryIsDue() {
    return card_.options().verification != CardVerification::kNone &&
           runs_++ % card_.options().canary_period == 0;
  }

  // Runs as many at a time as there is memory for.
  absl::Status RunParts(const ExpertLayerCall& call,
                        absl::Span<const ExpertPart> parts) {
    check_ = CanaryIsDue();
    Begin(call);
    for (ExpertPart left : parts) {
      const int slot = slot_of_[call.layer][left.expert];
      MOEVIT_RETURN_IF_ERROR(on_card_->slots.Wait(slot, context_.timeout()));
      while (left.rows > 0) {
        if (IsFull(slot)) {
          MOEVIT_RETURN_IF_ERROR(Finish());
          Begin(call);
        }
        Add(slot, left);
      }
    }
    return work_.parts.empty() ? absl::OkStatus() : Finish();
  }

  void Begin(const ExpertLayerCall& call) {
    work_.call = &call;
    work_.layer = &layers_[call.layer];
    work_.parts.clear();
    work_.slots.clear();
    rows_ = 0;
    items_ = 0;
  }

  int ItemsOf(int slot) const {
    return static_cast<int>(std::max(on_card_->slots.items(slot, 0).size(),
                                     on_card_->slots.items(slot, 1).size()));
  }

  bool IsFull(int slot) const {
    return rows_ == max_rows_ || items_ + ItemsOf(slot) > max_items_;
  }

  // Takes from `part` the rows that there is room for.
  void Add(int slot, ExpertPart& part) {
    const int32_t rows = std::min(part.rows, max_rows_ - rows_);
    work_.parts.push_back({part.expert, part.first, rows});
    work_.slots.push_back(slot);
    part.first += rows;
    part.rows -= rows;
    rows_ += rows;
    items_ += ItemsOf(slot);
  }

  // Runs what was added.
  absl::Status Finish() {
    card::ExpertPass& pass = on_card_->pass;
    const ExpertSlots& slots = on_card_->slots;
    MOEVIT_RETURN_IF_ERROR(pass.Send(context_, slots, work_));
    MOEVIT_RETURN_IF_ERROR(pass.Compute(context_, slots, work_));
    if (card_.options().verification == CardVerification::kTwice) {
      MOEVIT_RETURN_IF_ERROR(pass.ComputeAgain(context_, slots, work_));
    }
    if (check_) MOEVIT_RETURN_IF_ERROR(CheckFirstRow());
    check_ = false;
    pass.Take(work_);
    return absl::OkStatus();
  }

  // Compares with the reference.
  absl::Status CheckFirstRow() const {
    const ExpertLayerCall& call = *work_.call;
    const ExpertPart& part = work_.parts.front();
    const CodeMatrix& first = work_.layer->linear->experts[part.expert];
    const Matrix& second = work_.layer->combine->experts[part.expert];
    std::vector<uint8_t> input(first.matrix.in);
    std::vector<int8_t> hidden(first.matrix.out);
    card::ConvertCodes(
        call.codes + int64_t{call.tokens[part.first]} * call.code_stride,
        first.matrix.in, input.data());
    reference::CodeRow(first, reinterpret_cast<const int8_t*>(input.data()),
                       hidden.data());
    const int16_t* const output = on_card_->pass.first_output();
    for (int n = 0; n < second.out; ++n) {
      if (output[n] == reference::FineProduct(second, n, hidden.data())) {
        continue;
      }
      return absl::DataLossError(
          absl::StrCat(name(), " gave a wrong output for expert ", part.expert,
                       " of layer ", call.layer));
    }
    return absl::OkStatus();
  }

  CardDevice& card_;
  const CardContext context_;
  const std::vector<ExpertShape> layers_;
  const ExpertSizes sizes_;
  const int slots_;
  const int32_t max_rows_;                 // of one pass
  const int max_items_;                    // of each of its linears
  std::optional<OnCard> on_card_;          // none: lost
  std::vector<std::vector<int>> slot_of_;  // by layer and expert

  // The pass that is being put together.
  card::ExpertPassWork work_;
  int32_t rows_ = 0;
  int items_ = 0;
  bool check_ = false;  // the first row of the next pass
  int64_t runs_ = 0;
};

// Holds over resets: the image stays the same.
absl::StatusOr<CardContext> NewContext(CardDevice* card, int pipeline) {
  CardUse use(card);
  MOEVIT_RETURN_IF_ERROR(use.Begin());
  absl::StatusOr<CardContext> context =
      CardContext::Create(&card->card(), pipeline, card->options().timeout);
  if (!context.ok()) return AsDeviceError(use.Judge(context.status()));
  return context;
}

}  // namespace

absl::StatusOr<int64_t> ExpertBytesOn(CardDevice* card,
                                      const Program& program) {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<ExpertLayer> found,
                          FindExpertLayers(program));
  if (found.empty()) return 0;
  MOEVIT_ASSIGN_OR_RETURN(const CardContext context,
                          NewContext(card, /*pipeline=*/0));
  MOEVIT_ASSIGN_OR_RETURN(
      const ExpertSizes sizes,
      card::SizesOf(card::ShapesOf(program, found), context.tiles()));
  return sizes.experts * sizes.slot_bytes();
}

absl::StatusOr<std::unique_ptr<ExpertDevice>> NewCardExpertDevice(
    CardDevice* card, const Program* program,
    const CardExpertDeviceOptions& options) {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<ExpertLayer> found,
                          FindExpertLayers(*program));
  if (found.empty()) {
    return absl::InvalidArgumentError("a program without experts");
  }
  MOEVIT_ASSIGN_OR_RETURN(const CardContext context,
                          NewContext(card, options.pipeline));
  std::vector<ExpertShape> layers = card::ShapesOf(*program, found);
  MOEVIT_ASSIGN_OR_RETURN(const ExpertSizes sizes,
                          card::SizesOf(layers, context.tiles()));
  const int64_t room = options.memory_bytes / sizes.slot_bytes();
  if (room < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        card->card().name(), " may hold ", options.memory_bytes,
        " bytes of experts, one expert alone takes ", sizes.slot_bytes()));
  }
  const int slots = static_cast<int>(std::min<int64_t>(room, sizes.experts));
  auto device = std::make_unique<CardExpertDevice>(
      card, context, std::move(layers), sizes, slots, options.max_rows);
  // Makes room as after a loss.
  MOEVIT_RETURN_IF_ERROR(device->Restore());
  return device;
}

}  // namespace moevit
