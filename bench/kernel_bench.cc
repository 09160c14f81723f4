// Single ops and products on one thread, beside oneDNN's products of the same
// shapes, as a part of what the processor could multiply at the same moment.
//
//   kernel_bench --benchmark_filter=/fc1/ --benchmark_min_time=0.1
//
// MOEVIT_ISA chooses the instruction set of what is moevit's.

#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

#include "absl/status/statusor.h"
#include "base/build_info.h"
#include "base/machine.h"
#include "bench/kernel_benchmarks.h"
#include "kernels/cpu/isa.h"

// Of OpenMP's runtime. Its header comes with one compiler and is not found by
// another.
extern "C" void omp_set_num_threads(int count);

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const absl::StatusOr<moevit::Isa> isa = moevit::DefaultIsa();
  if (!isa.ok()) {
    std::fprintf(stderr, "MOEVIT_ISA: %s\n", isa.status().ToString().c_str());
    return 1;
  }
  omp_set_num_threads(1);  // What oneDNN runs on.
  benchmark::AddCustomContext("processor", moevit::ProcessorName());
  benchmark::AddCustomContext("isa", std::string(moevit::IsaName(*isa)));
  benchmark::AddCustomContext("commit", moevit::ThisBuild().commit);
  moevit::bench::RegisterProducts(*isa);
  moevit::bench::RegisterOneDnnProducts(*isa);
  moevit::bench::RegisterOps(*isa);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
