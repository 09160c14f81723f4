#include "model/orientation.h"

#include <string>

#include "gtest/gtest.h"

namespace moevit {
namespace {

// A little-endian TIFF structure with one entry.
std::string Tiff(char tag, char type, char value) {
  const char bytes[] = {'I',   'I', 42,   0, 8, 0, 0, 0,  // header
                        1,     0,                         // one entry
                        tag,   1,   type, 0, 1, 0, 0, 0,  // tag, type, count
                        value, 0,   0,    0,              // value
                        0,     0,   0,    0};             // no next directory
  return std::string(bytes, sizeof(bytes));
}

TEST(ParseExifOrientationTest, ReadsBothByteOrders) {
  EXPECT_EQ(ParseExifOrientation(Tiff(0x12, 3, 6)), 6);
  const std::string big(
      "MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08", 20);
  EXPECT_EQ(ParseExifOrientation(big), 8);
}

TEST(ParseExifOrientationTest, TakesWhatIsMalformedAsUpright) {
  EXPECT_EQ(ParseExifOrientation(""), 1);
  EXPECT_EQ(ParseExifOrientation("XX"), 1);
  EXPECT_EQ(ParseExifOrientation(Tiff(0x12, 3, 0)), 1);
  EXPECT_EQ(ParseExifOrientation(Tiff(0x12, 3, 9)), 1);
  EXPECT_EQ(ParseExifOrientation(Tiff(0x12, 4, 6)), 1);  // another type
  EXPECT_EQ(ParseExifOrientation(Tiff(0x13, 3, 6)), 1);  // another tag
  EXPECT_EQ(
      ParseExifOrientation(absl::string_view("II\x2a\0\xff\xff\xff\xff", 8)),
      1);
}

TEST(ParseExifOrientationTest, StopsAtTheEnd) {
  const std::string tiff = Tiff(0x12, 3, 6);
  for (size_t size = 0; size < 20; ++size) {
    EXPECT_EQ(ParseExifOrientation(tiff.substr(0, size)), 1) << size;
  }
}

}  // namespace
}  // namespace moevit
