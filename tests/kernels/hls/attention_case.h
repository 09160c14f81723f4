// Random attention ops, in the reference's form and in the card's.

#ifndef MOEVIT_TESTS_KERNELS_HLS_ATTENTION_CASE_H_
#define MOEVIT_TESTS_KERNELS_HLS_ATTENTION_CASE_H_

#include <cstdint>
#include <random>
#include <vector>

#include "kernels/hls/attention_shape.h"
#include "kernels/hls/word.h"
#include "program/program.h"

namespace moevit {

struct AttentionCase {
  int images = 1;
  int tokens = 1;
  int head_width = 1;
  AttentionOp op;
  std::vector<int8_t> qkv;  // [images][tokens][3 * heads * head_width]

  int width() const { return op.heads * head_width; }
  hls::AttentionShape Shape(int queries) const;

  // What the kernel reads.
  std::vector<hls::Word> QkvWords() const;
  std::vector<hls::Word> ParameterWords() const;

  // What it shall write.
  std::vector<hls::Word> ExpectedWords() const;
};

struct AttentionSize {
  int images = 1;
  int tokens = 1;
  int heads = 1;
  int head_width = 1;
  int levels = 16;
};

// Any constants that VerifyProgram admits. `extreme`: all codes are -128 or
// 127.
AttentionCase RandomAttention(const AttentionSize& size, bool extreme,
                              std::mt19937& random);

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_HLS_ATTENTION_CASE_H_
