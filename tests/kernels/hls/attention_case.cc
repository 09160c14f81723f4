#include "tests/kernels/hls/attention_case.h"

#include <cstring>

#include "kernels/hls/descriptor.h"
#include "kernels/reference/attention.h"
#include "tests/kernels/hls/random_cases.h"

namespace moevit {
namespace {

// Appends `value` at its place in a list of words.
template <typename T>
void Put(const T& value, int index, int first_word,
         std::vector<hls::Word>* words) {
  std::memcpy(
      reinterpret_cast<char*>(words->data() + first_word) + index * sizeof(T),
      &value, sizeof(T));
}

}  // namespace

hls::AttentionShape AttentionCase::Shape(int queries) const {
  hls::AttentionShape shape = {};
  shape.images = images;
  shape.tokens = tokens;
  shape.heads = op.heads;
  shape.head_width = head_width;
  shape.head_words = hls::CodeWords(head_width);
  shape.levels = op.levels;
  shape.queries = queries;
  return shape;
}

std::vector<hls::Word> AttentionCase::QkvWords() const {
  const hls::AttentionShape shape = Shape(/*queries=*/2);
  hls::Word padding;
  std::memset(&padding, 0x5a, sizeof(padding));
  std::vector<hls::Word> words(images * tokens * 3 * shape.row_words(),
                               padding);
  for (int row = 0; row < images * tokens; ++row) {
    for (int part = 0; part < 3 * op.heads; ++part) {
      std::memcpy(words.data() + (row * 3 * op.heads + part) * shape.head_words,
                  qkv.data() + (row * 3 * op.heads + part) * head_width,
                  head_width);
    }
  }
  return words;
}

std::vector<hls::Word> AttentionCase::ParameterWords() const {
  const hls::AttentionShape shape = Shape(/*queries=*/2);
  const int tables = 1 + hls::CeilDivide(op.heads, 8);
  const int outputs = tables + op.heads * shape.numerator_words();
  std::vector<hls::Word> words(outputs + 4 * shape.row_words(), hls::Word{});
  hls::AttentionHeader header = {};
  header.rows = tokens;
  header.heads = op.heads;
  header.head_width = head_width;
  header.head_words = shape.head_words;
  header.levels = op.levels;
  Put(header, 0, 0, &words);
  for (int head = 0; head < op.heads; ++head) {
    const hls::LevelConstants constants = {op.level_multiplier[head],
                                           op.level_shift[head]};
    Put(constants, head, 1, &words);
    std::memcpy(words.data() + tables + head * shape.numerator_words(),
                op.numerators.data() + head * op.levels, op.levels);
    for (int c = 0; c < head_width; ++c) {
      const int channel = head * head_width + c;
      hls::OutputConstants output = {};
      output.multiplier = op.output_multiplier[channel];
      output.shift = op.output_shift[channel];
      Put(output, c, outputs + 4 * head * shape.head_words, &words);
    }
  }
  return words;
}

std::vector<hls::Word> AttentionCase::ExpectedWords() const {
  const hls::AttentionShape shape = Shape(/*queries=*/2);
  std::vector<hls::Word> words(images * tokens * shape.row_words(),
                               hls::Word{});
  std::vector<int8_t> output(tokens * width());
  for (int image = 0; image < images; ++image) {
    reference::Attention(op, tokens, width(),
                         qkv.data() + image * tokens * 3 * width(),
                         output.data());
    for (int part = 0; part < tokens * op.heads; ++part) {
      std::memcpy(
          words.data() + (image * tokens * op.heads + part) * shape.head_words,
          output.data() + part * head_width, head_width);
    }
  }
  return words;
}

AttentionCase RandomAttention(const AttentionSize& size, bool extreme,
                              std::mt19937& random) {
  AttentionCase result;
  result.images = size.images;
  result.tokens = size.tokens;
  result.head_width = size.head_width;
  AttentionOp& op = result.op;
  op.heads = size.heads;
  op.levels = size.levels;
  for (int head = 0; head < op.heads; ++head) {
    op.level_multiplier.push_back(Uniform(1 << 14, (1 << 15) - 1, random));
    op.level_shift.push_back(Uniform(-3, 12, random));
    op.numerators.push_back(Uniform(1, 255, random));
    for (int level = 1; level < op.levels; ++level) {
      op.numerators.push_back(Uniform(0, 255, random));
    }
  }
  for (int c = 0; c < result.width(); ++c) {
    const bool zero = Uniform(0, 15, random) == 0;
    op.output_multiplier.push_back(
        zero ? 0 : Uniform(1 << 14, (1 << 15) - 1, random));
    op.output_shift.push_back(Uniform(-4, 4, random));
  }
  result.qkv.resize(size_t{1} * size.images * size.tokens * 3 * result.width());
  for (int8_t& code : result.qkv) {
    code = extreme ? (Uniform(0, 1, random) == 0 ? -128 : 127)
                   : Uniform(-128, 127, random);
  }
  return result;
}

}  // namespace moevit
