// Emulated cards with a small image, for tests of the adapter through stock
// XRT. One process, four cards; what a test does to a card it undoes by Reset.

#ifndef MOEVIT_TESTS_KERNELS_CARD_XRT_CARD_FIXTURE_H_
#define MOEVIT_TESTS_KERNELS_CARD_XRT_CARD_FIXTURE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kernels/card/card.h"
#include "kernels/card/xrt_card.h"
#include "kernels/emulation/control.h"

namespace moevit {

// Open in every test.
constexpr int kCards = 3;
// Another one, for tests that open a card themselves.
constexpr int kSpareCard = 3;

// Nothing takes so long, and nothing waits for it.
constexpr absl::Duration kLong = absl::Seconds(60);

// The units of the test image, in its order.
constexpr size_t kAdd1 = 0;
constexpr size_t kAdd2 = 1;
constexpr size_t kScalars = 2;

XrtCardOptions TestCardOptions(int card);
void Inject(const std::string& rules);
MoevitEmulatedCardCounts Counts(int card);

// The buffers of one unit that adds, and what it has to give.
class Addition {
 public:
  static constexpr int32_t kCount = 1537;

  Addition(Card* card, size_t unit);

  int32_t* Values(int buffer) {
    return reinterpret_cast<int32_t*>(buffers_[buffer]->host().data());
  }
  CardBuffer* buffer(int index) { return buffers_[index].get(); }

  absl::Status CopyIn();
  absl::StatusOr<std::unique_ptr<CardOperation>> Launch();
  absl::Status CopyOut();
  bool IsRight();

  // Everything, with time to wait for the launch.
  absl::Status Run(absl::Duration patience = kLong);

 private:
  Card* const card_;
  const size_t unit_;
  std::vector<std::unique_ptr<CardBuffer>> buffers_;
};

class XrtCardTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite() { cards_.clear(); }

  void TearDown() override { MoevitEmulatedCardsClearFaults(); }

  // A fault of a launch on one unit gives `code`, whatever happens then.
  static void CheckLaunchFault(const std::string& fault, absl::StatusCode code);

  static bool Works(int card, size_t unit);

  static std::vector<std::unique_ptr<Card>> cards_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_KERNELS_CARD_XRT_CARD_FIXTURE_H_
