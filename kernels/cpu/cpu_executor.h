// Integer programs on the processor's vector units, as fast as it allows. Gives
// the same bits as the reference for every program that passed VerifyProgram,
// whatever the instruction set, the number of threads and the batch.

#ifndef MOEVIT_KERNELS_CPU_CPU_EXECUTOR_H_
#define MOEVIT_KERNELS_CPU_CPU_EXECUTOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "kernels/cpu/isa.h"
#include "kernels/executor.h"
#include "kernels/expert_layer.h"
#include "program/program.h"

namespace moevit {

struct CpuExecutorOptions {
  // Threads that compute, the caller of Run included. 0: one per processor this
  // process may use (base/cpu_count.h). The others are started by
  // NewCpuExecutor; they spin for some microseconds between the ops of a run
  // and sleep between runs.
  int threads = 0;

  // Whether each thread started stays on one processor (WorkerTeam). For
  // machines where little else runs; executors whose runs overlap would share
  // the same processors.
  bool pin_threads = false;

  // The processors that its threads stay on, the caller of Run for as long as
  // that takes; its memory is then of their node, where the system gives out
  // memory to whoever touches it first. Empty: any.
  std::vector<int> processors = {};

  // Images computed together; larger batches are divided. Memory for
  // intermediate results is in proportion. REQUIRES: at least 1.
  int max_batch = 32;

  // See ChooseIsa.
  // REQUIRES: IsaAvailable.
  std::optional<Isa> isa = std::nullopt;

  // Where to add the time that each op takes, the mean over all threads, by op
  // index; null: not measured. Experts' two linears are measured together and
  // given parts by their multiplications. Must outlive the executor; is resized
  // by NewCpuExecutor.
  std::vector<absl::Duration>* op_times = nullptr;

  // Where NewCpuExecutor writes how much memory intermediate results take, of
  // all threads together; null: nowhere.
  int64_t* activation_bytes = nullptr;

  // Runs the experts instead of this executor, which then packs no weights of
  // theirs; null: they run here. Called on the thread of Run, between whose ops
  // no other of its threads is busy. Must outlive the executor.
  // REQUIRES: FindExpertLayers succeeds on the program.
  ExpertLayerRunner* expert_layers = nullptr;
};

// Returns an executor of `program`, which must have passed VerifyProgram and
// must outlive it. Packs all weights, which takes as much memory again as the
// program's. Run allocates nothing.
std::unique_ptr<Executor> NewCpuExecutor(const Program* program,
                                         const CpuExecutorOptions& options);

}  // namespace moevit

#endif  // MOEVIT_KERNELS_CPU_CPU_EXECUTOR_H_
