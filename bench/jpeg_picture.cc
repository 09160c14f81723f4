#include "bench/jpeg_picture.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

// jpeglib.h needs what <cstdio> declares.
#include <jpeglib.h>

#include "model/image.h"

namespace moevit {
namespace {

constexpr int kQuality = 90;

Image MakePicture(int width, int height) {
  Image image{width, height, {}};
  std::mt19937 random(1);
  std::normal_distribution<double> noise(0, 4);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
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

}  // namespace

std::string JpegPicture(int width, int height) {
  return EncodeJpeg(MakePicture(width, height));
}

}  // namespace moevit
