// Platforms and connectivity become containers, and containers are read back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "kernels/emulation/xclbin_reader.h"
#include "kernels/emulation/xclbin_spec.h"
#include "kernels/emulation/xclbin_writer.h"

namespace moevit::emulation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kPlatform[] = R"(
# a comment
platform test_platform_1
fpga     xcu280
clock    DATA_CLK 250
memory   HBM[0:3] HBM 0x1000000 1M   # four of them
memory   DDR[0:0] DDR4 0x4000000000 16G
)";

constexpr char kConnectivity[] = R"(
[vivado]
prop=anything
[connectivity]
nk=add:2:left.right
slr=left:SLR0
sp=left.a:HBM[0]
sp=left.sum:HBM[1:2]
sp=right.a:HBM[3]
sp=right.sum:HBM[1:2]
)";

XclbinSpec Spec() {
  XclbinSpec spec;
  EXPECT_TRUE(ReadPlatform(kPlatform, "p", &spec).ok());
  EXPECT_TRUE(ReadConnectivity(kConnectivity, "c", &spec).ok());
  if (!spec.kernels.empty()) {
    spec.kernels[0].parameters = {
        {"a", 8, true}, {"count", 4, false}, {"sum", 8, true}};
  }
  return spec;
}

// A container in memory that is aligned as XRT's reader expects.
class Container {
 public:
  explicit Container(const std::string& bytes) : words_(bytes.size() / 8 + 1) {
    std::memcpy(words_.data(), bytes.data(), bytes.size());
  }
  axlf* get() { return reinterpret_cast<axlf*>(words_.data()); }

 private:
  std::vector<uint64_t> words_;
};

TEST(XclbinSpecTest, ReadsMemoriesOneByOne) {
  const XclbinSpec spec = Spec();
  EXPECT_EQ(spec.platform, "test_platform_1");
  ASSERT_EQ(spec.memories.size(), 5u);
  EXPECT_EQ(spec.memories[2].tag, "HBM[2]");
  EXPECT_EQ(spec.memories[2].address, 0x1200000u);
  EXPECT_EQ(spec.memories[2].bytes, 1u << 20);
  EXPECT_FALSE(spec.memories[4].is_hbm);
}

TEST(XclbinSpecTest, NamesUnitsByNumberLikeVpp) {
  XclbinSpec spec;
  ASSERT_TRUE(ReadConnectivity("[connectivity]\nnk=k:2\n", "c", &spec).ok());
  ASSERT_EQ(spec.kernels[0].units.size(), 2u);
  EXPECT_EQ(spec.kernels[0].units[1].instance, "k_2");
}

TEST(XclbinSpecTest, ErrorsNameTheLine) {
  const std::pair<std::string, std::string> platforms[] = {
      {"platform", "p:1"},
      {"\ncolour red", "p:2: not a statement of a platform file: \"colour\""},
      {"clock a -1", "bad frequency"},
      {"memory HBM HBM 0x0 1M", "expected a memory like HBM[0]"},
      {"memory HBM[3:1] HBM 0x0 1M", "bad index"},
      {"memory HBM[0] HBM 0x0 1Q", "bad size"},
      {"memory HBM[0] HBM zero 1M", "bad address"},
      {"memory HBM[0] SRAM 0x0 1M", "expected HBM or DDR4"},
  };
  for (const auto& [text, message] : platforms) {
    XclbinSpec spec;
    EXPECT_THAT(std::string(ReadPlatform(text, "p", &spec).message()),
                HasSubstr(message));
  }
  const std::pair<std::string, std::string> connectivities[] = {
      {"nk=a", "c:2: expected kernel:count:instances"},
      {"nk=a:0", "expected kernel:count:instances"},
      {"nk=a:2:one", "1 instances named"},
      {"sp=one.a:HBM[0]", "no nk= before"},
      {"nk=a:1:one\nsp=one:HBM[0]", "c:3: expected instance.parameter:bank"},
      {"stream_connect=a:b", "not a statement of [connectivity]"},
  };
  for (const auto& [text, message] : connectivities) {
    XclbinSpec spec;
    EXPECT_THAT(
        std::string(
            ReadConnectivity("[connectivity]\n" + text, "c", &spec).message()),
        HasSubstr(message));
  }
}

