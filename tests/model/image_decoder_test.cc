#include "model/image_decoder.h"

#include <sys/resource.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

// Of this process, so far.
size_t PeakMemoryBytes() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<size_t>(usage.ru_maxrss) << 10;
}

using ::testing::HasSubstr;

constexpr char kDirectory[] = "tests/model/testdata/";
constexpr size_t kMaxFileBytes = 1 << 20;

std::string TestFile(const std::string& name) {
  return ReadFile(kDirectory + name, kMaxFileBytes).value();
}

std::string ErrorOf(absl::string_view bytes,
                    const DecodeLimits& limits = DecodeLimits()) {
  const absl::Status status = DecodeImage(bytes, limits).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(DecodeImageTest, GivesPillowsPixels) {
  int images = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kDirectory)) {
    const std::filesystem::path path = entry.path();
    if (path.extension() != ".jpg" && path.extension() != ".png") continue;
    SCOPED_TRACE(path.string());
    const auto image = DecodeImage(TestFile(path.filename()));
    ASSERT_TRUE(image.ok()) << image.status();
    const std::string expected = TestFile(path.stem().string() + ".rgb");
    EXPECT_TRUE(std::string(image->pixels.begin(), image->pixels.end()) ==
                expected);
    ++images;
  }
  EXPECT_EQ(images, 26);
}

TEST(DecodeImageTest, TurnsTheSidesWithTheOrientation) {
  const Image upright = DecodeImage(TestFile("orientation_1.jpg")).value();
  EXPECT_EQ(upright.width, 11);
  EXPECT_EQ(upright.height, 7);
  const Image turned = DecodeImage(TestFile("orientation_6.jpg")).value();
  EXPECT_EQ(turned.width, 7);
  EXPECT_EQ(turned.height, 11);
}

TEST(DecodeImageTest, ReducesAJpegAsLongAsASideSuffices) {
  const std::string file = TestFile("baseline_420.jpg");  // 37x23
  const struct {
    int sufficient_side, width, height;
  } cases[] = {{0, 37, 23}, {12, 37, 23}, {11, 19, 12}, {6, 19, 12},
               {5, 10, 6},  {3, 10, 6},   {2, 5, 3},    {1, 5, 3}};
  for (const auto& c : cases) {
    const Image image =
        DecodeImage(file, DecodeLimits(), c.sufficient_side).value();
    EXPECT_EQ(image.width, c.width) << c.sufficient_side;
    EXPECT_EQ(image.height, c.height) << c.sufficient_side;
    EXPECT_EQ(image.pixels.size(), size_t{3} * c.width * c.height);
  }
}

TEST(DecodeImageTest, ReducesEveryKindOfJpegAndTurnsItUpright) {
  for (const char* name : {"progressive.jpg", "cmyk.jpg", "gray.jpg"}) {
    EXPECT_TRUE(DecodeImage(TestFile(name), DecodeLimits(), 1).ok()) << name;
  }
  const Image turned =
      DecodeImage(TestFile("orientation_6.jpg"), DecodeLimits(), 2).value();
  EXPECT_EQ(turned.width, 4);
  EXPECT_EQ(turned.height, 6);
}

TEST(DecodeImageTest, NeverReducesAPng) {
  const std::string file = TestFile("rgb.png");
  EXPECT_EQ(DecodeImage(file, DecodeLimits(), 1).value().pixels,
            DecodeImage(file).value().pixels);
}

TEST(DecodeImageTest, RefusesDamageInReducedImagesToo) {
  const std::string file = TestFile("baseline_420.jpg");
  const std::string part = file.substr(0, file.size() - 40);
  EXPECT_FALSE(DecodeImage(part, DecodeLimits(), 1).ok());
}

TEST(DecodeImageTest, R9RefusesNoBytesAtAll) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
}

TEST(DecodeImageTest, R9RefusesOtherFormatsNamingTheFirstBytes) {
  EXPECT_EQ(ErrorOf("GIF89a-and-more"),
            "neither JPEG nor PNG: 15 bytes that begin with "
            "0x4749463839612d61");
  EXPECT_THAT(ErrorOf("\xff"), HasSubstr("0xff"));
}

TEST(DecodeImageTest, R9RefusesEveryTruncation) {
  for (const char* name : {"baseline_420.jpg", "progressive.jpg", "cmyk.jpg",
                           "rgb.png", "interlaced.png"}) {
    const std::string file = TestFile(name);
    for (size_t size = 1; size < file.size(); size += 7) {
      // The copy lets the sanitizer see a read past the end.
      const std::string part = file.substr(0, size);
      EXPECT_FALSE(DecodeImage(part).ok()) << name << " " << size;
    }
    const std::string most = file.substr(0, file.size() - 1);
    EXPECT_THAT(ErrorOf(most), HasSubstr("truncated or damaged")) << name;
  }
}

