// The integer gate of a Mixture-of-Experts layer: which experts a token goes
// to, and with which weights.

#ifndef MOEVIT_KERNELS_ARITH_GATE_H_
#define MOEVIT_KERNELS_ARITH_GATE_H_

#include <cstdint>

#include "kernels/arith/fixed_point.h"

namespace moevit {
namespace arith {

constexpr int kGateWeightBits = 15;  // a weight of 1.0 is 2^15
constexpr int kOctaveBits = 8;
constexpr int kMaxExperts = 1024;

// round(2^15 * 2^(-i / 256)).
constexpr uint16_t kExp2Fraction[1 << kOctaveBits] = {
    32768, 32679, 32591, 32503, 32415, 32327, 32240, 32153, 32066, 31979, 31893,
    31806, 31720, 31635, 31549, 31464, 31379, 31294, 31209, 31125, 31041, 30957,
    30873, 30790, 30706, 30623, 30541, 30458, 30376, 30293, 30212, 30130, 30048,
    29967, 29886, 29805, 29725, 29644, 29564, 29484, 29405, 29325, 29246, 29167,
    29088, 29009, 28931, 28852, 28774, 28697, 28619, 28542, 28464, 28388, 28311,
    28234, 28158, 28082, 28006, 27930, 27855, 27779, 27704, 27629, 27554, 27480,
    27406, 27332, 27258, 27184, 27110, 27037, 26964, 26891, 26818, 26746, 26674,
    26601, 26530, 26458, 26386, 26315, 26244, 26173, 26102, 26031, 25961, 25891,
    25821, 25751, 25681, 25612, 25543, 25474, 25405, 25336, 25268, 25199, 25131,
    25063, 24995, 24928, 24860, 24793, 24726, 24659, 24593, 24526, 24460, 24394,
    24328, 24262, 24196, 24131, 24066, 24001, 23936, 23871, 23806, 23742, 23678,
    23614, 23550, 23486, 23423, 23359, 23296, 23233, 23170, 23108, 23045, 22983,
    22921, 22859, 22797, 22735, 22674, 22613, 22552, 22491, 22430, 22369, 22309,
    22248, 22188, 22128, 22068, 22009, 21949, 21890, 21831, 21772, 21713, 21654,
    21595, 21537, 21479, 21421, 21363, 21305, 21247, 21190, 21133, 21076, 21019,
    20962, 20905, 20849, 20792, 20736, 20680, 20624, 20568, 20513, 20457, 20402,
    20347, 20292, 20237, 20182, 20127, 20073, 20019, 19965, 19911, 19857, 19803,
    19750, 19696, 19643, 19590, 19537, 19484, 19431, 19379, 19326, 19274, 19222,
    19170, 19118, 19066, 19015, 18963, 18912, 18861, 18810, 18759, 18708, 18658,
    18607, 18557, 18507, 18457, 18407, 18357, 18308, 18258, 18209, 18160, 18110,
    18061, 18013, 17964, 17915, 17867, 17819, 17770, 17722, 17674, 17627, 17579,
    17531, 17484, 17437, 17390, 17343, 17296, 17249, 17202, 17156, 17109, 17063,
    17017, 16971, 16925, 16879, 16834, 16788, 16743, 16697, 16652, 16607, 16562,
    16518, 16473, 16428,
};

// 2^15 * 2^(-gap * multiplier / 2^(shift + 8)), where gap >= 0 is the distance
// of a gate accumulator from the largest.
// REQUIRES: 0 <= gap < 2^31, 0 < multiplier, 1 <= shift <= 62.
constexpr uint32_t GateNumerator(int64_t gap, int32_t multiplier, int shift) {
  const int64_t octaves =
      (gap * multiplier + (int64_t{1} << (shift - 1))) >> shift;
  if (octaves >= (17 << kOctaveBits)) return 0;
  const int whole = static_cast<int>(octaves >> kOctaveBits);
  const uint32_t fraction = kExp2Fraction[octaves & ((1 << kOctaveBits) - 1)];
  return whole == 0 ? fraction : (fraction + (1u << (whole - 1))) >> whole;
}

// Writes the indices of the top_k largest logits to `selected`, in descending
// order of logit, the lower expert first among equals.
// logits: [experts]; selected: [top_k]. REQUIRES: top_k <= experts.
inline void SelectTopK(const int32_t* logits, int experts, int top_k,
                       int* selected) {
  int count = 0;
  for (int expert = 0; expert < experts; ++expert) {
    int slot = count;
    while (slot > 0 && logits[expert] > logits[selected[slot - 1]]) --slot;
    if (slot == top_k) continue;
    if (count < top_k) ++count;
    for (int i = count - 1; i > slot; --i) selected[i] = selected[i - 1];
    selected[slot] = expert;
  }
}

// Softmax weights of the selected experts in units of 2^-15, rounded down, so
// that they sum to at most 2^15; over the selected experts only, or over all.
// logits: [experts]; selected: [top_k], as from SelectTopK; weights: [top_k].
inline void GateWeights(const int32_t* logits, int experts, int top_k,
                        const int* selected, bool softmax_before_top_k,
                        int32_t multiplier, int shift, uint16_t* weights) {
  const int64_t largest = logits[selected[0]];
  uint32_t denominator = 0;
  for (int i = 0; i < (softmax_before_top_k ? experts : top_k); ++i) {
    const int expert = softmax_before_top_k ? i : selected[i];
    denominator += GateNumerator(largest - logits[expert], multiplier, shift);
  }
  for (int slot = 0; slot < top_k; ++slot) {
    const uint32_t numerator =
        GateNumerator(largest - logits[selected[slot]], multiplier, shift);
    weights[slot] =
        static_cast<uint16_t>((numerator << kGateWeightBits) / denominator);
  }
}

}  // namespace arith
}  // namespace moevit

#endif  // MOEVIT_KERNELS_ARITH_GATE_H_
