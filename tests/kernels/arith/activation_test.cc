#include "kernels/arith/activation.h"

#include <array>
#include <cmath>
#include <cstdint>

#include "gtest/gtest.h"

namespace moevit::arith {
namespace {

double Gelu(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }

// The table for GELU whose output code has the real value `scale`.
std::array<uint8_t, kActivationEntries> GeluTable(double scale, int index_shift,
                                                  int delta_shift) {
  std::array<uint8_t, kActivationEntries> table = {};
  for (int i = 0; i < kActivationEntries; ++i) {
    const double fine = (i + 0.5) * (1 << index_shift);
    const double x = fine * scale / (1 << kFineBits);
    const double delta = std::max(x, 0.0) - Gelu(x);
    table[i] = static_cast<uint8_t>(
        std::lround(delta / scale * (1 << kFineBits) / (1 << delta_shift)));
  }
  return table;
}

TEST(ActivateTest, IsGeluWithinAQuarterOfACode) {
  constexpr double kScale = 0.03;
  const auto table = GeluTable(kScale, /*index_shift=*/6, /*delta_shift=*/2);
  for (int fine = -32768; fine <= 32767; ++fine) {
    const double x = fine * kScale / (1 << kFineBits);
    const double codes =
        Activate(static_cast<int16_t>(fine), table.data(), 6, 2) /
        static_cast<double>(1 << kFineBits);
    ASSERT_NEAR(codes, Gelu(x) / kScale, 0.3) << fine;
  }
}

TEST(ActivateTest, UsesTheLastEntryBeyondTheTable) {
  std::array<uint8_t, kActivationEntries> table = {};
  table[255] = 9;
  EXPECT_EQ(Activate(-32768, table.data(), 7, 0), -9);
  EXPECT_EQ(Activate(32767, table.data(), 3, 1), 32767 - 18);
}

TEST(ActivateTest, TreatsBothSignsAlike) {
  std::array<uint8_t, kActivationEntries> table = {};
  table[3] = 5;
  EXPECT_EQ(Activate(3 << 4, table.data(), 4, 2), (3 << 4) - 20);
  EXPECT_EQ(Activate(-(3 << 4), table.data(), 4, 2), -20);
}

}  // namespace
}  // namespace moevit::arith
