#include "kernels/emulation/kernel_entry.h"

#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>
#include <vector>

extern "C" void entry_test_kernel(const int32_t* values, int64_t factor,
                                  uint32_t count, int32_t* out) {
  if (count == 99) throw std::runtime_error("a broken simulation");
  for (uint32_t i = 0; i < count; ++i) {
    out[i] = static_cast<int32_t>(values[i] * factor);
  }
}
MOEVIT_EMULATED_KERNEL(entry_test_kernel, values, factor, count, out)

namespace moevit::emulation {
namespace {

// Registers, and memory of 64 bytes from the card's address 0x1000.
class KernelEntryTest : public ::testing::Test {
 protected:
  template <typename T>
  void Set(size_t parameter, T value) {
    std::memcpy(registers_ + offsets_[parameter], &value, sizeof(value));
  }

  MoevitKernelResult Run(uint32_t parameters = 4) {
    const MoevitKernelCall call = {registers_, sizeof(registers_),
                                   offsets_,   parameters,
                                   memory_,    &Translate};
    return moevit_kernel_entry_entry_test_kernel.run(&call);
  }

  static void* Translate(void* memory, uint64_t address) {
    if (address < 0x1000 || address >= 0x1040) return nullptr;
    return static_cast<uint8_t*>(memory) + (address - 0x1000);
  }

  uint32_t offsets_[4] = {0x10, 0x1c, 0x28, 0x30};
  uint8_t registers_[0x40] = {};
  int32_t memory_[16] = {5, 6, 7};
};

TEST_F(KernelEntryTest, DescribesTheKernel) {
  const MoevitKernelEntry& entry = moevit_kernel_entry_entry_test_kernel;
  EXPECT_EQ(entry.parameters, 4u);
  EXPECT_STREQ(entry.names, "values, factor, count, out");
  EXPECT_TRUE(entry.parameter[0].is_pointer);
  EXPECT_EQ(entry.parameter[1].bytes, 8u);
  EXPECT_FALSE(entry.parameter[1].is_pointer);
  EXPECT_EQ(entry.parameter[2].bytes, 4u);
}

TEST_F(KernelEntryTest, TakesArgumentsFromRegisters) {
  Set(0, uint64_t{0x1000});
  Set(1, int64_t{-10});
  Set(2, uint32_t{3});
  Set(3, uint64_t{0x1020});
  ASSERT_EQ(Run(), kMoevitKernelDone);
  EXPECT_EQ(memory_[8], -50);
  EXPECT_EQ(memory_[10], -70);
}

TEST_F(KernelEntryTest, RefusesAddressesOutsideOfMemory) {
  Set(0, uint64_t{0x1000});
  Set(3, uint64_t{0x1040});
  EXPECT_EQ(Run(), kMoevitKernelBadAddress);
}

TEST_F(KernelEntryTest, AnAddressMayBeNull) {
  Set(3, uint64_t{0x1000});
  EXPECT_EQ(Run(), kMoevitKernelDone);
}

TEST_F(KernelEntryTest, RefusesRegistersThatDoNotFit) {
  EXPECT_EQ(Run(/*parameters=*/3), kMoevitKernelBadRegisters);
  offsets_[3] = 0x3c;
  EXPECT_EQ(Run(), kMoevitKernelBadRegisters);
}

TEST_F(KernelEntryTest, AnExceptionIsAResult) {
  Set(2, uint32_t{99});
  EXPECT_EQ(Run(), kMoevitKernelThrew);
}

}  // namespace
}  // namespace moevit::emulation
