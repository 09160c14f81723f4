#include "kernels/cpu/isa.h"

#include <cstdlib>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

// Sets MOEVIT_ISA for the duration of a test.
class ScopedIsaVariable {
 public:
  explicit ScopedIsaVariable(const char* value) {
    const char* const old = std::getenv("MOEVIT_ISA");
    if (old != nullptr) old_ = old;
    was_set_ = old != nullptr;
    setenv("MOEVIT_ISA", value, /*overwrite=*/1);
  }
  ~ScopedIsaVariable() {
    if (was_set_) {
      setenv("MOEVIT_ISA", old_.c_str(), /*overwrite=*/1);
    } else {
      unsetenv("MOEVIT_ISA");
    }
  }

 private:
  std::string old_;
  bool was_set_;
};

TEST(IsaTest, PortableIsAlwaysThere) {
  EXPECT_TRUE(IsaAvailable(Isa::kPortable));
  EXPECT_EQ(AvailableIsas().front(), Isa::kPortable);
}

TEST(IsaTest, EveryAvailableNameParses) {
  for (Isa isa : AvailableIsas()) {
    const absl::StatusOr<Isa> parsed = ParseIsa(IsaName(isa));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, isa);
  }
}

TEST(IsaTest, RefusesUnknownNamesWithAList) {
  for (const char* name : {"", "avx", "AVX2", "portable "}) {
    const absl::Status status = ParseIsa(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(absl::StrContains(status.message(), "avx512vnni")) << status;
  }
}

TEST(IsaTest, TheVariableChooses) {
  const ScopedIsaVariable variable("portable");
  EXPECT_EQ(*DefaultIsa(), Isa::kPortable);
}

TEST(IsaTest, AWrongVariableIsAnError) {
  const ScopedIsaVariable variable("sse9");
  EXPECT_EQ(DefaultIsa().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(IsaTest, AWishOutranksTheVariable) {
  const ScopedIsaVariable variable("sse9");
  EXPECT_EQ(ChooseIsa(Isa::kPortable), Isa::kPortable);
}

TEST(IsaTest, AWrongVariableLeavesTheFastest) {
  const ScopedIsaVariable variable("sse9");
  EXPECT_EQ(ChooseIsa(std::nullopt), AvailableIsas().back());
}

}  // namespace
}  // namespace moevit
