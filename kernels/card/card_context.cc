#include "kernels/card/card_context.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "kernels/card/card_units.h"
#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/word.h"

namespace moevit::card {
namespace {

constexpr int kLinearPointers = 6;
constexpr int kAttentionPointers = 3;
constexpr int kVectorPointers = 5;

// Every kernel: its pointers, then one int32.
absl::Status CheckParameters(const ComputeUnit& unit, int pointers) {
  bool fits = static_cast<int>(unit.parameters.size()) == pointers + 1;
  for (int i = 0; fits && i <= pointers; ++i) {
    const KernelParameter& parameter = unit.parameters[i];
    fits = i < pointers ? parameter.is_pointer
                        : !parameter.is_pointer && parameter.bytes == 4;
  }
  if (fits) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("kernel ", unit.kernel, " of the card image has other ",
                   "parameters than this program expects: ", pointers,
                   " pointers and one int32"));
}

// The `pipeline`-th unit that runs `kernel`.
absl::StatusOr<size_t> FindUnit(const Card& card, absl::string_view kernel,
                                int pipeline, int pointers) {
  std::vector<size_t> found;
  for (size_t i = 0; i < card.compute_units().size(); ++i) {
    if (card.compute_units()[i].kernel == kernel) found.push_back(i);
  }
  if (found.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the image on ", card.name(), " has no kernel ", kernel));
  }
  const size_t unit = found[static_cast<size_t>(pipeline) % found.size()];
  MOEVIT_RETURN_IF_ERROR(CheckParameters(card.compute_units()[unit], pointers));
  return unit;
}

}  // namespace

absl::StatusOr<CardContext> CardContext::Create(Card* card, int pipeline,
                                                absl::Duration timeout) {
  CardContext context;
  context.card_ = card;
  context.timeout_ = timeout;
  MOEVIT_ASSIGN_OR_RETURN(context.linear_, FindUnit(*card, kLinearKernel,
                                                    pipeline, kLinearPointers));
  MOEVIT_ASSIGN_OR_RETURN(
      context.attention_,
      FindUnit(*card, kAttentionKernel, pipeline, kAttentionPointers));
  MOEVIT_ASSIGN_OR_RETURN(context.vector_, FindUnit(*card, kVectorKernel,
                                                    pipeline, kVectorPointers));
  MOEVIT_RETURN_IF_ERROR(context.CheckBanks());
  MOEVIT_RETURN_IF_ERROR(context.AskForTiles());
  return context;
}

int CardContext::Bank(size_t unit, int parameter) const {
  return card_->compute_units()[unit].parameters[parameter].bank;
}

absl::Status CardContext::CheckBanks() const {
  const int bank = Bank(linear_, static_cast<int>(LinearPort::kInput));
  struct Port {
    size_t unit;
    int parameter;
  };
  for (const Port& port : {
           Port{linear_, static_cast<int>(LinearPort::kResidual)},
           Port{linear_, static_cast<int>(LinearPort::kOutput)},
           Port{attention_, static_cast<int>(AttentionPort::kInput)},
           Port{attention_, static_cast<int>(AttentionPort::kOutput)},
           Port{vector_, static_cast<int>(VectorPort::kInput)},
           Port{vector_, static_cast<int>(VectorPort::kResidual)},
           Port{vector_, static_cast<int>(VectorPort::kRouting)},
           Port{vector_, static_cast<int>(VectorPort::kOutput)},
       }) {
    const ComputeUnit& unit = card_->compute_units()[port.unit];
    if (Bank(port.unit, port.parameter) == bank) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "unit ", unit.instance, ": parameter ",
        unit.parameters[port.parameter].name, " is connected to bank ",
        Bank(port.unit, port.parameter), ", other activations to bank ", bank));
  }
  return absl::OkStatus();
}

