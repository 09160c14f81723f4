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

template <typename T>
int64_t BytesOf(const std::vector<T>& elements) {
  return static_cast<int64_t>(elements.size() * sizeof(T));
}

int64_t BytesOf(const Matrix& matrix) {
  return BytesOf(matrix.weight) + BytesOf(matrix.bias) +
         BytesOf(matrix.multiplier) + BytesOf(matrix.shift);
}

int64_t BytesOf(const CodeMatrix& matrix) { return BytesOf(matrix.matrix); }

template <typename M>
int64_t BytesOfAll(const std::vector<M>& matrices) {
  int64_t sum = 0;
  for (const M& matrix : matrices) sum += BytesOf(matrix);
  return sum;
}

// Adds up the bytes of one op's matrices.
struct OpWeightBytes {
  int64_t operator()(const PatchEmbedOp& op) const {
    return BytesOf(op.matrix);
  }
  int64_t operator()(const LinearOp& op) const { return BytesOf(op.matrix); }
  int64_t operator()(const LinearAddOp& op) const { return BytesOf(op.matrix); }
  int64_t operator()(const GateOp& op) const {
    return BytesOf(op.weight) + BytesOf(op.bias);
  }
  int64_t operator()(const ExpertLinearOp& op) const {
    return BytesOfAll(op.experts);
  }
  int64_t operator()(const ExpertCombineOp& op) const {
    return BytesOfAll(op.experts);
  }
  int64_t operator()(const HeadOp& op) const { return BytesOfAll(op.matrices); }
  int64_t operator()(const LayerNormOp&) const { return 0; }
  int64_t operator()(const AttentionOp&) const { return 0; }
  int64_t operator()(const PoolOp&) const { return 0; }
};

}  // namespace

std::vector<int64_t> OpMultiplications(const Program& program) {
  std::vector<int64_t> counts;
  for (const Op& op : program.ops) {
    counts.push_back(std::visit(Counter(program), op.body));
  }
  return counts;
}

int64_t WeightBytes(const Program& program) {
  int64_t sum = 0;
  for (const Op& op : program.ops) sum += std::visit(OpWeightBytes(), op.body);
  return sum;
}

int64_t RunPeakLoop(Isa isa, int64_t iterations) {
  return cpu::KernelsFor(isa).peak(iterations);
}

}  // namespace moevit
