// Writes the parameters of the attention and vector kernels: a header, then
// arrays, each from a new word on (kernels/hls/descriptor.h).

#ifndef MOEVIT_KERNELS_CARD_PARAMETER_WRITER_H_
#define MOEVIT_KERNELS_CARD_PARAMETER_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "kernels/card/card.h"
#include "kernels/card/card_context.h"
#include "kernels/hls/word.h"

namespace moevit::card {

class ParameterWriter {
 public:
  // Appends the elements and zeros up to the end of the last word.
  template <typename T>
  void Add(absl::Span<const T> elements) {
    static_assert(std::is_trivially_copyable_v<T>);
    AddBytes(elements.data(), elements.size() * sizeof(T));
  }

  template <typename T>
  void AddHeader(const T& header) {
    static_assert(sizeof(T) == hls::kWordBytes);
    Add(absl::MakeConstSpan(&header, 1));
  }

  // Puts what was written into card memory that `port` reaches.
  template <typename Port>
  absl::StatusOr<std::unique_ptr<CardBuffer>> Load(const CardContext& context,
                                                   Port port) const {
    const auto size = static_cast<int64_t>(bytes_.size());
    MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<CardBuffer> buffer,
                            context.Allocate(port, size));
    std::memcpy(buffer->host().data(), bytes_.data(), bytes_.size());
    MOEVIT_RETURN_IF_ERROR(context.Store(buffer.get()));
    return buffer;
  }

 private:
  void AddBytes(const void* data, size_t size);

  std::vector<uint8_t> bytes_;
};

inline void ParameterWriter::AddBytes(const void* data, size_t size) {
  const auto* const bytes = static_cast<const uint8_t*>(data);
  bytes_.insert(bytes_.end(), bytes, bytes + size);
  while (bytes_.size() % hls::kWordBytes != 0) bytes_.push_back(0);
}

}  // namespace moevit::card

#endif  // MOEVIT_KERNELS_CARD_PARAMETER_WRITER_H_
