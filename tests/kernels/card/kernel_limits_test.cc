#include "kernels/card/kernel_limits.h"

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "kernels/hls/word.h"

namespace moevit::card {
namespace {

hls::AttentionHeader Attention(int rows, int heads, int head_width) {
  hls::AttentionHeader header = {};
  header.rows = rows;
  header.heads = heads;
  header.head_width = head_width;
  header.head_words = hls::CodeWords(head_width);
  return header;
}

hls::GateHeader Gate(int experts, int top_k, int width) {
  hls::GateHeader header = {};
  header.rows = 1;
  header.width = width;
  header.experts = experts;
  header.top_k = top_k;
  return header;
}

hls::PatchesHeader Patches(int image_size, int patch_size) {
  hls::PatchesHeader header = {};
  header.image_size = image_size;
  header.patch_size = patch_size;
  header.channels = 3;
  return header;
}

void ExpectRefused(const absl::Status& status, const char* size) {
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(absl::StrContains(status.message(), size)) << status;
}

TEST(KernelLimitsTest, AdmitTheModelsThereAre) {
  EXPECT_TRUE(CheckFits(Attention(197, 16, 64)).ok());
  EXPECT_TRUE(CheckFits(Gate(16, 4, 1024)).ok());
  EXPECT_TRUE(CheckFits(Patches(224, 16)).ok());
  EXPECT_TRUE(CheckVectorWidth(1024).ok());
}

TEST(KernelLimitsTest, RefuseMoreTokensOrHeadsThanAttentionHolds) {
  EXPECT_TRUE(CheckFits(Attention(4096, 1, 64)).ok());
  ExpectRefused(CheckFits(Attention(4097, 1, 64)), "4097 tokens");
  ExpectRefused(CheckFits(Attention(4096, 1, 65)), "65 channels");
  ExpectRefused(CheckFits(Attention(197, 65, 64)), "65 heads");
}

TEST(KernelLimitsTest, RefuseGatesThatExceedTheirMemory) {
  ExpectRefused(CheckFits(Gate(17, 17, 64)), "selects 17");
  ExpectRefused(CheckFits(Gate(1024, 2, 8192)), "1024 experts");
}

TEST(KernelLimitsTest, RefuseRowsOfPatchesThatExceedTheStrip) {
  ExpectRefused(CheckFits(Patches(4096, 16)), "4096 pixels");
  ExpectRefused(CheckFits(Patches(8193, 1)), "8193 pixels");
}

TEST(KernelLimitsTest, RefuseRowsThatTheVectorKernelCannotHold) {
  EXPECT_TRUE(CheckVectorWidth(8192).ok());
  ExpectRefused(CheckVectorWidth(8193), "8193");
}

}  // namespace
}  // namespace moevit::card
