#include "kernels/emulation/card_memory.h"

#include <gtest/gtest.h>
#include <xrt_mem.h>

#include <cerrno>
#include <memory>
#include <vector>

namespace moevit::emulation {
namespace {

// Two banks that are used, of 4 and 2 pages, and one that is not.
std::vector<ImageBank> Banks() {
  return {{"HBM[0]", 0, 4 * kPageBytes, true},
          {"HBM[1]", 4 * kPageBytes, 2 * kPageBytes, true},
          {"HBM[2]", 6 * kPageBytes, 2 * kPageBytes, false}};
}

std::shared_ptr<BufferObject> Buffer(uint64_t bytes, uint32_t flags) {
  return BufferObject::Create({bytes, flags, nullptr});
}

TEST(CardMemoryTest, PlacesBuffersAtTheLowestFreeAddressOfTheirBank) {
  CardMemory memory;
  memory.SetBanks(Banks());
  const auto first = Buffer(1, 0);
  const auto second = Buffer(kPageBytes + 1, 0);
  const auto other_bank = Buffer(kPageBytes, 1);
  ASSERT_EQ(memory.Place(first), 0);
  ASSERT_EQ(memory.Place(second), 0);
  ASSERT_EQ(memory.Place(other_bank), 0);
  EXPECT_EQ(first->address, 0u);
  EXPECT_EQ(second->address, kPageBytes);
  EXPECT_EQ(other_bank->address, 4 * kPageBytes);
  memory.Remove(*first);
  const auto third = Buffer(kPageBytes, 0);
  ASSERT_EQ(memory.Place(third), 0);
  EXPECT_EQ(third->address, 0u);
}

TEST(CardMemoryTest, RefusesWhatDoesNotFitItsBank) {
  CardMemory memory;
  EXPECT_EQ(memory.Place(Buffer(1, 0)), EINVAL) << "no image";
  memory.SetBanks(Banks());
  EXPECT_EQ(memory.Place(Buffer(1, 2)), EINVAL) << "unused";
  EXPECT_EQ(memory.Place(Buffer(1, 3)), EINVAL) << "unknown";
  EXPECT_EQ(memory.Place(Buffer(3 * kPageBytes, 1)), ENOMEM);
  const auto most = Buffer(3 * kPageBytes, 0);
  ASSERT_EQ(memory.Place(most), 0);
  EXPECT_EQ(memory.Place(Buffer(kPageBytes + 1, 0)), ENOMEM);
  EXPECT_EQ(memory.Place(Buffer(kPageBytes, 0)), 0);
}

TEST(CardMemoryTest, FindsTheBufferAnAddressIsIn) {
  CardMemory memory;
  memory.SetBanks(Banks());
  const auto buffer = Buffer(100, 1);
  ASSERT_EQ(memory.Place(buffer), 0);
  const auto [found, position] = memory.Find(4 * kPageBytes + 99);
  EXPECT_EQ(found, buffer);
  EXPECT_EQ(position, 99u);
  EXPECT_EQ(memory.Find(4 * kPageBytes - 1).first, nullptr);
  EXPECT_EQ(memory.Find(5 * kPageBytes).first, nullptr);
  memory.Remove(*buffer);
  EXPECT_EQ(memory.Find(4 * kPageBytes).first, nullptr);
}

TEST(CardMemoryTest, TheTwoSidesOfABufferAreDifferent) {
  const auto buffer = Buffer(10, 0);
  buffer->host()[0] = 1;
  buffer->card()[0] = 2;
  EXPECT_EQ(buffer->host()[0], 1);
  const auto shared = Buffer(10, XCL_BO_FLAGS_HOST_ONLY);
  EXPECT_EQ(shared->host(), shared->card());
}

TEST(CardMemoryTest, ABuffersHostSideCanBeTheUsers) {
  alignas(kPageBytes) static uint8_t user[kPageBytes];
  const auto buffer = BufferObject::Create({kPageBytes, 0, user});
  EXPECT_EQ(buffer->host(), user);
  EXPECT_EQ(buffer->file(), -1);
}

TEST(CardMemoryTest, PacketsTakeNoMemoryOfTheCard) {
  CardMemory memory;
  memory.SetBanks(Banks());
  const auto packet = Buffer(kPageBytes, XCL_BO_FLAGS_EXECBUF);
  ASSERT_EQ(memory.Place(packet), 0);
  EXPECT_EQ(packet->card(), nullptr);
  EXPECT_EQ(memory.FindMapping(packet->map_offset), packet);
  EXPECT_EQ(memory.usage()[0].buffers, 0u);
}

TEST(CardMemoryTest, AKernelThatRunsOffABufferStops) {
  const auto buffer = Buffer(10, 0);
  EXPECT_DEATH(*static_cast<volatile uint8_t*>(buffer->card() + kPageBytes) = 1,
               "");
}

TEST(CardMemoryTest, TellsHowFullBanksAre) {
  CardMemory memory;
  memory.SetBanks(Banks());
  const auto one = Buffer(10, 1);
  const auto two = Buffer(20, 1);
  ASSERT_EQ(memory.Place(one) + memory.Place(two), 0);
  EXPECT_EQ(memory.usage()[1].bytes, 30u);
  EXPECT_EQ(memory.usage()[1].buffers, 2u);
  EXPECT_EQ(memory.usage()[0].bytes, 0u);
}

TEST(CardMemoryTest, ThereIsNoBufferOfNoBytes) {
  EXPECT_EQ(Buffer(0, 0), nullptr);
}

}  // namespace
}  // namespace moevit::emulation
