#include "kernels/reference/attention.h"

#include <algorithm>
#include <vector>

#include "kernels/arith/attention.h"
#include "kernels/arith/fixed_point.h"

namespace moevit::reference {
namespace {

int32_t Dot(const int8_t* a, const int8_t* b, int count) {
  int32_t sum = 0;
  for (int i = 0; i < count; ++i) sum += int32_t{a[i]} * b[i];
  return sum;
}

// Turns one row of scores into numerators; returns their sum.
int32_t Softmax(const AttentionOp& op, int head,
                const std::vector<int32_t>& scores,
                std::vector<int32_t>& numerators) {
  const int32_t largest = *std::max_element(scores.begin(), scores.end());
  const arith::Rescale rescale = {op.level_multiplier[head],
                                  op.level_shift[head]};
  const uint8_t* table = op.numerators.data() + int64_t{head} * op.levels;
  int32_t denominator = 0;
  for (size_t j = 0; j < scores.size(); ++j) {
    const int level =
        arith::AttentionLevel(largest - scores[j], rescale, op.levels);
    numerators[j] = table[level];
    denominator += numerators[j];
  }
  return denominator;
}

}  // namespace

void Attention(const AttentionOp& op, int rows, int width, const int8_t* qkv,
               int8_t* output) {
  const int head_width = width / op.heads;
  std::vector<int32_t> scores(rows);
  std::vector<int32_t> numerators(rows);
  for (int head = 0; head < op.heads; ++head) {
    const int8_t* q = qkv + head * head_width;
    const int8_t* k = q + width;
    const int8_t* v = k + width;
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < rows; ++j) {
        scores[j] = Dot(q + int64_t{i} * 3 * width, k + int64_t{j} * 3 * width,
                        head_width);
      }
      const int32_t denominator = Softmax(op, head, scores, numerators);
      const arith::Rescale rescale = arith::MixtureRescale(denominator);
      for (int c = 0; c < head_width; ++c) {
        int32_t sum = 0;
        for (int j = 0; j < rows; ++j) {
          sum += numerators[j] * v[int64_t{j} * 3 * width + c];
        }
        const int channel = head * head_width + c;
        const int16_t fine = arith::Apply(
            {op.output_multiplier[channel], op.output_shift[channel]},
            arith::Apply(rescale, sum));
        output[int64_t{i} * width + channel] = arith::FineToCode(fine, 0);
      }
    }
  }
}

}  // namespace moevit::reference
