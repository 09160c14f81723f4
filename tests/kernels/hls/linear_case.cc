#include "tests/kernels/hls/linear_case.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/arith/activation.h"
#include "kernels/hls/matrix_image.h"
#include "kernels/reference/linear.h"
#include "tests/kernels/hls/random_cases.h"

namespace moevit {
namespace {

using hls::Word;

// What a buffer holds where no kernel has written.
constexpr int8_t kMark = 0x5a;

Word FilledWord(int8_t byte) {
  Word word;
  std::memset(&word, byte, sizeof(word));
  return word;
}

// Rows of `count` elements, each row on words of its own.
template <typename T>
std::vector<Word> RowsToWords(const std::vector<T>& values, int count) {
  const int row_bytes = count * static_cast<int>(sizeof(T));
  const int stride = hls::CeilDivide(row_bytes, hls::kWordBytes);
  const size_t rows = values.size() / static_cast<size_t>(count);
  std::vector<Word> words(rows * static_cast<size_t>(stride), FilledWord(0));
  for (size_t row = 0; row < rows; ++row) {
    std::memcpy(words.data() + row * static_cast<size_t>(stride),
                values.data() + row * static_cast<size_t>(count),
                static_cast<size_t>(row_bytes));
  }
  return words;
}

hls::RowIndex IndexOf(const LinearWork& work, int row) {
  if (!work.indices.empty()) return work.indices[static_cast<size_t>(row)];
  const int plain = work.first_row + row;
  return {plain, plain, plain, 0};
}

int OutputStride(const LinearCase& test) {
  return test.kind == hls::kCodes ? hls::CodeWords(test.out)
                                  : hls::Int16Words(test.out);
}

// The matrix of output channels [first, first + count).
hls::MatrixView Slice(const CodeMatrix& code_matrix, int first, int count) {
  const Matrix& matrix = code_matrix.matrix;
  const Activation& activation = code_matrix.activation;
  return {matrix.in,
          count,
          matrix.weight.data() + int64_t{first} * matrix.in,
          matrix.bias.data() + first,
          matrix.multiplier.data() + first,
          matrix.shift.data() + first,
          activation.present ? activation.delta.data() : nullptr};
}

class BufferBuilder {
 public:
  BufferBuilder(const LinearCase& test, const hls::LinearTiles& tiles)
      : test_(test), tiles_(tiles) {}

  LinearBuffers Build() {
    buffers_.input = RowsToWords(test_.input, test_.in);
    buffers_.residual = RowsToWords(test_.residual, test_.out);
    buffers_.output.assign(
        static_cast<size_t>(test_.output_rows * OutputStride(test_)),
        FilledWord(kMark));
    buffers_.expected = buffers_.output;
    for (const LinearWork& work : test_.works) {
      AddItems(work);
      for (int row = 0; row < work.rows; ++row) Expect(work, row);
    }
    WriteSchedule();
    return std::move(buffers_);
  }

 private:
  void AddItems(const LinearWork& work) {
    const int in_words = hls::CodeWords(test_.in);
    const int most = hls::FitsOneItem(tiles_, in_words, test_.out)
                         ? test_.out
                         : hls::MaxItemOut(tiles_, in_words);
    const int list = AddRowList(work);
    for (int first = 0; first < test_.out; first += most) {
      const int out = std::min(most, test_.out - first);
      hls::LinearItem item = MakeItem(work, first, out);
      item.first = item.indexed != 0 ? list : work.first_row;
      buffers_.list.push_back(item);
    }
  }

  hls::LinearItem MakeItem(const LinearWork& work, int first, int out) {
    const Activation& activation = work.matrix.activation;
    hls::LinearItem item = {};
    item.rows = work.rows;
    item.indexed = work.indices.empty() ? 0 : 1;
    item.matrix = AddMatrix(Slice(work.matrix, first, out));
    item.in_words = hls::CodeWords(test_.in);
    item.out = out;
    item.input_stride = item.in_words;
    item.output_stride = OutputStride(test_);
    item.output_word = test_.kind == hls::kCodes ? hls::CodeWords(first)
                                                 : hls::Int16Words(first);
    item.output_kind = test_.kind;
    item.activation = activation.present ? 1 : 0;
    item.index_shift = activation.index_shift;
    item.delta_shift = activation.delta_shift;
    item.output_zero = work.matrix.output_zero;
    item.residual_shift = test_.residual_shift;
    return item;
  }

  int AddMatrix(const hls::MatrixView& matrix) {
    const size_t first = buffers_.weights[0].size();
    const size_t end = first + static_cast<size_t>(hls::MatrixImageWords(
                                   hls::CodeWords(matrix.in), matrix.out));
    for (auto& port : buffers_.weights) port.resize(end);
    hls::WriteMatrixImage(matrix, buffers_.weights[0].data() + first,
                          buffers_.weights[1].data() + first);
    return static_cast<int>(first);
  }

  // Word offset in the schedule, relative to the end of the items.
  int AddRowList(const LinearWork& work) {
    const size_t first = lists_.size();
    lists_.insert(lists_.end(), work.indices.begin(), work.indices.end());
    while (lists_.size() % hls::kRowIndicesPerWord != 0) {
      lists_.push_back({});
    }
    return static_cast<int>(first) / hls::kRowIndicesPerWord;
  }

