#include "quantize/attention_levels.h"

#include <algorithm>
#include <cmath>

namespace moevit {

AttentionLevels LogarithmicLevels(int bits, double steps_per_octave) {
  AttentionLevels levels;
  levels.steps_per_octave = steps_per_octave;
  const int count = 1 << bits;
  for (int level = 0; level < count; ++level) {
    const double numerator = 255 * std::exp2(-level / steps_per_octave);
    levels.numerators.push_back(static_cast<uint8_t>(std::lround(numerator)));
  }
  levels.numerators.back() = 0;
  return levels;
}

double PlainStep(int bits) { return bits == 8 ? 24.0 : 2.0; }

std::vector<double> CandidateSteps(int bits) {
  if (bits == 8) return {PlainStep(bits)};
  return {1.5, 1.75, 2.0, 2.25, 2.5, 3.0, 4.0};
}

Tensor QuantizedSoftmax(const AttentionLevels& levels, const Tensor& scores) {
  const float steps = static_cast<float>(levels.steps_per_octave * M_LOG2E);
  const int last = static_cast<int>(levels.numerators.size()) - 1;
  Tensor result(scores.rows, scores.channels);
  for (int row = 0; row < scores.rows; ++row) {
    const absl::Span<const float> score = scores.row(row);
    const absl::Span<float> probability = result.row(row);
    const float largest = *std::max_element(score.begin(), score.end());
    float sum = 0;
    for (size_t j = 0; j < score.size(); ++j) {
      const float level = std::floor((largest - score[j]) * steps + 0.5f);
      const int index =
          level < static_cast<float>(last) ? static_cast<int>(level) : last;
      probability[j] = levels.numerators[index];
      sum += probability[j];
    }
    for (float& p : probability) p /= sum;
  }
  return result;
}

}  // namespace moevit
