// The integer program: what a quantized model is.
//
// An ordered list of ops over named values. From the uint8 pixels to the
// integer logits no floating point takes part. Each op's exact meaning is the
// function of the same name in kernels/arith; this header holds the data only.
//
// Plain data: build it, verify it (program/verify.h), then share it read-only
// between any number of threads.

#ifndef MOEVIT_PROGRAM_PROGRAM_H_
#define MOEVIT_PROGRAM_PROGRAM_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace moevit {

enum class ElementType {
  kCode,     // int8 activation codes
  kInt16,    // int16: the residual stream, expert outputs
  kRouting,  // per token: top_k (expert, weight) pairs
};

// A two-dimensional intermediate result of one image.
struct Value {
  std::string name;
  ElementType type = ElementType::kCode;
  int rows = 0;      // per image: tokens, or tokens * top_k after dispatch
  int channels = 0;  // for kRouting: top_k
};

using ValueId = int;  // index into Program::values

// y = relu(x) - delta(|x|) on fine values: every x * S(x) with S(x)+S(-x) = 1,
// GELU and SiLU among them, has this form.
struct Activation {
  bool present = false;  // false: the identity
  // delta in units of 2^delta_shift fine units, by |x| >> index_shift, the last
  // entry holding for everything beyond. [256], or empty when absent.
  std::vector<uint8_t> delta;
  int index_shift = 0;
  int delta_shift = 0;
};

// An integer matrix product with its per-output-channel rescaling:
//   accumulator[n] = bias[n] + sum_k input[k] * weight[n, k]      (int32)
//   fine[n]        = Apply({multiplier[n], shift[n]}, accumulator[n])
// The input's zero point and all scales are folded into bias and rescaling.
struct Matrix {
  int in = 0;
  int out = 0;
  std::vector<int8_t> weight;       // [out, in], each in [-127, 127]
  std::vector<int32_t> bias;        // [out]
  std::vector<int16_t> multiplier;  // [out]
  std::vector<int8_t> shift;        // [out]
};

// A Matrix whose fine results become codes: activation, then rounding
// around output_zero.
struct CodeMatrix {
  Matrix matrix;
  Activation activation;
  int output_zero = 0;
};

// pixels -> int16 tokens. The input codes are pixel - 128; a patch is read in
// (row, column, channel) order, the order of the pixels in memory.
//   row < prefix_rows: prefix[row]
//   otherwise:         saturate(rescaled product + position[row - prefix_rows])
struct PatchEmbedOp {
  ValueId output = 0;
  int patch_size = 0;
  Matrix matrix;                   // in = patch * patch * channels
  std::vector<int16_t> prefix;     // [prefix_rows, width], positions included
  std::vector<int16_t> positions;  // [patches, width]
};

// int16 rows -> codes, each row normalized to zero mean and unit variance,
// then scaled and shifted per channel.
struct LayerNormOp {
  ValueId input = 0;
  ValueId output = 0;
  uint64_t epsilon = 0;        // in units of the row's scaled variance, >= 1
  std::vector<int16_t> gamma;  // [width]
  std::vector<int32_t> beta;   // [width]
  int shift = 0;
};

// codes -> codes.
struct LinearOp {
  ValueId input = 0;
  ValueId output = 0;
  CodeMatrix matrix;
};

// codes -> int16, added to the residual stream:
//   saturate(RoundingShift(residual, residual_shift) + rescaled product)
struct LinearAddOp {
  ValueId input = 0;
  ValueId residual = 0;
  ValueId output = 0;
  int residual_shift = 0;
  Matrix matrix;
};

