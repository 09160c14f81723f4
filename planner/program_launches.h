// What a card is asked to do for a batch of a program: the launches and copies
// that kernels/card makes, without a card. The tests hold it to what the
// executor really does.

#ifndef MOEVIT_PLANNER_PROGRAM_LAUNCHES_H_
#define MOEVIT_PLANNER_PROGRAM_LAUNCHES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/executor.h"
#include "kernels/hls/linear_tiles.h"
#include "program/program.h"

namespace moevit::planner {

enum class CardKernel { kLinear, kAttention, kVector };
constexpr int kCardKernels = 3;

// One launch of a kernel.
struct Launch {
  CardKernel kernel = CardKernel::kLinear;
  int64_t cycles = 0;    // as long as memory keeps up: the kernel's own model
  int64_t products = 0;  // of int8, padding not counted
  int64_t weight_bytes = 0;      // matrices, constants
  int64_t activation_bytes = 0;  // rows, routing
  int64_t busiest_port_bytes = 0;
};

// Copies in one direction between host and card.
struct Copies {
  int count = 0;
  int64_t bytes = 0;
};

// An op, or the pixels' and logits' way between host and card.
struct OpLaunches {
  std::string name;
  std::string kind;
  std::vector<Launch> launches;  // one after the other
  Copies to_card;
  Copies from_card;
};

// The sizes that launches depend on.
struct UnitSizes {
  hls::LinearTiles linear = {};
  int attention_queries = 0;
};

struct BatchShape {
  int images = 1;
  // How many tokens each expert of each sparse layer gets, as an executor
  // counts them; null: evenly. Not owned.
  const ExpertLoad* load = nullptr;
};

// In the order in which they run: "pixels", the ops, "logits". For a batch of
// the same size as the one before it: schedules that do not change are on the
// card. Returns kUnimplemented, naming the op, for what the kernels cannot run,
// kInvalidArgument for a load of other experts than the program's.
// REQUIRES: the program passed VerifyProgram.
absl::StatusOr<std::vector<OpLaunches>> LaunchesOf(const Program& program,
                                                   const UnitSizes& sizes,
                                                   const BatchShape& batch);

}  // namespace moevit::planner

#endif  // MOEVIT_PLANNER_PROGRAM_LAUNCHES_H_
