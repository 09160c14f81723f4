// Random but valid integer programs, to measure executors with, and for tests
// that compare them, damage programs or store them. The weights mean nothing;
// the values stay in ranges where rounding, saturation and ties all occur.
// Equal options give equal programs.

#ifndef MOEVIT_PROGRAM_RANDOM_PROGRAM_H_
#define MOEVIT_PROGRAM_RANDOM_PROGRAM_H_

#include <cstdint>
#include <vector>

#include "program/program.h"

namespace moevit {

struct RandomProgramOptions {
  uint32_t seed = 1;
  int image_size = 12;
  int patch_size = 4;
  int channels = 3;
  int prefix_tokens = 1;
  int width = 24;
  int heads = 3;
  int depth = 2;  // odd blocks are sparse if experts > 0
  int mlp_width = 40;
  int experts = 5;
  int top_k = 2;
  int expert_width = 28;
  bool softmax_before_top_k = false;
  bool pool_mean = false;  // mean over the patches instead of the first token
  int head_rows = 1;       // 2: a distilled model; needs two prefix tokens
  int attention_levels = 16;
  int classes = 7;
};

// Passes VerifyProgram. REQUIRES: sizes that fit together, as a ModelConfig's.
Program RandomProgram(const RandomProgramOptions& options);

// Pixels for `images` images of the program.
std::vector<uint8_t> RandomPixels(const Program& program, int images,
                                  uint32_t seed);

}  // namespace moevit

#endif  // MOEVIT_PROGRAM_RANDOM_PROGRAM_H_
