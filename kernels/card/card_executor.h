// Runs a program that is resident on a card. Only pixels, decisions of the
// gates and logits travel between host and card.

#ifndef MOEVIT_KERNELS_CARD_CARD_EXECUTOR_H_
#define MOEVIT_KERNELS_CARD_CARD_EXECUTOR_H_

#include <memory>

#include "absl/status/statusor.h"
#include "kernels/card/resident_program.h"
#include "kernels/executor.h"

namespace moevit {

struct CardExecutorOptions {
  // Most images in card memory at a time; larger batches run in parts.
  // Default: 16.
  int max_batch = 16;

  // Whether schedules that did not change stay on the card from batch to batch.
  // Otherwise nothing but weights and parameters does. Default: yes.
  bool keep_schedules = true;
};

// An executor named like its card. It has activations of its own: two of them
// on one resident program keep its units busy while one copies. Run returns
// the errors of Card; after any but kInvalidArgument and kCancelled the card
// is to be taken for broken, until Card::Reset.
absl::StatusOr<std::unique_ptr<Executor>> NewCardExecutor(
    std::shared_ptr<const ResidentProgram> program,
    const CardExecutorOptions& options);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CARD_CARD_EXECUTOR_H_
