// A launch of the linear operator in the terms of program/program.h, and the
// bits that it shall write.

#ifndef MOEVIT_TESTS_KERNELS_HLS_LINEAR_CASE_H_
#define MOEVIT_TESTS_KERNELS_HLS_LINEAR_CASE_H_

#include <cstdint>
#include <random>
#include <vector>

#include "kernels/hls/descriptor.h"
#include "kernels/hls/linear_tiles.h"
#include "kernels/hls/word.h"
#include "program/program.h"

namespace moevit {

// One matrix and its rows. Without indices, the rows are first_row and on.
struct LinearWork {
  CodeMatrix matrix;
  int rows = 0;
  int first_row = 0;
  std::vector<hls::RowIndex> indices;
};

struct LinearCase {
  hls::OutputKind kind = hls::kCodes;
  int residual_shift = 0;
  int in = 1;
  int out = 1;
  std::vector<LinearWork> works;
  std::vector<int8_t> input;      // [rows, in]
  std::vector<int16_t> residual;  // [rows, out]
  int output_rows = 0;

  // Adds a work over `rows` rows from first_row on.
  void AddDense(CodeMatrix matrix, int first_row, int rows);
};

// The buffers of a launch.
struct LinearBuffers {
  std::vector<hls::Word> schedule;
  std::vector<hls::Word> weights[2];
  std::vector<hls::Word> input;
  std::vector<hls::Word> residual;
  std::vector<hls::Word> output;    // marked where nothing is written yet
  std::vector<hls::Word> expected;  // of output, by the reference
  std::vector<hls::LinearItem> list;

  int items() const { return static_cast<int>(list.size()); }
};

// Splits matrices as `tiles` demands.
LinearBuffers MakeBuffers(const LinearCase& test,
                          const hls::LinearTiles& tiles);

// Weights in [-127, 127] and constants that VerifyProgram admits. `extreme`:
// weights and biases are as large as they may be.
CodeMatrix RandomMatrix(int in, int out, bool activation, bool extreme,
                        std::mt19937& random);

std::vector<int8_t> RandomCodes(int count, bool extreme, std::mt19937& random);
std::vector<int16_t> RandomInt16(int count, bool extreme, std::mt19937& random);

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_HLS_LINEAR_CASE_H_
