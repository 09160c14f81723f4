#include <cstdint>
#include <random>
#include <vector>

#include "bench/kernel_benchmarks.h"
#include "bench/product_shapes.h"
#include "bench/rate_counters.h"
#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/packed_matrix.h"
#include "kernels/cpu/product_split.h"

namespace moevit::bench {
namespace {

template <typename T>
std::vector<T> RandomVector(int64_t size, int low, int high) {
  std::mt19937 random;
  std::uniform_int_distribution<int> distribution(low, high);
  std::vector<T> values(size);
  for (T& value : values) value = static_cast<T>(distribution(random));
  return values;
}

Matrix RandomMatrix(const ProductShape& shape) {
  Matrix matrix;
  matrix.in = shape.in;
  matrix.out = shape.out;
  matrix.weight =
      RandomVector<int8_t>(int64_t{shape.in} * shape.out, -127, 127);
  matrix.bias = RandomVector<int32_t>(shape.out, -20000, 20000);
  matrix.multiplier = RandomVector<int16_t>(shape.out, 1 << 14, 32767);
  matrix.shift = RandomVector<int8_t>(shape.out, 4, 8);
  return matrix;
}

// A product and all its operands.
class Product {
 public:
  Product(Isa isa, const ProductShape& shape)
      : kernels_(cpu::KernelsFor(isa)),
        matrix_(cpu::PackMatrix(RandomMatrix(shape), kernels_.lanes, &arena_)),
        split_(shape.rows, matrix_, /*tasks=*/1),
        in_stride_(cpu::RoundUp(shape.in, cpu::kRowPadding)),
        out_stride_(cpu::RoundUp(shape.out, cpu::kRowPadding)),
        delta_(RandomVector<uint8_t>(256, 0, 255)),
        input_(RandomVector<uint8_t>(shape.rows * in_stride_, 0, 255)),
        codes_(shape.rows * out_stride_),
        wide_(RandomVector<int16_t>(shape.rows * out_stride_, -9999, 9999)) {}

  void RunCodes() { RunCodes(cpu::ActivationTable()); }

  void RunGelu() {
    cpu::ActivationTable table;
    table.delta = delta_.data();
    table.index_shift = 5;
    table.delta_shift = 2;
    RunCodes(table);
  }

  void RunResidual() {
    for (int64_t i = 0; i < split_.tasks(); ++i) {
      cpu::WideProductCall call;
      call.product = Piece(i);
      call.output = {wide_.data() + split_[i].first_row * out_stride_,
                     out_stride_};
      call.residual = {call.output.data, out_stride_};
      kernels_.wide_product(call);
    }
  }

 private:
  void RunCodes(const cpu::ActivationTable& activation) {
    for (int64_t i = 0; i < split_.tasks(); ++i) {
      cpu::CodeProductCall call;
      call.product = Piece(i);
      call.activation = activation;
      call.output = {codes_.data() + split_[i].first_row * out_stride_,
                     out_stride_};
      kernels_.code_product(call);
    }
  }

  cpu::ProductCall Piece(int64_t task) const {
    cpu::ProductCall whole;
    whole.matrix = &matrix_;
    whole.input = {input_.data(), in_stride_};
    return cpu::PieceOf(whole, split_[task]);
  }

  const cpu::KernelTable& kernels_;
  cpu::MemoryArena arena_;
  const cpu::PackedMatrix matrix_;
  const cpu::ProductSplit split_;
  const int64_t in_stride_;
  const int64_t out_stride_;
  const std::vector<uint8_t> delta_;
  const std::vector<uint8_t> input_;
  std::vector<uint8_t> codes_;
  std::vector<int16_t> wide_;
};

struct Ending {
  absl::string_view name;
  void (Product::*run)();
};

constexpr Ending kEndings[] = {{"codes", &Product::RunCodes},
                               {"gelu", &Product::RunGelu},
                               {"residual", &Product::RunResidual}};

}  // namespace

void RegisterProducts(Isa isa) {
  for (const LayerShape& layer : kLayerShapes) {
    for (const int rows : kProductRows) {
      const ProductShape shape = {rows, layer.in, layer.out};
      for (const Ending& ending : kEndings) {
        benchmark::RegisterBenchmark(
            BenchmarkName("moevit", ending.name, layer, rows).c_str(),
            [=](benchmark::State& state) {
              Product product(isa, shape);
              MeasureProduct(state, isa, shape.multiplications(),
                             [&] { (product.*ending.run)(); });
            });
      }
    }
  }
}

}  // namespace moevit::bench
