// Keys and values of one head of one image, rearranged for products: what
// PackMatrix does with weights, done for activations while the network runs.

#ifndef MOEVIT_KERNELS_CPU_SIMD_PACK_HEAD_H_
#define MOEVIT_KERNELS_CPU_SIMD_PACK_HEAD_H_

#include <cstdint>

#include "kernels/cpu/kernel_table.h"

namespace moevit::cpu {

// Below every score of admitted head widths, whose magnitude is at most 2^24,
// and near enough for differences to fit 32 bits.
constexpr int32_t kNoScore = -(1 << 30);

// Columns that InterleaveRows and TransposeQuads take at once.
constexpr int kBlockColumns = 16;

constexpr int RoundUpTo(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Quads [first, end) of one key; zero beyond the head, whose neighbour's
// channels must not count.
template <typename S>
inline void PackKey(const uint8_t* key, int head_width, int first, int end,
                    int8_t* lane) {
  for (int q = first; q < end; ++q) {
    for (int i = 0; i < kQuad; ++i) {
      const int c = q * kQuad + i;
      lane[int64_t{q} * S::kLanes * kQuad + i] = static_cast<int8_t>(
          key != nullptr && c < head_width ? key[c] - kCodeOffset : 0);
    }
  }
}

template <typename S>
void PackKeys(const PackHeadCall& call) {
  constexpr int64_t kStep = int64_t{S::kLanes} * kQuad;
  const int quads = (call.head_width + kQuad - 1) / kQuad;
  const int block_quads =
      call.head_width / kBlockColumns * (kBlockColumns / kQuad);
  const int keys = RoundUpTo(call.tokens, S::kLanes);
  for (int j = 0; j < keys; j += kQuad) {
    const uint8_t* rows[kQuad];
    for (int i = 0; i < kQuad; ++i) {
      rows[i] =
          j + i < call.tokens ? call.keys + (j + i) * call.stride : nullptr;
    }
    int8_t* const lanes = call.packed.keys + j / S::kLanes * (quads * kStep) +
                          j % S::kLanes * kQuad;
    int done = 0;
    if (rows[kQuad - 1] != nullptr) {
      for (; done < block_quads; done += kBlockColumns / kQuad) {
        const uint8_t* blocks[kQuad];
        for (int i = 0; i < kQuad; ++i) blocks[i] = rows[i] + done * kQuad;
        S::TransposeQuads(blocks, kStep, lanes + done * kStep);
      }
    }
    for (int i = 0; i < kQuad; ++i) {
      PackKey<S>(rows[i], call.head_width, done, quads, lanes + i * kQuad);
    }
  }
}

// A query byte is its code + 128: takes 128 * sum(key) back.
template <typename S>
void PackKeyBias(const PackHeadCall& call) {
  using Vector = typename S::Vector;
  const int quads = (call.head_width + kQuad - 1) / kQuad;
  const Vector ones = S::Fill32(0x01010101);
  const Vector seven = S::Fill32(7);
  const int8_t* keys = call.packed.keys;
  for (int j = 0; j < call.tokens; j += S::kLanes) {
    Vector sum = S::Zero();
    for (int q = 0; q < quads; ++q, keys += sizeof(Vector)) {
      sum = S::DotBytes(sum, ones, S::Load(keys));
    }
    S::Store(call.packed.key_bias + j,
             S::Sub32(S::Zero(), S::ShiftLeft32(sum, seven)));
  }
  const int keys_with_padding = RoundUpTo(call.tokens, S::kLanes);
  for (int j = call.tokens; j < keys_with_padding; ++j) {
    call.packed.key_bias[j] = kNoScore;
  }
}

template <typename S>
void PackValues(const PackHeadCall& call) {
  const int64_t channels = RoundUpTo(call.head_width, S::kLanes);
  int j = 0;
  for (; j + kQuad <= call.tokens; j += kQuad) {
    // Blocks may reach past the head: the next quad overwrites what they write
    // there, and what they read there is in the row or the space behind it.
    for (int c = 0; c < call.head_width; c += kBlockColumns) {
      const uint8_t* rows[kQuad];
      for (int i = 0; i < kQuad; ++i) {
        rows[i] = call.values + (j + i) * call.stride + c;
      }
      S::InterleaveRows(rows, call.packed.values + j * channels + c * kQuad);
    }
  }
  if (j == call.tokens) return;
  // Rows beyond the last token count as zero.
  for (int c = 0; c < call.head_width; ++c) {
    for (int i = 0; i < kQuad; ++i) {
      call.packed.values[j * channels + c * kQuad + i] = static_cast<int8_t>(
          j + i < call.tokens
              ? call.values[(j + i) * call.stride + c] - kCodeOffset
              : 0);
    }
  }
}

template <typename S>
void PackHead(const PackHeadCall& call) {
  PackKeys<S>(call);
  PackKeyBias<S>(call);
  PackValues<S>(call);
  const int keys = RoundUpTo(call.tokens, kRowPadding);
  for (int j = 0; j < keys; ++j) call.packed.valid[j] = j < call.tokens;
}

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_SIMD_PACK_HEAD_H_
