// The steps of one tile in a process of the linear operator: two nested loops,
// whose bounds change from tile to tile.
//
// A process runs all of its tiles in a single pipelined loop, so that the
// pipeline stays full from tile to tile and from expert to expert. The bounds
// are compared with, never multiplied: a step per cycle leaves no time for
// that. Such loops are flushable (style=flp): waiting for the next tile does
// not hold back what is under way.

#ifndef MOEVIT_KERNELS_HLS_LINEAR_STEPS_H_
#define MOEVIT_KERNELS_HLS_LINEAR_STEPS_H_

namespace moevit {
namespace hls {

class LinearSteps {
 public:
  // Without steps.
  LinearSteps() = default;

  // `outer` rounds of `inner` steps. REQUIRES: inner > 0.
  LinearSteps(int inner, int outer)
      : inner_end_(inner), outer_end_(outer), done_(outer == 0) {}

  bool done() const { return done_; }
  int inner() const { return inner_; }
  int outer() const { return outer_; }
  bool first_inner() const { return inner_ == 0; }
  bool last_inner() const { return inner_ == inner_end_ - 1; }

  // Whether that was the last step.
  bool Advance() {
    const bool round_ends = last_inner();
    done_ = round_ends && outer_ == outer_end_ - 1;
    inner_ = round_ends ? 0 : inner_ + 1;
    if (round_ends) ++outer_;
    return done_;
  }

 private:
  int inner_end_ = 0;
  int outer_end_ = 0;
  int inner_ = 0;
  int outer_ = 0;
  bool done_ = true;
};

}  // namespace hls
}  // namespace moevit

#endif  // MOEVIT_KERNELS_HLS_LINEAR_STEPS_H_
