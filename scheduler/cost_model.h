// What a batch of one model costs on one device, learned from its own runs:
// a fixed part, for loading and launching, and a part for each image.
//
// Robust: each batch size has the median of its latest runs, so that a few
// runs that were disturbed change nothing while a lasting change is followed
// after five. Sizes that were not seen lately follow a line through those that
// were; steps, such as a device that fills up groups of images, show up in
// each size's own median. What disturbed runs took beyond their size's median
// is kept apart, for who wants to know what a batch may take.

#ifndef MOEVIT_SCHEDULER_COST_MODEL_H_
#define MOEVIT_SCHEDULER_COST_MODEL_H_

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"

namespace moevit {

// Thread-compatible.
class CostModel {
 public:
  // A batch of `images` took `duration`. REQUIRES: images >= 1.
  void Observe(int images, absl::Duration duration);

  // Whether there is anything to predict from.
  bool known() const { return observations_ > 0; }

  // How many batches there were.
  int64_t observations() const { return observations_; }

  // What a batch of `images` is going to take; zero while nothing is known.
  // After runs of one size only, half of their time is taken to be fixed.
  absl::Duration Predict(int images) const;

  // The size about which most is known: the mean of those that were seen
  // lately. REQUIRES: known().
  int usual_images() const;

  // A duration that a batch will hardly stay below: the prediction less twice
  // its usual error, and no more than one of the latest runs of this size or a
  // larger one took.
  absl::Duration PredictLeast(int images) const;

  // The seconds that each of the latest batches took beyond the prediction,
  // below zero if less; in no order, and only of sizes seen often enough.
  absl::Span<const double> disturbances() const { return disturbances_; }

  // How far predictions were off lately, relative to the actual duration.
  double relative_error() const { return relative_error_; }

 private:
  // The latest runs of one batch size.
  struct Size {
    std::array<double, 9> seconds;  // a ring
    int64_t runs = 0;
    int64_t last_observation = 0;
    double median = 0;
    double least = 0;

    void Add(double duration, int64_t observation);
  };

  double Freshness(const Size& size) const;
  double PredictSeconds(int images) const;
  void NoteError(int images, double seconds);
  void FitLine();

  std::map<int, Size> sizes_;
  int64_t observations_ = 0;
  double mean_images_ = 0;  // where the line is known best
  double fixed_seconds_ = 0;
  double seconds_per_image_ = 0;
  double relative_error_ = 0;
  std::vector<double> disturbances_;  // a ring, once it is full
  int64_t disturbances_seen_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_SCHEDULER_COST_MODEL_H_
