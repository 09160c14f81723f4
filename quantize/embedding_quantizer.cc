// The patch embedding: pixels are codes already, so nothing but weights and
// constants is rounded. Mean and standard deviation of the preprocessing are
// folded into both.

#include <algorithm>
#include <functional>
#include <vector>

#include "quantize/fixed_point_constants.h"
#include "quantize/merged_statistics.h"
#include "quantize/model_quantizer.h"

namespace moevit {
namespace {

// A pixel is its code plus this.
constexpr double kPixelCentre = 128;

// The weights for raw uint8 pixels in (row, column, channel) order.
LinearWeights ForPixels(const Checkpoint& checkpoint) {
  const ModelConfig& config = checkpoint.config;
  const int patch = config.patch_size;
  const LinearWeights& from = checkpoint.patch_embed;
  LinearWeights to = from;
  for (int n = 0; n < from.out; ++n) {
    const float* row = from.weight.data() + int64_t{n} * from.in;
    for (int k = 0; k < from.in; ++k) {
      const int channel = k / (patch * patch);
      const int pixel = k % (patch * patch);
      const double weight = row[k] / config.preprocessing.std[channel];
      to.weight[int64_t{n} * from.in + pixel * config.channels + channel] =
          static_cast<float>(weight / 255);
      to.bias[n] -=
          static_cast<float>(weight * config.preprocessing.mean[channel]);
    }
  }
  return to;
}

// [patches, patch * patch * channels].
std::vector<int8_t> PatchCodes(const ModelConfig& config,
                               const std::vector<uint8_t>& pixels) {
  const int patch_bytes = config.patch_size * config.channels;
  const int row_bytes = config.image_size * config.channels;
  const int side = config.patches_per_side();
  std::vector<int8_t> codes;
  codes.reserve(pixels.size());
  for (int patch = 0; patch < side * side; ++patch) {
    for (int row = 0; row < config.patch_size; ++row) {
      const int64_t first =
          (int64_t{patch / side} * config.patch_size + row) * row_bytes +
          patch % side * patch_bytes;
      for (int i = 0; i < patch_bytes; ++i) {
        codes.push_back(static_cast<int8_t>(pixels[first + i] - 128));
      }
    }
  }
  return codes;
}

// The prefix tokens with their positions added.
Tensor PrefixRows(const Checkpoint& checkpoint) {
  Tensor prefix(checkpoint.config.prefix_tokens(), checkpoint.config.width);
  std::transform(checkpoint.prefix_tokens.begin(),
                 checkpoint.prefix_tokens.end(), checkpoint.positions.begin(),
                 prefix.values.begin(), std::plus<float>());
  return prefix;
}

// The positions of the patches, which follow those of the prefix tokens.
Tensor PatchPositions(const Checkpoint& checkpoint) {
  const ModelConfig& config = checkpoint.config;
  Tensor positions(config.tokens() - config.prefix_tokens(), config.width);
  std::copy(checkpoint.positions.end() -
                static_cast<int64_t>(positions.values.size()),
            checkpoint.positions.end(), positions.values.begin());
  return positions;
}

std::vector<int16_t> ToUnits(const std::vector<float>& values, double scale) {
  std::vector<int16_t> units;
  units.reserve(values.size());
  for (float value : values) units.push_back(RoundTo<int16_t>(value / scale));
  return units;
}

}  // namespace

ValueId ModelQuantizer::QuantizeEmbedding() {
  const LinearWeights weights = ForPixels(checkpoint_);
  const int patches = config_.tokens() - config_.prefix_tokens();
  const CodeScale pixel_scale = {std::vector<double>(weights.in, 1.0),
                                 std::vector<double>(weights.in, kPixelCentre)};
  const InputStatistics pixels =
      images_.Reduce<InputStatistics>([&](int image) {
        const std::vector<int8_t> codes =
            PatchCodes(config_, images_.pixels(image));
        InputStatistics result{CodeMoments(weights.in),
                               ChannelStatistics(weights.in)};
        result.codes.Add(codes.data(), patches);
        result.real.Add(pixel_scale.ToReal(codes.data(), patches));
        return result;
      });
  const QuantizedLinear linear =
      QuantizeLinear(weights, {pixel_scale, pixels.codes, pixels.real.means()},
                     techniques_, images_.pool());

  const Tensor prefix = PrefixRows(checkpoint_);
  const Tensor positions = PatchPositions(checkpoint_);
  ResidualStatistics statistics =
      images_.Reduce<ResidualStatistics>([&](int image) {
        Tensor real = linear.Outputs(
            PatchCodes(config_, images_.pixels(image)).data(), patches);
        ResidualStatistics result{ChannelStatistics(real.channels),
                                  LargestOf(real)};
        AddInPlace(positions, real);
        result.sum.Add(real);
        return result;
      });
  ChannelStatistics& tokens = statistics.sum;
  tokens.Add(prefix);
  statistics.addend.Merge(LargestOf(positions));

  const CodeScale scale = FirstResidualScale(statistics.Largest());
  const ValueId output =
      AddValue("embedding", ElementType::kInt16, config_.tokens(), scale);
  AddOp("patch_embed",
        PatchEmbedOp{.output = output,
                     .patch_size = config_.patch_size,
                     .matrix = ToMatrix(linear, scale, 0),
                     .prefix = ToUnits(prefix.values, scale.scale[0]),
                     .positions = ToUnits(positions.values, scale.scale[0])});
  Report("embedding", "int16", tokens.SmallestMin(), tokens.LargestMax());
  return output;
}

}  // namespace moevit