// Self-attention over all rows of an image, per head:
//   score[j] = q . k[j]; level[j] = rescaled (max score - score[j])
//   numerator[j] = numerators[level[j]], a base-2 exponential
//   mixture = sum_j numerator[j] v[j] / sum_j numerator[j]
//   output = the mixture rescaled per channel
struct AttentionOp {
  ValueId input = 0;   // [tokens, 3 * width]: q, k, v; head-major in each
  ValueId output = 0;  // [tokens, width]
  int heads = 0;
  // Per head: from score differences to fine levels.
  std::vector<int16_t> level_multiplier;
  std::vector<int8_t> level_shift;
  // [heads, levels], by level, which is clamped to the last one. 16 levels:
  // 4-bit attention; 256: 8-bit attention. The first of a head is >= 1.
  int levels = 0;
  std::vector<uint8_t> numerators;
  // Per channel: from the mixture of v codes to fine output codes.
  std::vector<int16_t> output_multiplier;
  std::vector<int8_t> output_shift;
};

// codes -> routing. Selects per token the top_k largest accumulators, the lower
// expert first among equals, and turns them into weights of 2^-15 that sum to
// at most 2^15.
struct GateOp {
  ValueId input = 0;
  ValueId output = 0;
  int experts = 0;
  int top_k = 0;
  bool softmax_before_top_k = false;  // normalize over all experts
  std::vector<int16_t> weight;        // [experts, width], one scale for all
  std::vector<int32_t> bias;          // [experts]
  // From accumulator differences to octaves * 256:
  // multiplier * 2^-shift, in 64-bit arithmetic.
  int32_t octave_multiplier = 0;
  int octave_shift = 0;
};

// One matrix per expert, applied to the rows that were routed to it.
// Row token * top_k + slot of the output belongs to the slot-th choice of
// `token`; slots are in descending order of gate logit.
// First linear of an expert: input rows are tokens (gather), output codes.
struct ExpertLinearOp {
  ValueId input = 0;
  ValueId routing = 0;
  ValueId output = 0;
  std::vector<CodeMatrix> experts;
};

// Second linear of an expert and the combination by gate weights:
//   sum = sum_slot weight[slot] * rescaled product[slot]     (int32, exact)
//   saturate(RoundingShift(residual, residual_shift)
//            + RoundingShift(sum, 15))
struct ExpertCombineOp {
  ValueId input = 0;  // rows token * top_k + slot
  ValueId routing = 0;
  ValueId residual = 0;
  ValueId output = 0;
  int residual_shift = 0;
  std::vector<Matrix> experts;
};

// `groups` output rows, each the rescaled sum of `rows_per_group` consecutive
// input rows from `first_row` on. int16 to int16 or codes to codes (a mean of
// codes goes through fine values). One row per group selects tokens (multiplier
// and shift are then not used); several compute a mean.
struct PoolOp {
  ValueId input = 0;
  ValueId output = 0;
  int first_row = 0;
  int groups = 1;
  int rows_per_group = 1;
  int16_t multiplier = 0;
  int8_t shift = 0;
};

// Codes -> logits (int32): the sum over rows of each row's own matrix, each
// rescaled to int16. Two rows for a distilled model.
struct HeadOp {
  ValueId input = 0;
  std::vector<Matrix> matrices;  // one per input row
};

using OpVariant =
    std::variant<PatchEmbedOp, LayerNormOp, LinearOp, LinearAddOp, AttentionOp,
                 GateOp, ExpertLinearOp, ExpertCombineOp, PoolOp, HeadOp>;

struct Op {
  std::string name;  // for example "blocks.3.attn.qkv"; unique
  OpVariant body;
};

struct Program {
  int image_size = 0;  // pixels per side
  int channels = 0;
  int classes = 0;
  // Real value of one unit of a logit. For presentation only: no executor
  // reads it.
  double logit_scale = 1.0;
  std::vector<Value> values;
  std::vector<Op> ops;

  // Bytes of one image's pixels.
  int64_t image_bytes() const {
    return int64_t{image_size} * image_size * channels;
  }
};

// The op's kind as written in program.json, for example "linear_add".
absl::string_view OpKind(const Op& op);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_PROGRAM_H_
