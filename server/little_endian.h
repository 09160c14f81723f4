// The byte order of raw tensors in the Open Inference Protocol.

#ifndef MOEVIT_SERVER_LITTLE_ENDIAN_H_
#define MOEVIT_SERVER_LITTLE_ENDIAN_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace moevit {

// REQUIRES: bytes.size() >= 4.
inline uint32_t LoadLittleEndian32(absl::string_view bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

inline void AppendLittleEndian32(uint32_t value, std::string& bytes) {
  for (int i = 0; i < 4; ++i) {
    bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  }
}

}  // namespace moevit

#endif  // MOEVIT_SERVER_LITTLE_ENDIAN_H_