  void WriteSchedule() {
    for (hls::LinearItem& item : buffers_.list) {
      if (item.indexed != 0) item.first += buffers_.items();
    }
    const size_t items = buffers_.list.size();
    buffers_.schedule.resize(items + lists_.size() / hls::kRowIndicesPerWord);
    if (buffers_.schedule.empty()) return;
    std::memcpy(buffers_.schedule.data(), buffers_.list.data(),
                items * sizeof(Word));
    if (lists_.empty()) return;
    std::memcpy(buffers_.schedule.data() + items, lists_.data(),
                lists_.size() * sizeof(hls::RowIndex));
  }

  void Expect(const LinearWork& work, int row) {
    const hls::RowIndex at = IndexOf(work, row);
    const int8_t* input = test_.input.data() + int64_t{at.input} * test_.in;
    Word* const output =
        buffers_.expected.data() + int64_t{at.output} * OutputStride(test_);
    std::memset(output, 0,
                static_cast<size_t>(OutputStride(test_)) * sizeof(Word));
    if (test_.kind == hls::kCodes) {
      reference::CodeRow(work.matrix, input, output->lanes);
      return;
    }
    std::vector<int16_t> values(static_cast<size_t>(test_.out));
    if (test_.kind == hls::kAdd) {
      reference::AddRow(
          work.matrix.matrix, input,
          test_.residual.data() + int64_t{at.residual} * test_.out,
          test_.residual_shift, values.data());
    } else {
      for (int n = 0; n < test_.out; ++n) {
        values[static_cast<size_t>(n)] =
            reference::FineProduct(work.matrix.matrix, n, input);
      }
    }
    std::memcpy(output, values.data(), values.size() * sizeof(int16_t));
  }

  const LinearCase& test_;
  const hls::LinearTiles& tiles_;
  LinearBuffers buffers_;
  std::vector<hls::RowIndex> lists_;
};

// A shift that VerifyProgram admits for accumulators up to `largest`.
int8_t RandomShift(int64_t largest, std::mt19937& random) {
  int lowest = 0;
  while (lowest > -15 && largest << (1 - lowest) <= INT32_MAX) --lowest;
  return static_cast<int8_t>(Uniform(0, 3, random) == 0
                                 ? Uniform(lowest, 30, random)
                                 : Uniform(lowest, 16, random));
}

}  // namespace

void LinearCase::AddDense(CodeMatrix matrix, int first_row, int rows) {
  LinearWork work;
  work.matrix = std::move(matrix);
  work.rows = rows;
  work.first_row = first_row;
  works.push_back(std::move(work));
}

LinearBuffers MakeBuffers(const LinearCase& test,
                          const hls::LinearTiles& tiles) {
  return BufferBuilder(test, tiles).Build();
}

CodeMatrix RandomMatrix(int in, int out, bool activation, bool extreme,
                        std::mt19937& random) {
  CodeMatrix result;
  Matrix& matrix = result.matrix;
  matrix.in = in;
  matrix.out = out;
  matrix.weight.resize(static_cast<size_t>(in) * static_cast<size_t>(out));
  for (int8_t& weight : matrix.weight) {
    weight = static_cast<int8_t>(extreme ? 127 - 254 * Uniform(0, 1, random)
                                         : Uniform(-127, 127, random));
  }
  const int64_t products = int64_t{in} * 127 * 128;
  const int bias = extreme ? INT32_MAX / 2 : 100000;
  for (int n = 0; n < out; ++n) {
    matrix.bias.push_back(extreme ? Uniform(0, 1, random) * 2 * bias - bias
                                  : Uniform(-bias, bias, random));
    matrix.multiplier.push_back(static_cast<int16_t>(
        Uniform(0, 20, random) == 0 ? 0
                                    : Uniform(1 << 14, (1 << 15) - 1, random)));
    matrix.shift.push_back(RandomShift(products + bias, random));
  }
  result.output_zero = Uniform(-128, 127, random);
  if (!activation) return result;
  result.activation.present = true;
  result.activation.index_shift = Uniform(0, 7, random);
  result.activation.delta_shift = Uniform(0, 7, random);
  for (int i = 0; i < arith::kActivationEntries; ++i) {
    result.activation.delta.push_back(
        static_cast<uint8_t>(Uniform(0, 255, random)));
  }
  return result;
}

std::vector<int8_t> RandomCodes(int count, bool extreme, std::mt19937& random) {
  std::vector<int8_t> codes(static_cast<size_t>(count));
  for (int8_t& code : codes) {
    code = static_cast<int8_t>(extreme ? 127 - 255 * Uniform(0, 1, random)
                                       : Uniform(-128, 127, random));
  }
  return codes;
}

std::vector<int16_t> RandomInt16(int count, bool extreme,
                                 std::mt19937& random) {
  std::vector<int16_t> values(static_cast<size_t>(count));
  for (int16_t& value : values) {
    value = static_cast<int16_t>(extreme ? 32767 - 65535 * Uniform(0, 1, random)
                                         : Uniform(-32768, 32767, random));
  }
  return values;
}

}  // namespace moevit
