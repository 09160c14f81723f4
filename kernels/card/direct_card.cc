#include "kernels/card/direct_card.h"

#include <cstring>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/card/card_units.h"
#include "kernels/hls/word.h"

namespace moevit {
namespace {

using hls::Word;

enum Unit { kLinear, kAttention, kVector };

ComputeUnit UnitOf(const std::string& kernel, int pointers) {
  ComputeUnit unit;
  unit.kernel = kernel;
  unit.instance = kernel + "_1";
  for (int i = 0; i < pointers; ++i) {
    KernelParameter& parameter = unit.parameters.emplace_back();
    parameter.name = absl::StrCat("pointer", i);
    parameter.bytes = 8;
    parameter.is_pointer = true;
    parameter.bank = 0;
  }
  KernelParameter& count = unit.parameters.emplace_back();
  count.name = "count";
  count.bytes = 4;
  return unit;
}

class DirectBuffer : public CardBuffer {
 public:
  explicit DirectBuffer(size_t bytes)
      : bytes_(bytes),
        host_((bytes + sizeof(Page) - 1) / sizeof(Page)),
        card_(host_.size()) {}

  int bank() const override { return 0; }
  absl::Span<uint8_t> host() override {
    return absl::MakeSpan(host_.front().bytes, bytes_);
  }
  uint8_t* card() { return card_.front().bytes; }

 private:
  struct alignas(4096) Page {
    uint8_t bytes[4096];
  };

  const size_t bytes_;
  std::vector<Page> host_;
  std::vector<Page> card_;
};

// What was started has already ended.
class DoneOperation : public CardOperation {
 public:
  absl::Status Wait(absl::Time /*deadline*/) override {
    return absl::OkStatus();
  }
};

class DirectCard : public Card {
 public:
  DirectCard(const std::string& name, LinearFunction* linear)
      : name_(name),
        linear_(linear),
        units_({UnitOf(kLinearKernel, 6), UnitOf(kAttentionKernel, 3),
                UnitOf(kVectorKernel, 5)}) {}

  absl::string_view name() const override { return name_; }
  bool emulated() const override { return true; }
  const std::vector<ComputeUnit>& compute_units() const override {
    return units_;
  }

  absl::StatusOr<std::unique_ptr<CardBuffer>> Allocate(size_t bytes,
                                                       int bank) override {
    if (bytes == 0 || bank != 0) {
      return absl::InvalidArgumentError(absl::StrCat(
          bytes, " bytes in bank ", bank, " of a card with bank ", "0 only"));
    }
    return std::make_unique<DirectBuffer>(bytes);
  }

  absl::StatusOr<std::unique_ptr<CardOperation>> CopyToCard(
      CardBuffer* buffer, size_t offset, size_t bytes) override {
    return Copy(buffer, offset, bytes, /*to_card=*/true);
  }
  absl::StatusOr<std::unique_ptr<CardOperation>> CopyFromCard(
      CardBuffer* buffer, size_t offset, size_t bytes) override {
    return Copy(buffer, offset, bytes, /*to_card=*/false);
  }

  absl::StatusOr<std::unique_ptr<CardOperation>> Launch(
      size_t unit, absl::Span<const KernelArgument> arguments) override {
    if (unit >= units_.size() ||
        arguments.size() != units_[unit].parameters.size()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "no unit ", unit, " with ", arguments.size(), " arguments"));
    }
    const int32_t count = std::get<int32_t>(arguments.back());
    switch (unit) {
      case kLinear:
        linear_(Pointer(arguments[0]), Pointer(arguments[1]),
                Pointer(arguments[2]), Pointer(arguments[3]),
                Pointer(arguments[4]), Pointer(arguments[5]), count);
        break;
      case kAttention:
        moevit_attention(Pointer(arguments[0]), Pointer(arguments[1]),
                         Pointer(arguments[2]), count);
        break;
      case kVector:
        moevit_vector(Pointer(arguments[0]), Pointer(arguments[1]),
                      Pointer(arguments[2]), Pointer(arguments[3]),
                      Pointer(arguments[4]), count);
        break;
    }
    return std::make_unique<DoneOperation>();
  }

  absl::StatusOr<double> PowerWatts() override {
    return absl::UnavailableError("no card, no power");
  }

  absl::Status Reset() override { return absl::OkStatus(); }

 private:
  static DirectBuffer& Direct(CardBuffer* buffer) {
    return static_cast<DirectBuffer&>(*buffer);
  }

  static Word* Pointer(const KernelArgument& argument) {
    return reinterpret_cast<Word*>(
        Direct(std::get<CardBuffer*>(argument)).card());
  }

  static absl::StatusOr<std::unique_ptr<CardOperation>> Copy(CardBuffer* buffer,
                                                             size_t offset,
                                                             size_t bytes,
                                                             bool to_card) {
    const absl::Span<uint8_t> host = buffer->host();
    if (offset > host.size() || bytes > host.size() - offset) {
      return absl::InvalidArgumentError(
          absl::StrCat("copy of ", bytes, " bytes at ", offset,
                       " exceeds a buffer of ", host.size()));
    }
    uint8_t* const on_host = host.data() + offset;
    uint8_t* const on_card = Direct(buffer).card() + offset;
    std::memcpy(to_card ? on_card : on_host, to_card ? on_host : on_card,
                bytes);
    return std::make_unique<DoneOperation>();
  }

  const std::string name_;
  LinearFunction* const linear_;
  const std::vector<ComputeUnit> units_;
};

}  // namespace

std::unique_ptr<Card> NewDirectCard(const std::string& name,
                                    LinearFunction* linear) {
  return std::make_unique<DirectCard>(name, linear);
}

}  // namespace moevit
