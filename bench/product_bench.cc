// One thread's matrix products of the shapes that Vision Transformers have, as
// a part of what the processor could multiply, measured in the same run.
//
//   product_bench --isa=avx512vnni

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_format.h"
#include "base/samples.h"
#include "base/stopwatch.h"
#include "client/peak_rate.h"
#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/packed_matrix.h"
#include "kernels/cpu/product_split.h"

ABSL_FLAG(std::string, isa, "",
          "portable, avx2 or avx512vnni; empty: the fastest available");
ABSL_FLAG(int, repeats, 5, "measured turns per shape");

namespace moevit {
namespace {

using cpu::MemoryArena;

struct Shape {
  int rows, in, out;
};

constexpr Shape kShapes[] = {
    {197, 384, 384},  {197, 384, 1152},  {197, 384, 1536},  {197, 1536, 384},
    {1576, 384, 384}, {1576, 384, 1152}, {1576, 384, 1536}, {1576, 1536, 384},
    {25, 384, 768},   {25, 768, 384},    {197, 384, 768},   {197, 768, 384},
    {65, 192, 576},   {65, 192, 768},    {65, 768, 192},    {1576, 768, 3072},
    {1, 384, 1000}};

template <typename T>
std::vector<T> RandomVector(int64_t size, int low, int high) {
  static std::mt19937 random;
  std::uniform_int_distribution<int> distribution(low, high);
  std::vector<T> values(size);
  for (T& value : values) value = static_cast<T>(distribution(random));
  return values;
}

Matrix RandomMatrix(const Shape& shape) {
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

// One shape with each of the three ways a product can end.
class ProductBench {
 public:
  ProductBench(Isa isa, const Shape& shape)
      : isa_(isa),
        shape_(shape),
        kernels_(cpu::KernelsFor(isa)),
        matrix_(cpu::PackMatrix(RandomMatrix(shape), kernels_.lanes, &arena_)),
        in_stride_(cpu::RoundUp(shape.in, cpu::kRowPadding)),
        out_stride_(cpu::RoundUp(shape.out, cpu::kRowPadding)),
        delta_(RandomVector<uint8_t>(256, 0, 255)),
        input_(RandomVector<uint8_t>(shape.rows * in_stride_, 0, 255)),
        codes_(shape.rows * out_stride_),
        wide_(RandomVector<int16_t>(shape.rows * out_stride_, -9999, 9999)) {}

  void Run() {
    Samples peak, plain, activated, added;
    for (int turn = 0; turn < absl::GetFlag(FLAGS_repeats); ++turn) {
      peak.Add(MeasurePeakRate(TimeSource::kThreadCpu, isa_, /*threads=*/1));
      plain.Add(Rate([&] { RunCodes(/*activation=*/false); }));
      activated.Add(Rate([&] { RunCodes(/*activation=*/true); }));
      added.Add(Rate([&] { RunAdd(); }));
    }
    absl::PrintF("%5d x %4d x %4d %8.1f%% %10.1f%% %8.1f%%\n", shape_.rows,
                 shape_.in, shape_.out, 100 * plain.Max() / peak.Max(),
                 100 * activated.Max() / peak.Max(),
                 100 * added.Max() / peak.Max());
  }

 private:
  double Rate(absl::FunctionRef<void()> work) {
    work();
    const double multiplications = 1.0 * shape_.rows * shape_.in * shape_.out;
    const int runs = std::max(1, static_cast<int>(2e9 / multiplications));
    const absl::Duration time = TimeOf(TimeSource::kThreadCpu, [&] {
      for (int i = 0; i < runs; ++i) work();
    });
    return runs * multiplications / absl::ToDoubleSeconds(time);
  }

  cpu::ProductCall Whole() const {
    cpu::ProductCall call;
    call.matrix = &matrix_;
    call.input = {input_.data(), in_stride_};
    return call;
  }

  void RunCodes(bool activation) {
    const cpu::ProductSplit split(shape_.rows, matrix_, /*tasks=*/1);
    for (int64_t i = 0; i < split.tasks(); ++i) {
      cpu::CodeProductCall call;
      call.product = cpu::PieceOf(Whole(), split[i]);
      if (activation) call.activation = {delta_.data(), 5, 2};
      call.output = {codes_.data() + split[i].first_row * out_stride_,
                     out_stride_};
      kernels_.code_product(call);
    }
  }

  void RunAdd() {
    const cpu::ProductSplit split(shape_.rows, matrix_, /*tasks=*/1);
    for (int64_t i = 0; i < split.tasks(); ++i) {
      cpu::WideProductCall call;
      call.product = cpu::PieceOf(Whole(), split[i]);
      call.output = {wide_.data() + split[i].first_row * out_stride_,
                     out_stride_};
      call.residual = {call.output.data, out_stride_};
      kernels_.wide_product(call);
    }
  }

  const Isa isa_;
  const Shape shape_;
  const cpu::KernelTable& kernels_;
  MemoryArena arena_;
  const cpu::PackedMatrix matrix_;
  const int64_t in_stride_;
  const int64_t out_stride_;
  const std::vector<uint8_t> delta_;
  const std::vector<uint8_t> input_;
  std::vector<uint8_t> codes_;
  std::vector<int16_t> wide_;
};

int Main() {
  const std::string isa_name = absl::GetFlag(FLAGS_isa);
  const absl::StatusOr<Isa> isa =
      isa_name.empty() ? DefaultIsa() : ParseIsa(isa_name);
  if (!isa.ok()) {
    absl::FPrintF(stderr, "%s\n", isa.status().ToString());
    return 1;
  }
  absl::PrintF("%s, one thread, part of the multiplication peak\n",
               IsaName(*isa));
  absl::PrintF(" rows x   in x  out     codes activation  residual\n");
  for (const Shape& shape : kShapes) ProductBench(*isa, shape).Run();
  return 0;
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Measures matrix products on one thread.");
  absl::ParseCommandLine(argc, argv);
  return moevit::Main();
}