absl::Status CardContext::AskForTiles() {
  // Only the answer is touched.
  MOEVIT_ASSIGN_OR_RETURN(const auto schedule,
                          Allocate(LinearPort::kSchedule, hls::kWordBytes));
  MOEVIT_ASSIGN_OR_RETURN(const auto weights0,
                          Allocate(LinearPort::kWeights0, hls::kWordBytes));
  MOEVIT_ASSIGN_OR_RETURN(const auto weights1,
                          Allocate(LinearPort::kWeights1, hls::kWordBytes));
  MOEVIT_ASSIGN_OR_RETURN(const auto answer,
                          AllocateActivations(hls::kWordBytes));
  MOEVIT_RETURN_IF_ERROR(Store(answer.get()));
  MOEVIT_RETURN_IF_ERROR(RunLinear(schedule.get(), weights0.get(),
                                   weights1.get(), answer.get(), answer.get(),
                                   answer.get(), hls::kAskForTiles));
  MOEVIT_RETURN_IF_ERROR(CopyFromCard(answer.get(), hls::kWordBytes));
  hls::Word word;
  std::memcpy(word.lanes, answer->host().data(), sizeof(word.lanes));
  if (hls::ReadTiles(word, tiles_)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "unit ", card_->compute_units()[linear_].instance, " of the image on ",
      card_->name(), " does not tell its sizes: was the image built from the ",
      "sources of this program?"));
}

absl::StatusOr<std::unique_ptr<CardBuffer>> CardContext::Allocate(
    LinearPort port, int64_t bytes) const {
  return Allocate(linear_, static_cast<int>(port), bytes);
}

absl::StatusOr<std::unique_ptr<CardBuffer>> CardContext::Allocate(
    AttentionPort port, int64_t bytes) const {
  return Allocate(attention_, static_cast<int>(port), bytes);
}

absl::StatusOr<std::unique_ptr<CardBuffer>> CardContext::Allocate(
    VectorPort port, int64_t bytes) const {
  return Allocate(vector_, static_cast<int>(port), bytes);
}

absl::StatusOr<std::unique_ptr<CardBuffer>> CardContext::Allocate(
    size_t unit, int parameter, int64_t bytes) const {
  const int64_t words = (bytes + hls::kWordBytes - 1) / hls::kWordBytes;
  MOEVIT_ASSIGN_OR_RETURN(
      std::unique_ptr<CardBuffer> buffer,
      card_->Allocate(static_cast<size_t>(words * hls::kWordBytes),
                      Bank(unit, parameter)));
  std::memset(buffer->host().data(), 0, buffer->host().size());
  return buffer;
}

absl::Status CardContext::Store(CardBuffer* buffer) const {
  const absl::Span<const uint8_t> host = buffer->host();
  const auto size = static_cast<int64_t>(host.size());
  const std::vector<uint8_t> stored(host.begin(), host.end());
  MOEVIT_RETURN_IF_ERROR(CopyToCard(buffer, size));
  MOEVIT_RETURN_IF_ERROR(CopyFromCard(buffer, size));
  if (host == absl::MakeConstSpan(stored)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(size, " bytes read back from ",
                                          card_->name(),
                                          " are not what was stored"));
}

absl::Status CardContext::CopyToCard(CardBuffer* buffer, int64_t bytes) const {
  MOEVIT_ASSIGN_OR_RETURN(
      const std::unique_ptr<CardOperation> copy,
      card_->CopyToCard(buffer, 0, static_cast<size_t>(bytes)));
  return copy->Wait(absl::Now() + timeout_);
}

absl::Status CardContext::CopyFromCard(CardBuffer* buffer,
                                       int64_t bytes) const {
  MOEVIT_ASSIGN_OR_RETURN(
      const std::unique_ptr<CardOperation> copy,
      card_->CopyFromCard(buffer, 0, static_cast<size_t>(bytes)));
  return copy->Wait(absl::Now() + timeout_);
}

absl::Status CardContext::RunLinear(CardBuffer* schedule, CardBuffer* weights0,
                                    CardBuffer* weights1, CardBuffer* input,
                                    CardBuffer* residual, CardBuffer* output,
                                    int32_t items) const {
  return Launch(linear_,
                {schedule, weights0, weights1, input, residual, output, items});
}

absl::Status CardContext::RunAttention(CardBuffer* input,
                                       CardBuffer* parameters,
                                       CardBuffer* output,
                                       int32_t images) const {
  return Launch(attention_, {input, parameters, output, images});
}

absl::Status CardContext::RunVector(CardBuffer* parameters, CardBuffer* input,
                                    CardBuffer* residual, CardBuffer* routing,
                                    CardBuffer* output, int32_t images) const {
  return Launch(vector_,
                {parameters, input, residual, routing, output, images});
}

absl::Status CardContext::Launch(
    size_t unit, absl::Span<const KernelArgument> arguments) const {
  MOEVIT_ASSIGN_OR_RETURN(const std::unique_ptr<CardOperation> launch,
                          card_->Launch(unit, arguments));
  return launch->Wait(absl::Now() + timeout_);
}

}  // namespace moevit::card
