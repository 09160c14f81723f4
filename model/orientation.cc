#include "model/orientation.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/match.h"

namespace moevit {
namespace {

constexpr int kUpright = 1;
constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShortType = 3;
constexpr size_t kEntryBytes = 12;

// Reads unsigned numbers of either byte order at any place.
class TiffReader {
 public:
  TiffReader(absl::string_view bytes, bool big_endian)
      : bytes_(bytes), big_endian_(big_endian) {}

  // Nothing beyond the end.
  std::optional<uint32_t> Read(size_t offset, size_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      return std::nullopt;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t place = big_endian_ ? i : size - 1 - i;
      value = value << 8 | static_cast<uint8_t>(bytes_[offset + place]);
    }
    return value;
  }

 private:
  absl::string_view bytes_;
  bool big_endian_;
};

}  // namespace

int ParseExifOrientation(absl::string_view tiff) {
  const bool big_endian = absl::StartsWith(tiff, "MM");
  if (!big_endian && !absl::StartsWith(tiff, "II")) return kUpright;
  const TiffReader reader(tiff, big_endian);
  const std::optional<uint32_t> directory = reader.Read(4, 4);
  if (!directory) return kUpright;
  const uint32_t count = reader.Read(*directory, 2).value_or(0);
  for (uint32_t i = 0; i < count; ++i) {
    const size_t entry = size_t{*directory} + 2 + i * kEntryBytes;
    if (reader.Read(entry, 2) != kOrientationTag) continue;
    const uint32_t value = reader.Read(entry + 8, 2).value_or(kUpright);
    const bool valid =
        reader.Read(entry + 2, 2) == kShortType && value >= 1 && value <= 8;
    return valid ? static_cast<int>(value) : kUpright;
  }
  return kUpright;
}

Image ApplyOrientation(Image image, int orientation) {
  if (orientation == kUpright) return image;
  // The upright pixel (x, y) is stored at column x or y, row y or x, counted
  // from the near or the far end.
  const bool transposed = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 ||
                          orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 ||
                           orientation == 6 || orientation == 7;
  Image upright = BlankImage(transposed ? image.height : image.width,
                             transposed ? image.width : image.height);
  uint8_t* out = upright.pixels.data();
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x) {
      const int u = transposed ? y : x;
      const int v = transposed ? x : y;
      const int column = from_right ? image.width - 1 - u : u;
      const int row = from_bottom ? image.height - 1 - v : v;
      const uint8_t* const pixel =
          &image.pixels[row * image.stride() + size_t{kPixelChannels} * column];
      for (int c = 0; c < kPixelChannels; ++c) *out++ = pixel[c];
    }
  }
  return upright;
}

}  // namespace moevit
