// The numerators of integer attention: how many steps of the logarithmic scale
// make an octave, and what each level weighs.

#ifndef MOEVIT_QUANTIZE_ATTENTION_LEVELS_H_
#define MOEVIT_QUANTIZE_ATTENTION_LEVELS_H_

#include <cstdint>
#include <vector>

#include "quantize/tensor.h"

namespace moevit {

struct AttentionLevels {
  double steps_per_octave = 0;
  std::vector<uint8_t> numerators;  // by level; 16 or 256 of them
};

// round(255 * 2^(-level / steps_per_octave)), but 0 for the last level, which
// stands for everything beyond. With 16 levels and two steps an octave these
// are CoQMoE's log-sqrt2 levels.
AttentionLevels LogarithmicLevels(int bits, double steps_per_octave);

// The step of the plain scheme: 2 (log-sqrt2) for 4 bits, 24 for 8.
double PlainStep(int bits);

// The step widths to choose from. 8 bits: one, whose levels fade to nothing
// before they end. 4 bits: several, as wide steps are coarse and narrow ones
// end early.
std::vector<double> CandidateSteps(int bits);

// The probabilities that integer attention uses in place of a softmax.
// scores: [rows, columns] in natural-logarithm units; each row becomes its
// numerators over their sum.
Tensor QuantizedSoftmax(const AttentionLevels& levels, const Tensor& scores);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_ATTENTION_LEVELS_H_
