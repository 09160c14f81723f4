// Timing on machines that other work shares: what is compared is measured in
// turns, and the best and the median of all turns are kept.

#ifndef MOEVIT_BENCH_STOPWATCH_H_
#define MOEVIT_BENCH_STOPWATCH_H_

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "kernels/cpu/isa.h"

namespace moevit {

enum class Clock {
  kWall,
  // Processor time, which leaves out what other processes took meanwhile: of
  // the calling thread, or of all threads of this process together.
  kThreadCpu,
  kProcessCpu,
};

absl::Duration TimeOf(Clock clock, absl::FunctionRef<void()> work);

// The spread of repeated measurements of one quantity, larger being better.
class Samples {
 public:
  void Add(double sample) { samples_.push_back(sample); }
  // REQUIRES: at least one sample.
  double Best() const;
  double Median() const;
  // Half the distance between the quartiles, relative to the median.
  double Spread() const;

 private:
  double Quantile(double fraction) const;

  std::vector<double> samples_;
};

// 8-bit multiplications per second of `threads` threads side by side, in
// registers only: the processor's limit at this moment. Takes about 30 ms.
double MeasurePeak(Clock clock, Isa isa, int threads);

}  // namespace moevit

#endif  // MOEVIT_BENCH_STOPWATCH_H_
