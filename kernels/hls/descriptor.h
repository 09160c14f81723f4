// What host and card agree on: the structures in card memory that tell a kernel
// what to do. Offsets and strides count 64-byte words; int32 is little endian.
//
// Activations lie in rows, one token each, image after image: CodeWords(width)
// words of int8 codes, or Int16Words(width) words of int16, the end of the last
// word zero. The inputs and outputs of attention are wider: see
// AttentionHeader.

#ifndef MOEVIT_KERNELS_HLS_DESCRIPTOR_H_
#define MOEVIT_KERNELS_HLS_DESCRIPTOR_H_

#include <cstdint>

namespace moevit {
namespace hls {

// ---------------------------------------------------------------- linear ----

// What becomes of the fine result of a product.
enum OutputKind : int32_t {
  kCodes = 0,  // activation, then codes around output_zero
  kFine = 1,   // int16, as it is: an expert's second linear, the head
  kAdd = 2,    // int16: saturate(RoundingShift(residual, shift) + fine)
};

// One matrix and the rows it is applied to: a dense layer is one item, an
// expert layer one per expert that has tokens. A launch runs a list of items,
// which is the beginning of its schedule buffer. Items without rows are
// skipped.
//
// A matrix that does not fit the unit's weight buffer (FitsOneItem) is split by
// output channels, at multiples of 64, into several items.
struct LinearItem {
  int32_t rows;
  int32_t indexed;        // 1: row r is entry r of a list of RowIndex
                          // 0: row r reads and writes row first + r
  int32_t first;          // indexed: the list's first word in the schedule
  int32_t matrix;         // first word of the matrix image, on both ports
  int32_t in_words;       // CodeWords(in)
  int32_t out;            // output channels of this item
  int32_t input_stride;   // words from row to row
  int32_t output_stride;  // of output and residual
  int32_t output_word;    // of the item's first channel in an output row
  int32_t output_kind;    // OutputKind
  int32_t activation;     // 1: the image's table is applied; for kCodes only
  int32_t index_shift;
  int32_t delta_shift;
  int32_t output_zero;
  int32_t residual_shift;
  int32_t reserved;
};
static_assert(sizeof(LinearItem) == 64, "an item is one word");

// Four to a word; a list ends wherever its item says.
struct RowIndex {
  int32_t input;     // row of the input
  int32_t output;    // row of the output
  int32_t residual;  // row of the residual, for kAdd
  int32_t reserved;
};
static_assert(sizeof(RowIndex) == 16, "four row indices are one word");
constexpr int kRowIndicesPerWord = 4;

// A matrix image lies on two weight ports: even output channels on port 0, odd
// ones on port 1, so that two rows of weights arrive per cycle. On each port,
// in words:
//   [kTableWords]         half of the activation table: delta[128 * port + i]
//   [ConstantWords(out)]  ChannelConstants of channels 2 i + port, 8 to a word
//   [RowPairs(out)][in_words]  weights of channel 2 i + port, in order of input
// Channels beyond the last and inputs beyond the width are zero.
struct ChannelConstants {
  int32_t bias;
  int16_t multiplier;
  int8_t shift;
  int8_t reserved;
};
static_assert(sizeof(ChannelConstants) == 8, "eight constants are one word");

constexpr int kTableWords = 2;
constexpr int kConstantsPerWord = 8;
// Output channels whose constants one word of either port holds.
constexpr int kConstantsPerLine = 2 * kConstantsPerWord;

constexpr int ConstantWords(int out) {
  return (out + kConstantsPerLine - 1) / kConstantsPerLine;
}
constexpr int RowPairs(int out) { return (out + 1) / 2; }
// Words of an image on each of the two ports.
constexpr int MatrixImageWords(int in_words, int out) {
  return kTableWords + ConstantWords(out) + RowPairs(out) * in_words;
}

// ------------------------------------------------------------- attention ----

// Codes before and after attention are laid out by head, each head on words of
// its own: an input row is [q, k, v][heads][head_words], an output row
// [heads][head_words]. The host pads the matrices around attention: zero output
// rows before it, zero input columns after it. Pad codes of q, k and v are not
// looked at; those of the output are zero.
//
// The parameters, from word 0 on:
//   AttentionHeader
//   [ceil(heads / 8)]              LevelConstants, 8 to a word
//   [heads][max(1, levels / 64)]   numerators, a byte per level
//   [heads][4 * head_words]        OutputConstants, 16 to a word
struct AttentionHeader {
  int32_t rows;  // tokens of an image
  int32_t heads;
  int32_t head_width;  // channels of a head
  int32_t head_words;  // CodeWords(head_width)
  int32_t levels;      // 16 or 256
  int32_t reserved[11];
};
static_assert(sizeof(AttentionHeader) == 64, "a header is one word");

struct LevelConstants {
  int32_t multiplier;  // an int16
  int32_t shift;
};
static_assert(sizeof(LevelConstants) == 8, "eight of them are one word");

struct OutputConstants {
  int16_t multiplier;
  int8_t shift;
  int8_t reserved;
};
static_assert(sizeof(OutputConstants) == 4, "sixteen of them are one word");

// ---------------------------------------------------------------- vector ----

// The operators between the products share one kernel and its ports. Its
// parameters begin with a header, whose first member says which one runs.
enum VectorOperation : int32_t {
  kLayerNorm = 0,
  kGate = 1,
  kCombine = 2,
  kPool = 3,
  kPatches = 4,
};

// input: int16 rows; output: code rows. After the header:
//   [ceil(width / 8)]  NormConstants, 8 to a word
struct LayerNormHeader {
  int32_t operation;  // kLayerNorm
  int32_t rows;       // of an image
  int32_t width;
  int32_t shift;
  uint32_t epsilon_low;
  uint32_t epsilon_high;
  int32_t reserved[10];
};
static_assert(sizeof(LayerNormHeader) == 64, "a header is one word");

struct NormConstants {
  int32_t beta;
  int16_t gamma;
  int16_t reserved;
};
static_assert(sizeof(NormConstants) == 8, "eight of them are one word");

// input: code rows; output: one word per row with top_k RoutingEntry, the rest
// zero. After the header:
//   [ceil(experts / 16)]              int32 biases, 16 to a word
//   [experts][2 * CodeWords(width)]   int16 weights, in order of input
struct GateHeader {
  int32_t operation;  // kGate
  int32_t rows;       // of an image
  int32_t width;
  int32_t experts;
  int32_t top_k;
  int32_t softmax_before_top_k;  // 1: normalize over all experts
  int32_t octave_multiplier;
  int32_t octave_shift;
  int32_t reserved[8];
};
static_assert(sizeof(GateHeader) == 64, "a header is one word");

struct RoutingEntry {
  uint16_t expert;
  uint16_t weight;  // units of 2^-15
};
static_assert(sizeof(RoutingEntry) == 4, "sixteen of them are one word");
constexpr int kMaxTopK = 16;

// input: fine int16 rows, row * top_k + slot; residual: int16 rows; routing: as
// the gate writes it; output: int16 rows.
struct CombineHeader {
  int32_t operation;  // kCombine
  int32_t rows;       // of an image
  int32_t width;
  int32_t top_k;
  int32_t residual_shift;
  int32_t reserved[11];
};
static_assert(sizeof(CombineHeader) == 64, "a header is one word");

// input: rows; output: `groups` rows per image, of the same element type.
struct PoolHeader {
  int32_t operation;  // kPool
  int32_t rows;       // of an image, input
  int32_t width;
  int32_t is_int16;  // 1: int16 rows; 0: code rows
  int32_t first_row;
  int32_t groups;
  int32_t rows_per_group;
  int32_t multiplier;
  int32_t shift;
  int32_t reserved[7];
};
static_assert(sizeof(PoolHeader) == 64, "a header is one word");

// input: images of uint8 pixels [image_size, image_size, channels], each image
// from a new word on; output: one row of codes, pixel - 128, per patch.
struct PatchesHeader {
  int32_t operation;  // kPatches
  int32_t image_size;
  int32_t channels;
  int32_t patch_size;
  int32_t reserved[12];
};
static_assert(sizeof(PatchesHeader) == 64, "a header is one word");

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_DESCRIPTOR_H_
