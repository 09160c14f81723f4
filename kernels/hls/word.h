// The 512-bit word that every kernel reads and writes memory in.

#ifndef MOEVIT_KERNELS_HLS_WORD_H_
#define MOEVIT_KERNELS_HLS_WORD_H_

#include <cstdint>

#include "kernels/hls/sim/hls.h"

namespace moevit {
namespace hls {

constexpr int kWordBytes = 64;
constexpr int kWordCodes = kWordBytes;      // int8 activation codes per word
constexpr int kWordInt16 = kWordBytes / 2;  // int16 per word
constexpr int kWordInt32 = kWordBytes / 4;  // int32 per word

// Little endian. Memory is 64-byte aligned.
using Word = Vec<int8_t, kWordBytes>;

constexpr int CeilDivide(int value, int divisor) {
  return (value + divisor - 1) / divisor;
}

// Words of a row; what remains of the last word is zero.
constexpr int CodeWords(int channels) {
  return CeilDivide(channels, kWordCodes);
}
constexpr int Int16Words(int channels) {
  return CeilDivide(channels, kWordInt16);
}

inline uint32_t ByteAt(const Word& word, int byte) {
  return static_cast<uint8_t>(word[byte]);
}

// The index-th int16 or int32 of a word.
inline int16_t Int16At(const Word& word, int index) {
  return static_cast<int16_t>(ByteAt(word, 2 * index) |
                              ByteAt(word, 2 * index + 1) << 8);
}

inline int32_t Int32At(const Word& word, int index) {
  return static_cast<int32_t>(
      ByteAt(word, 4 * index) | ByteAt(word, 4 * index + 1) << 8 |
      ByteAt(word, 4 * index + 2) << 16 | ByteAt(word, 4 * index + 3) << 24);
}

inline void SetInt16(Word& word, int index, int16_t value) {
  word[2 * index] = static_cast<int8_t>(value & 0xff);
  word[2 * index + 1] = static_cast<int8_t>(value >> 8);
}

inline void SetInt32(Word& word, int index, int32_t value) {
  SetInt16(word, 2 * index, static_cast<int16_t>(value & 0xffff));
  SetInt16(word, 2 * index + 1, static_cast<int16_t>(value >> 16));
}

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_WORD_H_
