// Where values live while a program runs: every value gets a place in one block
// of memory, and places are used again once a value has had its last reader.
// Pure.

#ifndef MOEVIT_KERNELS_CPU_BUFFER_PLAN_H_
#define MOEVIT_KERNELS_CPU_BUFFER_PLAN_H_

#include <cstdint>
#include <vector>

#include "kernels/cpu/step_use.h"
#include "program/program.h"

namespace moevit::cpu {

// The times, both included, between which a value must keep its place.
struct Lifetime {
  int first = 0;
  int last = 0;
};

// By ValueId. time_of: by step, ascending; steps of the same time run side by
// side or in any order. A value that no step uses lives at time 0.
std::vector<Lifetime> ValueLifetimes(int values,
                                     const std::vector<StepUse>& steps,
                                     const std::vector<int>& time_of);

struct BufferPlan {
  std::vector<int64_t> offsets;  // by value, multiples of kAlignment
  int64_t bytes = 0;             // of the whole block, likewise
};

// Places of the given sizes such that two that live at the same time do not
// overlap.
BufferPlan PlanBuffers(const std::vector<Lifetime>& lifetimes,
                       const std::vector<int64_t>& bytes);

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_BUFFER_PLAN_H_
