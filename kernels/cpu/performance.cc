#include "kernels/cpu/performance.h"

#include <variant>

#include "kernels/cpu/kernel_table.h"

namespace moevit {
namespace {

int64_t Size(const Matrix& matrix) { return int64_t{matrix.in} * matrix.out; }

// Counts the multiplications of one op.
class Counter {
 public:
  explicit Counter(const Program& program) : program_(program) {}

  int64_t operator()(const PatchEmbedOp& op) const {
    const int64_t side = program_.image_size / op.patch_size;
    return side * side * Size(op.matrix);
  }
  int64_t operator()(const LayerNormOp&) const { return 0; }
  int64_t operator()(const LinearOp& op) const {
    return rows(op.input) * Size(op.matrix.matrix);
  }
  int64_t operator()(const LinearAddOp& op) const {
    return rows(op.input) * Size(op.matrix);
  }
  int64_t operator()(const AttentionOp& op) const {
    return 2 * rows(op.output) * rows(op.output) *
           program_.values[op.output].channels;
  }
  int64_t operator()(const GateOp& op) const {
    return rows(op.input) * static_cast<int64_t>(op.weight.size());
  }
  int64_t operator()(const ExpertLinearOp& op) const {
    return rows(op.output) * Size(op.experts[0].matrix);
  }
  int64_t operator()(const ExpertCombineOp& op) const {
    return rows(op.input) * Size(op.experts[0]);
  }
  int64_t operator()(const PoolOp&) const { return 0; }
  int64_t operator()(const HeadOp& op) const {
    int64_t sum = 0;
    for (const Matrix& matrix : op.matrices) sum += Size(matrix);
    return sum;
  }

 private:
  int64_t rows(ValueId id) const { return program_.values[id].rows; }

  const Program& program_;
};

}  // namespace

std::vector<int64_t> OpMultiplications(const Program& program) {
  std::vector<int64_t> counts;
  for (const Op& op : program.ops) {
    counts.push_back(std::visit(Counter(program), op.body));
  }
  return counts;
}

int64_t RunPeakLoop(Isa isa, int64_t iterations) {
  return cpu::KernelsFor(isa).peak(iterations);
}

}  // namespace moevit
