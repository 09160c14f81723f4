// Where the values of a program live while it runs: every value gets a place in
// one block of memory, and places are used again once a value has had its last
// reader. Pure.

#ifndef MOEVIT_KERNELS_CPU_BUFFER_PLAN_H_
#define MOEVIT_KERNELS_CPU_BUFFER_PLAN_H_

#include <cstdint>
#include <vector>

#include "program/program.h"

namespace moevit::cpu {

// The ops, by index, between which a value must keep its place.
struct Lifetime {
  int first = 0;  // the op that writes it
  int last = 0;   // the last op that reads it, or `first` if none does
};

// By ValueId. REQUIRES: the program passed VerifyProgram.
std::vector<Lifetime> ValueLifetimes(const Program& program);

struct BufferPlan {
  std::vector<int64_t> offsets;  // by value, multiples of kAlignment
  int64_t bytes = 0;             // of the whole block
};

// Places of the given sizes such that two that live at the same time do not
// overlap.
BufferPlan PlanBuffers(const std::vector<Lifetime>& lifetimes,
                       const std::vector<int64_t>& bytes);

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_BUFFER_PLAN_H_