TEST(DecodeImageTest, R9SurvivesEveryDamagedByte) {
  for (const char* name : {"orientation_8.jpg", "gray4.png"}) {
    const std::string file = TestFile(name);
    for (size_t i = 0; i < file.size(); ++i) {
      std::string damaged = file;
      damaged[i] = static_cast<char>(~damaged[i]);
      const auto image =
          DecodeImage(damaged, {.max_side = 1000, .max_pixels = 100'000});
      if (!image.ok()) continue;
      EXPECT_EQ(image->pixels.size(), size_t{3} * image->width * image->height);
    }
  }
}

TEST(DecodeImageTest, R9RefusesADamagedPng) {
  std::string file = TestFile("rgb.png");
  file[file.size() / 2] ^= 1;
  EXPECT_THAT(ErrorOf(file), HasSubstr("damaged"));
}

// The files of these two tests have hardly any data: only the header could be
// what is refused.
TEST(DecodeImageTest, R9RefusesHugePngsByTheirHeader) {
  std::string file = TestFile("rgb.png");
  // Width and height follow the 8 bytes of the signature, the length and the
  // name of the first chunk; its checksum follows 5 bytes later.
  file.replace(16, 8, std::string("\0\0\x40\0\0\0\x40\0", 8));
  file.replace(29, 4, "\x26\xaa\x87\xd3");
  EXPECT_THAT(ErrorOf(file),
              HasSubstr("image of 16384x16384 pixels; admitted are 1 to 16384 "
                        "per side and at most 50000000 in all"));
}

TEST(DecodeImageTest, R9RefusesHugeJpegsByTheirHeader) {
  std::string file = TestFile("baseline_420.jpg");
  const size_t frame = file.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  file.replace(frame + 5, 4, std::string("\xff\xdc\xff\xdc", 4));
  EXPECT_THAT(ErrorOf(file), HasSubstr("image of 65500x65500 pixels"));
}

TEST(DecodeImageTest, R9RefusesImagesOverTheLimitsItIsGiven) {
  const std::string file = TestFile("baseline_420.jpg");  // 37x23
  EXPECT_TRUE(DecodeImage(file, {.max_side = 37, .max_pixels = 851}).ok());
  EXPECT_THAT(ErrorOf(file, {.max_side = 36}), HasSubstr("1 to 36 per side"));
  EXPECT_THAT(ErrorOf(file, {.max_pixels = 850}), HasSubstr("at most 850"));
  EXPECT_THAT(
      ErrorOf(file, {.max_encoded_bytes = 100}),
      HasSubstr(absl::StrCat("image of ", file.size(), " bytes; at most 100")));
}

TEST(DecodeImageTest, R9BoundsTheScansOfAProgressiveJpeg) {
  const std::string file = TestFile("progressive.jpg");
  // Repeats the first scan, which ends where the tables of the next one begin.
  const size_t begin = file.find("\xff\xda");
  const size_t end = file.find("\xff\xc4", begin);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos);
  std::string bomb = file.substr(0, end);
  for (int i = 0; i < 200; ++i) bomb += file.substr(begin, end - begin);
  EXPECT_THAT(ErrorOf(bomb + file.substr(end)),
              HasSubstr("more than 100 scans"));
}

std::string BigEndian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(number >> shift);
  }
  return bytes;
}

std::string PngChunk(const std::string& name, const std::string& data) {
  const std::string checked = name + data;
  const uLong checksum =
      crc32(0, reinterpret_cast<const Bytef*>(checked.data()),
            static_cast<uInt>(checked.size()));
  return BigEndian(static_cast<uint32_t>(data.size())) + checked +
         BigEndian(static_cast<uint32_t>(checksum));
}

// `blocks` times 64 KiB of zeros, a thousandth as long. Never has them all in
// memory, which would hide a decoder that does.
std::string DeflatedZeros(int blocks) {
  std::string zeros(size_t{64} << 10, '\0');
  std::string deflated(size_t{1} << 20, '\0');
  z_stream stream = {};
  deflateInit(&stream, Z_BEST_COMPRESSION);
  stream.next_out = reinterpret_cast<Bytef*>(deflated.data());
  stream.avail_out = static_cast<uInt>(deflated.size());
  for (int i = 1; i <= blocks; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
    stream.avail_in = static_cast<uInt>(zeros.size());
    deflate(&stream, i == blocks ? Z_FINISH : Z_NO_FLUSH);
  }
  deflated.resize(stream.total_out);
  deflateEnd(&stream);
  return deflated;
}

constexpr int kBombBlocks = 640;  // 40 MiB
constexpr size_t kHarmlessBytes = size_t{8} << 20;
constexpr size_t kPngHeaderEnd = 33;  // signature and IHDR

TEST(DecodeImageTest, DoesNotUnpackBombsBesideThePixelsOfAPng) {
  const std::string file = TestFile("rgb.png");
  const Image expected = DecodeImage(file).value();
  for (const auto& [name, head] :
       {std::pair<std::string, std::string>("zTXt", "Comment"),
        {"iCCP", "profile"},
        {"iTXt", std::string("Comment\0\1\0\0", 11)}}) {
    std::string bomb = file;
    bomb.insert(kPngHeaderEnd,
                PngChunk(name, head + std::string(name == "iTXt" ? 1 : 2, 0) +
                                   DeflatedZeros(kBombBlocks)));
    const size_t before = PeakMemoryBytes();
    const auto image = DecodeImage(bomb);
    EXPECT_LT(PeakMemoryBytes() - before, kHarmlessBytes) << name;
    // To pass over the chunk is as well.
    EXPECT_TRUE(!image.ok() || image->pixels == expected.pixels) << name;
  }
}

TEST(DecodeImageTest, DoesNotUnpackMoreThanThePixelsOfAPng) {
  std::string bomb = TestFile("rgb.png");
  const size_t begin = bomb.find("IDAT") - 4;
  bomb = bomb.substr(0, begin) + PngChunk("IDAT", DeflatedZeros(kBombBlocks)) +
         bomb.substr(bomb.find("IEND") - 4);
  const size_t before = PeakMemoryBytes();
  (void)DecodeImage(bomb);
  EXPECT_LT(PeakMemoryBytes() - before, kHarmlessBytes);
}

}  // namespace
}  // namespace moevit
