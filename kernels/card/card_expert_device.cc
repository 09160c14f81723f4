#include "kernels/card/card_expert_device.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "kernels/card/card_context.h"
#include "kernels/card/card_use.h"
#include "kernels/card/expert_pass.h"
#include "kernels/card/expert_slots.h"
#include "kernels/expert_layer.h"
#include "kernels/hls/word.h"
#include "kernels/reference/linear.h"

namespace moevit {
namespace {

using card::CardContext;
using card::ExpertLayouts;
using card::ExpertSlots;

// Of one launch, besides those that a single matrix may need.
constexpr int kMaxItems = 256;

struct Layer {
  const ExpertLinearOp* linear = nullptr;
  const ExpertCombineOp* combine = nullptr;
  ExpertLayouts layouts;
  std::vector<int> slots = {};  // by expert; -1: not loaded
};

card::ExpertUses UsesOf(const Layer& layer, int expert) {
  card::ExpertUses uses;
  uses[0] = card::UseForCodes(layer.linear->experts[expert]);
  uses[1].matrix = &layer.combine->experts[expert];
  return uses;
}

ExpertLayouts LayoutsOf(const ExpertLinearOp& linear,
                        const ExpertCombineOp& combine) {
  ExpertLayouts layouts;
  layouts.input = card::CodeLayout(1, linear.experts[0].matrix.in);
  layouts.hidden = card::CodeLayout(1, combine.experts[0].in);
  layouts.output = card::CodeLayout(1, combine.experts[0].out);
  layouts.output.words = hls::Int16Words(combine.experts[0].out);
  return layouts;
}

// What a program's experts need on a card.
struct Sizes {
  int64_t slot_words = 0;  // of the largest expert, on each port
  card::ExpertPassSize pass;
  int experts = 0;  // of all layers

  int64_t slot_bytes() const {
    return card::kWeightPorts * slot_words * hls::kWordBytes;
  }
};

absl::StatusOr<Sizes> SizesOf(const std::vector<Layer>& layers,
                              const hls::LinearTiles& tiles, int32_t rows) {
  Sizes sizes;
  sizes.pass.rows = rows;
  int64_t widest = 0;
  for (const Layer& layer : layers) {
    MOEVIT_ASSIGN_OR_RETURN(
        const int64_t words,
        card::ExpertWords(tiles, layer.layouts, UsesOf(layer, 0)));
    sizes.slot_words = std::max(sizes.slot_words, words);
    sizes.experts += static_cast<int>(layer.slots.size());
    int64_t* row_words = sizes.pass.row_words.data();
    for (const card::ValueLayout* layout :
         {&layer.layouts.input, &layer.layouts.hidden, &layer.layouts.output}) {
      *row_words = std::max<int64_t>(*row_words, layout->words);
      widest = std::max(widest, *row_words++);
    }
  }
  // One that is cut into items is so by words of its output.
  sizes.pass.items = kMaxItems + static_cast<int>(widest);
  return sizes;
}

// All that a reset of the card voids.
struct OnCard {
  int64_t generation = 0;
  ExpertSlots slots;
  card::ExpertPass pass;
};

class CardExpertDevice : public ExpertDevice {
 public:
  CardExpertDevice(CardDevice* card, const CardContext& context,
                   std::vector<Layer> layers, const Sizes& sizes, int slots)
      : card_(*card),
        context_(context),
        layers_(std::move(layers)),
        sizes_(sizes),
        slots_(slots) {}

  absl::string_view name() const override { return card_.card().name(); }
  int64_t memory_bytes() const override { return slots_ * sizes_.slot_bytes(); }
  int64_t ExpertBytes(int /*layer*/) const override {
    return sizes_.slot_bytes();
  }

  absl::Status Load(int layer_number, int expert) override {
    Layer& layer = layers_[layer_number];
    if (layer.slots[expert] >= 0) return absl::OkStatus();
    if (on_card_.has_value() && on_card_->slots.free() == 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat(name(), ": expert ", expert, " of layer ", layer_number,
                       " takes ", sizes_.slot_bytes(), " bytes; all of the ",
                       memory_bytes(), " are in use"));
    }
    CardUse use(&card_);
    MOEVIT_RETURN_IF_ERROR(BeginUse(use));
    const absl::StatusOr<int> slot =
        on_card_->slots.Put(context_, layer.layouts, UsesOf(layer, expert));
    if (!slot.ok()) return AsDeviceError(use.Judge(slot.status()));
    layer.slots[expert] = *slot;
    return absl::OkStatus();
  }

  void Evict(int layer, int expert) override {
    int& slot = layers_[layer].slots[expert];
    if (slot < 0) return;
    if (on_card_.has_value()) on_card_->slots.Free(slot);
    slot = -1;
  }

