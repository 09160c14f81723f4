// How two classifiers fare on the same images, and how sure one can be of the
// difference.

#ifndef MOEVIT_QUANTIZE_PAIRED_COMPARISON_H_
#define MOEVIT_QUANTIZE_PAIRED_COMPARISON_H_

#include <cstdint>

namespace moevit {

struct Interval {
  double lower = 0;
  double upper = 0;
};

// Counts of images, by whose top-1 is the label. Plain data.
struct PairedComparison {
  int64_t both_right = 0;
  int64_t only_model_right = 0;
  int64_t only_other_right = 0;
  int64_t both_wrong = 0;
  int64_t same_prediction = 0;  // right or wrong

  int64_t images() const {
    return both_right + only_model_right + only_other_right + both_wrong;
  }

  // Top-1 of the model minus top-1 of the other, as a fraction.
  // REQUIRES: images() > 0, here and below.
  double Difference() const;

  // The 95 % interval of Difference() by Bonett and Price (2012), which adds
  // one image to each discordant count and so stays honest near zero:
  //   p = (only_model_right + 1) / (n + 2)
  //   q = (only_other_right + 1) / (n + 2)
  //   (p - q) -+ 1.96 sqrt((p + q - (p - q)^2) / (n + 2))
  // clamped to [-1, 1].
  Interval DifferenceInterval95() const;

  // The fraction of images with the same prediction.
  double Agreement() const;
};

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_PAIRED_COMPARISON_H_
