// A counter of a flattened loop nest.
//
// A nest whose inner bounds are known at run time only drains its pipeline at
// the end of every inner loop. The kernels run such nests as one loop and keep
// the indices in counters, from the innermost outwards:
//
//   if (channel.Advance() && row.Advance()) image.Advance();

#ifndef MOEVIT_KERNELS_HLS_LOOP_COUNTER_H_
#define MOEVIT_KERNELS_HLS_LOOP_COUNTER_H_

namespace moevit {
namespace hls {

class LoopCounter {
 public:
  // Counts 0 .. limit - 1 over and over. REQUIRES: limit > 0.
  explicit LoopCounter(int limit) : limit_(limit) {}

  int value() const { return value_; }
  bool first() const { return value_ == 0; }
  bool last() const { return value_ == limit_ - 1; }

  // Whether that began a new round.
  bool Advance() {
    value_ = last() ? 0 : value_ + 1;
    return first();
  }

  void Restart() { value_ = 0; }

 private:
  int limit_;
  int value_ = 0;
};

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LOOP_COUNTER_H_