  absl::Status Run(const ExpertLayerCall& call,
                   absl::Span<const ExpertPart> parts) override {
    if (parts.empty()) return absl::OkStatus();
    for (const ExpertPart& part : parts) {
      if (layers_[call.layer].slots[part.expert] >= 0) continue;
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
    for (Layer& layer : layers_) {
      std::fill(layer.slots.begin(), layer.slots.end(), -1);
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
    MOEVIT_ASSIGN_OR_RETURN(on_card.pass,
                            card::ExpertPass::Allocate(context_, sizes_.pass));
    return on_card;
  }

  bool CanaryIsDue() {
    return card_.options().verification != CardVerification::kNone &&
           runs_++ % card_.options().canary_period == 0;
  }

  // Runs as many at a time as there is memory for.
  absl::Status RunParts(const ExpertLayerCall& call,
                        absl::Span<const ExpertPart> parts) {
    const Layer& layer = layers_[call.layer];
    check_ = CanaryIsDue();
    Begin(call, layer);
    for (ExpertPart left : parts) {
      const int slot = layer.slots[left.expert];
      MOEVIT_RETURN_IF_ERROR(on_card_->slots.Wait(slot, context_.timeout()));
      while (left.rows > 0) {
        if (IsFull(slot)) {
          MOEVIT_RETURN_IF_ERROR(Finish(layer));
          Begin(call, layer);
        }
        Add(slot, left);
      }
    }
    return work_.parts.empty() ? absl::OkStatus() : Finish(layer);
  }

  void Begin(const ExpertLayerCall& call, const Layer& layer) {
    work_.call = &call;
    work_.layouts = &layer.layouts;
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
    return rows_ == sizes_.pass.rows ||
           items_ + ItemsOf(slot) > sizes_.pass.items;
  }

  // Takes from `part` the rows that there is room for.
  void Add(int slot, ExpertPart& part) {
    const int32_t rows = std::min(part.rows, sizes_.pass.rows - rows_);
    work_.parts.push_back({part.expert, part.first, rows});
    work_.slots.push_back(slot);
    part.first += rows;
    part.rows -= rows;
    rows_ += rows;
    items_ += ItemsOf(slot);
  }

  // Runs what was added.
  absl::Status Finish(const Layer& layer) {
    card::ExpertPass& pass = on_card_->pass;
    const ExpertSlots& slots = on_card_->slots;
    MOEVIT_RETURN_IF_ERROR(pass.Send(context_, slots, work_));
    MOEVIT_RETURN_IF_ERROR(pass.Compute(context_, slots, work_));
    if (card_.options().verification == CardVerification::kTwice) {
      MOEVIT_RETURN_IF_ERROR(pass.ComputeAgain(context_, slots, work_));
    }
    if (check_) MOEVIT_RETURN_IF_ERROR(CheckFirstRow(layer));
    check_ = false;
    pass.Take(work_);
    return absl::OkStatus();
  }

  // Compares with the reference.
  absl::Status CheckFirstRow(const Layer& layer) const {
    const ExpertLayerCall& call = *work_.call;
    const ExpertPart& part = work_.parts.front();
    const CodeMatrix& first = layer.linear->experts[part.expert];
    const Matrix& second = layer.combine->experts[part.expert];
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
  std::vector<Layer> layers_;
  const Sizes sizes_;
  const int slots_;
  std::optional<OnCard> on_card_;  // none: lost

  // The pass that is being put together.
  card::ExpertPassWork work_;
  int32_t rows_ = 0;
  int items_ = 0;
  bool check_ = false;  // the first row of the next pass
  int64_t runs_ = 0;
};

std::vector<Layer> LayersOf(const Program& program,
                            const std::vector<ExpertLayer>& found) {
  std::vector<Layer> layers;
  for (const ExpertLayer& ops : found) {
    Layer layer;
    layer.linear = &std::get<ExpertLinearOp>(program.ops[ops.linear].body);
    layer.combine = &std::get<ExpertCombineOp>(program.ops[ops.combine].body);
    layer.layouts = LayoutsOf(*layer.linear, *layer.combine);
    layer.slots.assign(layer.linear->experts.size(), -1);
    layers.push_back(std::move(layer));
  }
  return layers;
}

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
  std::vector<Layer> layers = LayersOf(*program, found);
  MOEVIT_ASSIGN_OR_RETURN(const Sizes sizes,
                          SizesOf(layers, context.tiles(), options.max_rows));
  const int64_t room = options.memory_bytes / sizes.slot_bytes();
  if (room < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        card->card().name(), " may hold ", options.memory_bytes,
        " bytes of experts, one expert alone takes ", sizes.slot_bytes()));
  }
  const int slots = static_cast<int>(std::min<int64_t>(room, sizes.experts));
  auto device = std::make_unique<CardExpertDevice>(
      card, context, std::move(layers), sizes, slots);
  // Makes room as after a loss.
  MOEVIT_RETURN_IF_ERROR(device->Restore());
  return device;
}

}  // namespace moevit
