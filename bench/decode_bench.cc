// What one thread prepares from JPEG files: decoding, and resizing to a model's
// 224x224 pixels, in processor time; then both with
// preprocessing.fast_decode. The files are made here: waves of all
// lengths and some noise, about as many bits per pixel as photographs have.
//
//   decode_bench --repeats=5

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

// jpeglib.h needs what <cstdio> declares.
#include <jpeglib.h>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/samples.h"
#include "base/stopwatch.h"
#include "model/config.h"
#include "model/image.h"
#include "model/image_decoder.h"
#include "model/preprocess.h"

ABSL_FLAG(int, repeats, 5, "measured turns per size");

namespace moevit {
namespace {

struct Size {
  int width, height;
};

// ImageNet's mean size, a screen, and a telephone's camera.
constexpr Size kSizes[] = {{500, 375}, {1920, 1080}, {4032, 3024}};
constexpr int kQuality = 90;

Image MakePicture(const Size& size) {
  Image image{size.width, size.height, {}};
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 4);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      double light = 128 + noise(random);
      for (double length = 8; length < 1000; length *= 2.7) {
        light += 6 * std::log2(length) / 3 *
                 std::sin(x / length + std::cos(y / length));
      }
      for (int channel = 0; channel < 3; ++channel) {
        const double tint = 20 * std::sin((x + y) / 90.0 + channel);
        image.pixels.push_back(
            static_cast<uint8_t>(std::fmin(std::fmax(light + tint, 0), 255)));
      }
    }
  }
  return image;
}

std::string EncodeJpeg(Image image) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);  // which ends the program on an error
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // the library's type
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = image.width;
  info.image_height = image.height;
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, kQuality, /*force_baseline=*/TRUE);
  jpeg_start_compress(&info, /*write_all_tables=*/TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = &image.pixels[size_t{3} * image.width * info.next_scanline];
    jpeg_write_scanlines(&info, &row, /*num_lines=*/1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string result(reinterpret_cast<char*>(bytes), size);
  std::free(bytes);
  return result;
}

double MillisecondsOf(absl::FunctionRef<void()> work) {
  return absl::ToDoubleMilliseconds(TimeOf(TimeSource::kThreadCpu, work));
}

void BenchSize(const Size& size) {
  const std::string encoded = EncodeJpeg(MakePicture(size));
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
               size.width, size.height,
               static_cast<double>(encoded.size()) / 1e3, decode.Median(),
               resize.Median(), 1e3 / (decode.Median() + resize.Median()),
               1e3 / fast.Median());
}

void Main() {
  absl::PrintF(
      "| image       | size KB | decode ms | resize ms | images/s | "
      "fast_decode |\n"
      "|:------------|--------:|----------:|----------:|---------:|-"
      "-----------:|\n");
  for (const Size& size : kSizes) BenchSize(size);
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Measures how fast one thread prepares images.");
  absl::ParseCommandLine(argc, argv);
  moevit::Main();
}
