// The one interface through which integer programs are run, whatever the
// device: the reference loops, the CPU's vector units or a card.
//
// Every executor of a program gives the same bits for the same image, whatever
// the other images of the batch.

#ifndef MOEVIT_KERNELS_EXECUTOR_H_
#define MOEVIT_KERNELS_EXECUTOR_H_

#include <cstdint>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kernels/expert_load.h"
#include "program/program.h"

namespace moevit {

// Thread-compatible: one Run at a time on one object. Objects that share a
// program may run side by side.
class Executor {
 public:
  virtual ~Executor() = default;

  // A short stable name for metrics and answers, for example "cpu".
  virtual absl::string_view name() const = 0;

  // Classifies `images` images.
  //   pixels  [images, image_size, image_size, channels], row-major uint8
  //   logits  [images, classes], written in full on success; a logit's real
  //           value is program.logit_scale times it
  //   load    counts are added to it; may be null
  // Returns kInvalidArgument when a span's size does not fit. On any error the
  // content of `logits` is unspecified and the executor stays usable. An error
  // of a device that had not begun with the batch yet is a BatchNotBegunError.
  virtual absl::Status Run(int images, absl::Span<const uint8_t> pixels,
                           absl::Span<int32_t> logits, ExpertLoad* load) = 0;

  // As Run, for a batch that may become useless while it runs. Asks `cancelled`
  // on the calling thread, between any two ops where the executor can; once it
  // answers true, the batch is given up and kCancelled returned. `cancelled`
  // should take well under a microsecond. Default: asks once, before Run.
  virtual absl::Status RunCancellable(int images,
                                      absl::Span<const uint8_t> pixels,
                                      absl::Span<int32_t> logits,
                                      ExpertLoad* load,
                                      absl::FunctionRef<bool()> cancelled);
};

// For implementations: the kCancelled of RunCancellable.
absl::Status BatchCancelledError();

// `error` with a mark that the batch cannot have caused it. REQUIRES: not OK.
absl::Status BatchNotBegunError(absl::Status error);
// Whether `status` has that mark.
bool IsBatchNotBegun(const absl::Status& status);

// For implementations: kInvalidArgument, naming both sizes, unless the spans
// hold exactly `images` images and as many rows of logits.
absl::Status CheckBatch(const Program& program, int images,
                        absl::Span<const uint8_t> pixels,
                        absl::Span<int32_t> logits);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_EXECUTOR_H_
