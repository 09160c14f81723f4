// What the kernels use of the synthesis tool, under one set of names: streams,
// vectors, dataflow regions and counters. The only place where a tool and a
// plain compiler differ.
//
// Under Vitis HLS the names are hls::stream and hls::vector, a dataflow region
// is the tool's, and counters vanish. Elsewhere they are the simulation of this
// directory. Pragmas are written plainly in the kernels: other compilers ignore
// them (-Wno-unknown-pragmas).

#ifndef MOEVIT_KERNELS_HLS_SIM_HLS_H_
#define MOEVIT_KERNELS_HLS_SIM_HLS_H_

#if defined(__VITIS_HLS__) || defined(__SYNTHESIS__)

#include <hls_stream.h>
#include <hls_vector.h>

namespace moevit {
namespace hls {

template <typename T, int kDepth = 0>
using Stream = ::hls::stream<T, kDepth>;

template <typename T, int kLanes>
using Vec = ::hls::vector<T, kLanes>;

}  // namespace hls
}  // namespace moevit

#define MOEVIT_DATAFLOW _Pragma("HLS dataflow")
#define MOEVIT_PROCESS(function, ...) function(__VA_ARGS__)
#define MOEVIT_MEMORY(type, name) type name
#define MOEVIT_COUNTER(name)
#define MOEVIT_COUNT(name, amount)

#else  // Simulation.

#include <memory>

#include "kernels/hls/sim/counts.h"
#include "kernels/hls/sim/dataflow.h"
#include "kernels/hls/sim/stream.h"
#include "kernels/hls/sim/vec.h"

// MOEVIT_DATAFLOW; opens a dataflow region that ends with the scope. Streams
// are declared before it.
#define MOEVIT_DATAFLOW ::moevit::hls::sim::Dataflow moevit_dataflow

// MOEVIT_PROCESS(Function, arguments...); calls one function of the region.
#define MOEVIT_PROCESS(function, ...) \
  moevit_dataflow.Run(#function, [&] { function(__VA_ARGS__); })

// MOEVIT_MEMORY(Type, name); declares a memory too large for a thread's stack.
// NOLINTBEGIN(bugprone-macro-parentheses): a type and a name have none.
#define MOEVIT_MEMORY(type, name)                       \
  const std::unique_ptr<type> name##_storage(new type); \
  type& name = *name##_storage
// NOLINTEND(bugprone-macro-parentheses)

// MOEVIT_COUNTER(name); declares a counter in the current scope, and
// MOEVIT_COUNT(name, amount); adds to it: pipeline iterations, bytes.
#define MOEVIT_COUNTER(name) ::moevit::hls::sim::Counter name##_counter(#name)
#define MOEVIT_COUNT(name, amount) name##_counter.Add(amount)

#endif

#endif  // MOEVIT_KERNELS_HLS_SIM_HLS_H_