TEST(XclbinSpecTest, EveryPointerNeedsABankThatIsThere) {
  XclbinSpec spec = Spec();
  EXPECT_TRUE(Check(spec).ok());
  spec.kernels[0].units[1].banks["a"] = "HBM[9]";
  EXPECT_THAT(std::string(Check(spec).message()),
              HasSubstr("the platform has no memory \"HBM[9]\""));
  spec.kernels[0].units[1].banks.erase("a");
  EXPECT_THAT(std::string(Check(spec).message()),
              HasSubstr("add:right: no sp= for pointer \"a\""));
  spec.kernels[0].units[1].banks["a"] = "HBM[0]";
  spec.kernels[0].units[1].banks["count"] = "HBM[0]";
  EXPECT_THAT(std::string(Check(spec).message()),
              HasSubstr("3 sp= for 2 pointers"));
  EXPECT_FALSE(WriteXclbin(spec, "").ok());
}

TEST(XclbinWriterTest, WhatIsWrittenCanBeRead) {
  const auto written = WriteXclbin(Spec(), "the kernels");
  ASSERT_TRUE(written.ok()) << written.status();
  Container container(*written);
  Image image;
  ASSERT_EQ(ReadImage(*container.get(), &image), "");
  EXPECT_EQ(image.platform, "test_platform_1");
  EXPECT_EQ(image.bitstream, "the kernels");
  ASSERT_EQ(image.units.size(), 2u);
  EXPECT_EQ(image.units[1].kernel, "add");
  EXPECT_EQ(image.units[1].instance, "right");
  // The banks, and the pair of them as one more.
  ASSERT_EQ(image.banks.size(), 6u);
  EXPECT_EQ(image.banks[5].tag, "HBM[1:2]");
  EXPECT_EQ(image.banks[5].address, 0x1100000u);
  EXPECT_EQ(image.banks[5].bytes, 2u << 20);
  std::vector<bool> used;
  for (const ImageBank& bank : image.banks) used.push_back(bank.used);
  EXPECT_THAT(used, ElementsAre(true, false, false, true, false, true));
}

TEST(XclbinWriterTest, RegistersLieWhereVitisPutsThem) {
  const std::string xml = KernelMetadata(Spec());
  EXPECT_THAT(xml, HasSubstr("name=\"a\" addressQualifier=\"1\" id=\"0\" "
                             "port=\"m_axi_a\" size=\"0x8\" offset=\"0x10\""));
  EXPECT_THAT(xml, HasSubstr("size=\"0x4\" offset=\"0x1c\""));
  EXPECT_THAT(xml, HasSubstr("size=\"0x8\" offset=\"0x24\""));
}

TEST(XclbinWriterTest, TheUuidDependsOnAllOfIt) {
  EXPECT_EQ(*WriteXclbin(Spec(), "x"), *WriteXclbin(Spec(), "x"));
  Container one(*WriteXclbin(Spec(), "x"));
  Container two(*WriteXclbin(Spec(), "y"));
  Image first, second;
  ASSERT_EQ(ReadImage(*one.get(), &first), "");
  ASSERT_EQ(ReadImage(*two.get(), &second), "");
  EXPECT_NE(UuidText(first.uuid), UuidText(second.uuid));
  EXPECT_EQ(UuidText(first.uuid).size(), 36u);
}

TEST(XclbinReaderTest, RefusesBrokenContainers) {
  const std::string good = *WriteXclbin(Spec(), "x");
  const auto wrong = [&good](auto break_it) {
    Container container(good);
    break_it(container.get());
    Image image;
    return ReadImage(*container.get(), &image);
  };
  EXPECT_THAT(wrong([](axlf* c) { c->m_magic[0] = 'X'; }),
              HasSubstr("no xclbin2"));
  EXPECT_THAT(wrong([](axlf* c) { c->m_header.m_numSections = 1u << 30; }),
              HasSubstr("1073741824 sections"));
  EXPECT_THAT(wrong([](axlf* c) { c->m_header.m_mode = XCLBIN_SW_EMU; }),
              HasSubstr("not for hardware"));
  EXPECT_THAT(wrong([](axlf* c) {
                for (uint32_t i = 0; i < c->m_header.m_numSections; ++i) {
                  c->m_sections[i].m_sectionOffset = c->m_header.m_length;
                }
              }),
              HasSubstr("no memory banks"));
  EXPECT_THAT(wrong([](axlf* c) {
                const std::string_view units = Section(*c, IP_LAYOUT);
                const int32_t count = 1000;
                std::memcpy(const_cast<char*>(units.data()), &count, 4);
              }),
              HasSubstr("no compute units"));
}

}  // namespace
}  // namespace moevit::emulation
