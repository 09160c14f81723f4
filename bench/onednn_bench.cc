#include <cstdint>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "bench/kernel_benchmarks.h"
#include "bench/product_shapes.h"
#include "bench/rate_counters.h"

namespace moevit::bench {
namespace {

using Type = dnnl::memory::data_type;
using Layout = dnnl::memory::format_tag;

enum class OneDnnEnding { kAccumulators, kCodes, kGelu };

dnnl::memory::desc Describe(int rows, int columns, Type type, Layout layout) {
  return {{rows, columns}, type, layout};
}

// Scales that bring random accumulators to 8 bits, one per output channel.
dnnl::primitive_attr Attributes(const ProductShape& shape,
                                OneDnnEnding ending) {
  dnnl::primitive_attr attributes;
  if (ending == OneDnnEnding::kAccumulators) return attributes;
  constexpr int kPerColumn = 1 << 1;
  constexpr float kScale = 1e-4F;
  attributes.set_output_scales(kPerColumn,
                               std::vector<float>(shape.out, kScale));
  if (ending == OneDnnEnding::kGelu) {
    dnnl::post_ops after;
    after.append_eltwise(/*scale=*/16.0F, dnnl::algorithm::eltwise_gelu_tanh,
                         /*alpha=*/0, /*beta=*/0);
    attributes.set_post_ops(after);
  }
  return attributes;
}

dnnl::matmul::primitive_desc Plan(const dnnl::engine& engine,
                                  const ProductShape& shape,
                                  OneDnnEnding ending) {
  const auto input = Describe(shape.rows, shape.in, Type::u8, Layout::ab);
  const auto weights = Describe(shape.in, shape.out, Type::s8, Layout::any);
  const auto bias = Describe(1, shape.out, Type::f32, Layout::ab);
  const bool plain = ending == OneDnnEnding::kAccumulators;
  const auto output =
      Describe(shape.rows, shape.out, plain ? Type::s32 : Type::u8, Layout::ab);
  const auto operation = plain
                             ? dnnl::matmul::desc(input, weights, output)
                             : dnnl::matmul::desc(input, weights, bias, output);
  return {operation, Attributes(shape, ending), engine};
}

// A product and all its operands.
class OneDnnProduct {
 public:
  OneDnnProduct(const ProductShape& shape, OneDnnEnding ending)
      : engine_(dnnl::engine::kind::cpu, /*index=*/0),
        stream_(engine_),
        plan_(Plan(engine_, shape, ending)),
        product_(plan_) {
    dnnl::memory plain(Describe(shape.in, shape.out, Type::s8, Layout::ab),
                       engine_);
    Fill(plain);
    dnnl::memory weights(plan_.weights_desc(), engine_);
    dnnl::reorder(plain, weights).execute(stream_, plain, weights);
    arguments_ = {{DNNL_ARG_SRC, dnnl::memory(plan_.src_desc(), engine_)},
                  {DNNL_ARG_WEIGHTS, weights},
                  {DNNL_ARG_DST, dnnl::memory(plan_.dst_desc(), engine_)}};
    Fill(arguments_[DNNL_ARG_SRC]);
    if (ending == OneDnnEnding::kAccumulators) return;
    dnnl::memory bias(Describe(1, shape.out, Type::f32, Layout::ab), engine_);
    std::memset(bias.get_data_handle(), 0, bias.get_desc().get_size());
    arguments_[DNNL_ARG_BIAS] = bias;
  }

  void Run() {
    product_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  static void Fill(const dnnl::memory& memory) {
    auto* const bytes = static_cast<uint8_t*>(memory.get_data_handle());
    const size_t size = memory.get_desc().get_size();
    for (size_t i = 0; i < size; ++i) {
      bytes[i] = static_cast<uint8_t>(i * 167 >> 3);
    }
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::matmul::primitive_desc plan_;
  dnnl::matmul product_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

struct NamedOneDnnEnding {
  absl::string_view name;
  OneDnnEnding ending;
};

constexpr NamedOneDnnEnding kOneDnnEndings[] = {
    {"s32", OneDnnEnding::kAccumulators},
    {"codes", OneDnnEnding::kCodes},
    {"gelu", OneDnnEnding::kGelu}};

}  // namespace

void RegisterOneDnnProducts(Isa isa) {
  for (const LayerShape& layer : kLayerShapes) {
    for (const int rows : kProductRows) {
      const ProductShape shape = {rows, layer.in, layer.out};
      for (const NamedOneDnnEnding& ending : kOneDnnEndings) {
        benchmark::RegisterBenchmark(
            BenchmarkName("onednn", ending.name, layer, rows).c_str(),
            [=](benchmark::State& state) {
              OneDnnProduct product(shape, ending.ending);
              MeasureProduct(state, isa, shape.multiplications(),
                             [&] { product.Run(); });
            });
      }
    }
  }
}

}  // namespace moevit::bench
