// A program in the memory of a card: weights, parameters and tables, loaded
// once and used by any number of executors.

#ifndef MOEVIT_KERNELS_CARD_RESIDENT_PROGRAM_H_
#define MOEVIT_KERNELS_CARD_RESIDENT_PROGRAM_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/mutex.h"
#include "kernels/card/card.h"
#include "kernels/card/card_context.h"
#include "kernels/card/card_step.h"
#include "kernels/card/value_layout.h"
#include "program/program.h"

namespace moevit {

struct ResidentProgramOptions {
  // Which of the card's units run it, where the image has several of a kernel:
  // the n-th of each. Default: 0.
  int pipeline = 0;

  // Bound for every single copy and launch. Default: 5 s.
  absl::Duration timeout = absl::Seconds(5);
};

// Thread safe. Void after Card::Reset: load it again.
class ResidentProgram {
 public:
  // Blocks until everything is on the card. `program` passed VerifyProgram; it
  // and `card` must outlive the result. Returns kUnimplemented for what the
  // kernels cannot run, kFailedPrecondition for an image without the kernels,
  // kResourceExhausted when the card is full, or the card's error.
  static absl::StatusOr<std::shared_ptr<const ResidentProgram>> Load(
      const Program* program, Card* card,
      const ResidentProgramOptions& options);

  const Program& program() const { return *program_; }
  const card::CardContext& context() const { return context_; }
  // By ValueId.
  absl::Span<const card::ValueLayout> layouts() const { return layouts_; }
  // By op.
  const std::vector<std::unique_ptr<card::CardStep>>& steps() const {
    return steps_;
  }

  // Reads the matrices back from the card. Returns kDataLoss, naming the op,
  // if one has changed. Executors may run meanwhile.
  absl::Status Verify() const;

 private:
  ResidentProgram(const Program* program, card::CardContext context,
                  std::vector<card::ValueLayout> layouts)
      : program_(program), context_(context), layouts_(std::move(layouts)) {}

  const Program* const program_;
  const card::CardContext context_;
  const std::vector<card::ValueLayout> layouts_;
  std::vector<std::unique_ptr<card::CardStep>> steps_;
  mutable Mutex verify_mutex_;  // one at a time reads weights back
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_RESIDENT_PROGRAM_H_
