#include "tests/kernels/hls/vector_case.h"

#include <cstring>

#include "kernels/hls/descriptor.h"
#include "kernels/hls/kernels.h"

namespace moevit {
namespace {

// Any content, to be overwritten.
hls::Word Mark() {
  hls::Word word;
  std::memset(&word, 0x5a, sizeof(word));
  return word;
}

// A list of parameter words: each Append begins a new word.
class Parameters {
 public:
  template <typename T>
  void Append(const std::vector<T>& elements) {
    const size_t bytes = elements.size() * sizeof(T);
    const size_t first = words_.size();
    words_.resize(first + (bytes + hls::kWordBytes - 1) / hls::kWordBytes,
                  hls::Word{});
    std::memcpy(static_cast<void*>(words_.data() + first), elements.data(),
                bytes);
  }

  template <typename T>
  void AppendHeader(const T& header) {
    Append(std::vector<T>{header});
  }

  const hls::Word* data() const { return words_.data(); }

 private:
  Words words_;
};

template <typename T>
Words Rows(const std::vector<T>& values, int width) {
  const int row_words =
      hls::CeilDivide(width * static_cast<int>(sizeof(T)), hls::kWordBytes);
  const size_t rows = values.size() / width;
  Words words(rows * row_words, hls::Word{});
  for (size_t row = 0; row < rows; ++row) {
    std::memcpy(static_cast<void*>(words.data() + row * row_words),
                values.data() + row * width, width * sizeof(T));
  }
  return words;
}

}  // namespace

Words CodeRows(const std::vector<int8_t>& codes, int width) {
  return Rows(codes, width);
}

Words Int16Rows(const std::vector<int16_t>& values, int width) {
  return Rows(values, width);
}

Words RunLayerNorm(const LayerNormOp& op, int images, int width,
                   const std::vector<int16_t>& input) {
  const int rows = static_cast<int>(input.size()) / width;
  hls::LayerNormHeader header = {};
  header.operation = hls::kLayerNorm;
  header.rows = rows / images;
  header.width = width;
  header.shift = op.shift;
  header.epsilon_low = static_cast<uint32_t>(op.epsilon);
  header.epsilon_high = static_cast<uint32_t>(op.epsilon >> 32);
  std::vector<hls::NormConstants> constants;
  constants.reserve(width);
  for (int c = 0; c < width; ++c) {
    constants.push_back({op.beta[c], op.gamma[c], /*reserved=*/0});
  }
  Parameters parameters;
  parameters.AppendHeader(header);
  parameters.Append(constants);
  const Words words = Int16Rows(input, width);
  Words output(rows * hls::CodeWords(width), Mark());
  moevit_vector(parameters.data(), words.data(), nullptr, nullptr,
                output.data(), images);
  return output;
}

Words RunGate(const GateOp& op, int rows, const std::vector<int8_t>& input) {
  const int width = static_cast<int>(input.size()) / rows;
  hls::GateHeader header = {};
  header.operation = hls::kGate;
  header.rows = rows;
  header.width = width;
  header.experts = op.experts;
  header.top_k = op.top_k;
  header.softmax_before_top_k = op.softmax_before_top_k ? 1 : 0;
  header.octave_multiplier = op.octave_multiplier;
  header.octave_shift = op.octave_shift;
  const int padded = hls::CodeWords(width) * hls::kWordCodes;
  std::vector<int16_t> weights(op.experts * padded);
  for (int e = 0; e < op.experts; ++e) {
    for (int k = 0; k < width; ++k) {
      weights[e * padded + k] = op.weight[e * width + k];
    }
  }
  Parameters parameters;
  parameters.AppendHeader(header);
  parameters.Append(op.bias);
  parameters.Append(weights);
  const Words words = CodeRows(input, width);
  Words output(rows, Mark());
  moevit_vector(parameters.data(), words.data(), nullptr, nullptr,
                output.data(), /*images=*/1);
  return output;
}

Words RoutingRows(const std::vector<int>& experts,
                  const std::vector<uint16_t>& weights, int top_k) {
  Words words(experts.size() / top_k, hls::Word{});
  for (size_t i = 0; i < experts.size(); ++i) {
    const hls::RoutingEntry entry = {static_cast<uint16_t>(experts[i]),
                                     weights[i]};
    std::memcpy(&words[i / top_k][i % top_k * sizeof(entry)], &entry,
                sizeof(entry));
  }
  return words;
}

Words RunCombine(int top_k, int residual_shift, int width, const Words& routing,
                 const std::vector<int16_t>& fine,
                 const std::vector<int16_t>& residual) {
  hls::CombineHeader header = {};
  header.operation = hls::kCombine;
  header.rows = static_cast<int>(routing.size());
  header.width = width;
  header.top_k = top_k;
  header.residual_shift = residual_shift;
  Parameters parameters;
  parameters.AppendHeader(header);
  const Words input = Int16Rows(fine, width);
  Words output = Int16Rows(residual, width);
  moevit_vector(parameters.data(), input.data(), output.data(), routing.data(),
                output.data(), /*images=*/1);
  return output;
}

Words RunPool(const PoolOp& op, int images, int width, bool is_int16,
              const Words& input) {
  const int row_words =
      is_int16 ? hls::Int16Words(width) : hls::CodeWords(width);
  hls::PoolHeader header = {};
  header.operation = hls::kPool;
  header.rows = static_cast<int>(input.size()) / row_words / images;
  header.width = width;
  header.is_int16 = is_int16 ? 1 : 0;
  header.first_row = op.first_row;
  header.groups = op.groups;
  header.rows_per_group = op.rows_per_group;
  header.multiplier = op.multiplier;
  header.shift = op.shift;
  Parameters parameters;
  parameters.AppendHeader(header);
  Words output(images * op.groups * row_words, Mark());
  moevit_vector(parameters.data(), input.data(), nullptr, nullptr,
                output.data(), images);
  return output;
}

Words RunPatches(int images, int image_size, int channels, int patch_size,
                 const std::vector<uint8_t>& pixels) {
  hls::PatchesHeader header = {};
  header.operation = hls::kPatches;
  header.image_size = image_size;
  header.channels = channels;
  header.patch_size = patch_size;
  Parameters parameters;
  parameters.AppendHeader(header);
  const Words input = Rows(pixels, image_size * image_size * channels);
  const int side = image_size / patch_size;
  Words output(
      images * side * side * hls::CodeWords(patch_size * patch_size * channels),
      Mark());
  moevit_vector(parameters.data(), input.data(), nullptr, nullptr,
                output.data(), images);
  return output;
}

}  // namespace moevit
