// The matrix products of Vision Transformers that are measured.

#ifndef MOEVIT_BENCH_PRODUCT_SHAPES_H_
#define MOEVIT_BENCH_PRODUCT_SHAPES_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace moevit::bench {

// rows x in times in x out.
struct ProductShape {
  int rows = 0;
  int in = 0;
  int out = 0;

  int64_t multiplications() const { return int64_t{rows} * in * out; }
};

// One expert's share of an image, of a small image, an image, and 4 and 8 of
// them.
constexpr int kProductRows[] = {16, 64, 197, 788, 1576};

struct LayerShape {
  absl::string_view name;
  int in = 0;
  int out = 0;
};

// DeiT-S, and the experts of M3ViT-S.
constexpr LayerShape kLayerShapes[] = {
    {"patch_embed", 768, 384}, {"qkv", 384, 1152}, {"proj", 384, 384},
    {"fc1", 384, 1536},        {"fc2", 1536, 384}, {"expert_fc1", 384, 768},
    {"expert_fc2", 768, 384}};

// For example "moevit/gelu/fc1/197x384x1536".
inline std::string BenchmarkName(absl::string_view engine,
                                 absl::string_view ending,
                                 const LayerShape& layer, int rows) {
  return absl::StrCat(engine, "/", ending, "/", layer.name, "/", rows, "x",
                      layer.in, "x", layer.out);
}

}  // namespace moevit::bench

#endif  // MOEVIT_BENCH_PRODUCT_SHAPES_H_
