// The matrix products of every instruction set against the reference, row by
// row, over shapes around every boundary of tiles, quads and panels.

#include "kernels/cpu/kernel_table.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/cpu/isa.h"
#include "kernels/reference/linear.h"
#include "tests/kernels/cpu/test_rounds.h"

namespace moevit::cpu {
namespace {

class ProductTest : public ::testing::TestWithParam<Isa> {
 protected:
  template <typename T>
  std::vector<T> Random(int64_t size, int low, int high) {
    std::uniform_int_distribution<int> distribution(low, high);
    std::vector<T> values(size);
    for (T& value : values) value = static_cast<T>(distribution(random_));
    return values;
  }

  CodeMatrix RandomMatrix(int in, int out) {
    CodeMatrix result;
    Matrix& matrix = result.matrix;
    matrix.in = in;
    matrix.out = out;
    matrix.weight = Random<int8_t>(int64_t{in} * out, -127, 127);
    matrix.bias = Random<int32_t>(out, -20000, 20000);
    matrix.multiplier = Random<int16_t>(out, 1 << 14, (1 << 15) - 1);
    matrix.shift = Random<int8_t>(out, -2, 8);
    result.activation = {true, Random<uint8_t>(256, 0, 255), 5, 2};
    result.output_zero = -17;
    return result;
  }

  // Multiplies `rows` rows, read and written through a random permutation, and
  // compares both kinds of output.
  void ExpectEqualsReference(int rows, int in, int out) {
    SCOPED_TRACE(absl::StrCat(rows, " x ", in, " x ", out));
    const CodeMatrix matrix = RandomMatrix(in, out);
    MemoryArena arena;
    const KernelTable& kernels = KernelsFor(GetParam());
    const PackedMatrix packed =
        PackMatrix(matrix.matrix, kernels.lanes, &arena);
    const int64_t in_stride = RoundUp(in, kRowPadding);
    const int64_t out_stride = RoundUp(out, kRowPadding);
    std::vector<int32_t> order(rows);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random_);
    const auto input = Random<uint8_t>(rows * in_stride, 0, 255);
    const auto residual = Random<int16_t>(rows * out_stride, -32768, 32767);
    std::vector<uint8_t> codes(rows * out_stride);
    std::vector<int16_t> wide(rows * out_stride);

    CodeProductCall code_call;
    code_call.product = {&packed,
                         0,
                         packed.panels,
                         rows,
                         {input.data(), in_stride, order.data()}};
    code_call.activation = {matrix.activation.delta.data(),
                            matrix.activation.index_shift,
                            matrix.activation.delta_shift};
    code_call.output_zero = matrix.output_zero;
    code_call.output = {codes.data(), out_stride, order.data()};
    kernels.code_product(code_call);

    WideProductCall wide_call;
    wide_call.product = code_call.product;
    wide_call.residual = {residual.data(), out_stride, order.data()};
    wide_call.residual_shift = rows % 3;
    wide_call.output = {wide.data(), out_stride, order.data()};
    kernels.wide_product(wide_call);

    std::vector<int8_t> row(in), expected_codes(out);
    std::vector<int16_t> expected_wide(out);
    for (int i = 0; i < rows; ++i) {
      for (int k = 0; k < in; ++k) {
        row[k] = static_cast<int8_t>(input[i * in_stride + k] - kCodeOffset);
      }
      reference::CodeRow(matrix, row.data(), expected_codes.data());
      reference::AddRow(matrix.matrix, row.data(),
                        residual.data() + i * out_stride, rows % 3,
                        expected_wide.data());
      for (int n = 0; n < out; ++n) {
        ASSERT_EQ(expected_codes[n] + kCodeOffset, codes[i * out_stride + n])
            << "row " << i << ", channel " << n;
        ASSERT_EQ(expected_wide[n], wide[i * out_stride + n])
            << "row " << i << ", channel " << n;
      }
    }
  }

  std::mt19937 random_{1};
};

TEST_P(ProductTest, EqualsTheReferenceAroundEveryBoundary) {
  for (int rows : {1, 2, 5, 6, 7, 13}) {
    for (int in : {1, 3, 4, 5, 64, 67}) {
      for (int out : {1, 15, 16, 17, 63, 64, 65}) {
        ExpectEqualsReference(rows, in, out);
      }
    }
  }
}

TEST_P(ProductTest, EqualsTheReferenceForRandomShapes) {
  // Mostly small sizes, up to 2^12; products of at most 2^21 multiplications.
  std::uniform_int_distribution<int> bits(0, 12);
  const auto size = [&] {
    return 1 + static_cast<int>(random_() % (1 << bits(random_)));
  };
  for (int i = 0; i < TestRounds(40); ++i) {
    const int64_t rows = size();
    const int64_t in = size();
    const int64_t out = size();
    if (rows * in * out <= 1 << 21) {
      ExpectEqualsReference(static_cast<int>(rows), static_cast<int>(in),
                            static_cast<int>(out));
    }
  }
}

TEST_P(ProductTest, EqualsTheReferenceForManyRowsAndInputs) {
  ExpectEqualsReference(/*rows=*/4096, /*in=*/3, /*out=*/2);
  ExpectEqualsReference(/*rows=*/3, /*in=*/3072, /*out=*/70);
}

INSTANTIATE_TEST_SUITE_P(AllIsas, ProductTest,
                         ::testing::ValuesIn(AvailableIsas()),
                         [](const ::testing::TestParamInfo<Isa>& info) {
                           return std::string(IsaName(info.param));
                         });

}  // namespace
}  // namespace moevit::cpu
