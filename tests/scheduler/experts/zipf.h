// Skewed popularity, as experts have it: the i-th most popular of n is drawn
// with a probability in proportion to 1 / (i + 1)^s.

#ifndef MOEVIT_TESTS_SCHEDULER_EXPERTS_ZIPF_H_
#define MOEVIT_TESTS_SCHEDULER_EXPERTS_ZIPF_H_

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace moevit {

// By item, in random order. They sum to 1.
inline std::vector<double> ZipfPopularity(int items, double s,
                                          std::mt19937& random) {
  std::vector<double> popularity(items);
  double sum = 0;
  for (int i = 0; i < items; ++i) sum += popularity[i] = std::pow(i + 1, -s);
  for (double& p : popularity) p /= sum;
  std::shuffle(popularity.begin(), popularity.end(), random);
  return popularity;
}

}  // namespace moevit

#endif  // MOEVIT_TESTS_SCHEDULER_EXPERTS_ZIPF_H_
