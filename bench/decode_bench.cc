// What one thread prepares from JPEG files: decoding, and resizing to a model's
// 224x224 pixels, in processor time; then both with
// preprocessing.fast_decode.
//
//   decode_bench --repeats=5

#include <cstdint>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/samples.h"
#include "base/stopwatch.h"
#include "bench/jpeg_picture.h"
#include "model/config.h"
#include "model/image.h"
#include "model/image_decoder.h"
#include "model/preprocess.h"

ABSL_FLAG(int, repeats, 5, "measured turns per size");

namespace moevit {
namespace {

// ImageNet's mean size, a screen, and a telephone's camera.
constexpr struct {
  int width, height;
} kSizes[] = {{500, 375}, {1920, 1080}, {4032, 3024}};

double MillisecondsOf(absl::FunctionRef<void()> work) {
  return absl::ToDoubleMilliseconds(TimeOf(TimeSource::kThreadCpu, work));
}

void BenchSize(int width, int height) {
  const std::string encoded = JpegPicture(width, height);
  ModelConfig config;
  config.preprocessing.crop_fraction = 0.875;
  ModelConfig fast_config = config;
  fast_config.preprocessing.fast_decode = true;
  Samples decode, resize, fast;
  for (int turn = 0; turn < absl::GetFlag(FLAGS_repeats); ++turn) {
    absl::StatusOr<Image> image;
    decode.Add(MillisecondsOf([&] { image = DecodeImage(encoded); }));
    absl::StatusOr<std::vector<uint8_t>> pixels;
    resize.Add(MillisecondsOf([&] { pixels = Preprocess(*image, config); }));
    fast.Add(MillisecondsOf(
        [&] { pixels = DecodeAndPreprocess(encoded, fast_config); }));
  }
  absl::PrintF("| %4d x %4d | %7.0f | %9.2f | %9.2f | %8.1f | %11.1f |\n",
               width, height, static_cast<double>(encoded.size()) / 1e3,
               decode.Median(), resize.Median(),
               1e3 / (decode.Median() + resize.Median()), 1e3 / fast.Median());
}

void Main() {
  absl::PrintF(
      "| image       | size KB | decode ms | resize ms | images/s | "
      "fast_decode |\n"
      "|:------------|--------:|----------:|----------:|---------:|-"
      "-----------:|\n");
  for (const auto& [width, height] : kSizes) BenchSize(width, height);
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Measures how fast one thread prepares images.");
  absl::ParseCommandLine(argc, argv);
  moevit::Main();
}
