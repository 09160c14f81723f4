// What one launch and one copy cost the host beside the card's own time: the
// adapter, XRT and the (emulated) driver, measured with a kernel that does
// nothing.
//
//   card_overhead IMAGE [OPERATIONS]
//
// IMAGE is build/release/lib/moevit/moevit_test_card.xclbin. Processor time, so
// that other work on the machine does not count; of the calling thread, and of
// all threads together, which is an upper bound: it holds the emulated card's.

#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "kernels/card/emulated_cards.h"
#include "kernels/card/xrt_card.h"

namespace moevit {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr size_t kUnit = 0;  // test_add of the test image

double Microseconds(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e6 +
         static_cast<double>(now.tv_nsec) * 1e-3;
}

using Start = std::function<absl::StatusOr<std::unique_ptr<CardOperation>>()>;

// Runs `operations` of them, `depth` in flight at a time.
absl::Status Run(const Start& start, int operations, int depth) {
  std::vector<std::unique_ptr<CardOperation>> in_flight(depth);
  for (int i = 0; i < operations; ++i) {
    std::unique_ptr<CardOperation>& place = in_flight[i % depth];
    if (place != nullptr) {
      MOEVIT_RETURN_IF_ERROR(place->Wait(absl::Now() + kPatience));
    }
    MOEVIT_ASSIGN_OR_RETURN(place, start());
  }
  for (const auto& operation : in_flight) {
    if (operation == nullptr) continue;
    MOEVIT_RETURN_IF_ERROR(operation->Wait(absl::Now() + kPatience));
  }
  return absl::OkStatus();
}

absl::Status Measure(const char* name, const Start& start, int operations,
                     int depth) {
  MOEVIT_RETURN_IF_ERROR(Run(start, operations / 10, depth));  // warms up
  const double thread = Microseconds(CLOCK_THREAD_CPUTIME_ID);
  const double process = Microseconds(CLOCK_PROCESS_CPUTIME_ID);
  MOEVIT_RETURN_IF_ERROR(Run(start, operations, depth));
  std::printf("%-24s %5d %12.2f %12.2f\n", name, depth,
              (Microseconds(CLOCK_THREAD_CPUTIME_ID) - thread) / operations,
              (Microseconds(CLOCK_PROCESS_CPUTIME_ID) - process) / operations);
  return absl::OkStatus();
}

absl::Status MeasureAll(const char* image, int operations) {
  MOEVIT_RETURN_IF_ERROR(StartEmulatedCards(1));
  XrtCardOptions options;
  MOEVIT_ASSIGN_OR_RETURN(options.bus_address, EmulatedCardAddress(0));
  options.image_path = image;
  options.power_period = absl::InfiniteDuration();
  MOEVIT_ASSIGN_OR_RETURN(const std::unique_ptr<Card> card,
                          OpenXrtCard(options));
  std::vector<std::unique_ptr<CardBuffer>> buffers;
  for (int i = 0; i < 3; ++i) {
    MOEVIT_ASSIGN_OR_RETURN(
        buffers.emplace_back(),
        card->Allocate(4096, card->compute_units()[kUnit].parameters[i].bank));
  }
  const Start launch = [&] {
    return card->Launch(kUnit, {buffers[0].get(), buffers[1].get(),
                                buffers[2].get(), int32_t{0}});
  };
  const Start copy = [&] {
    return card->CopyToCard(buffers[0].get(), 0, 4096);
  };
  std::printf(
      "Processor time in microseconds per operation (emulated card)\n"
      "%-24s %5s %12s %12s\n",
      "operation", "depth", "this thread", "all threads");
  for (int depth : {1, 16}) {
    MOEVIT_RETURN_IF_ERROR(Measure("launch", launch, operations, depth));
    MOEVIT_RETURN_IF_ERROR(
        Measure("copy of 4096 bytes", copy, operations, depth));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: card_overhead IMAGE [OPERATIONS]\n");
    return 2;
  }
  const int operations = argc == 3 ? std::atoi(argv[2]) : 20000;
  const absl::Status measured = moevit::MeasureAll(argv[1], operations);
  if (measured.ok()) return 0;
  std::fprintf(stderr, "%s\n", measured.ToString().c_str());
  return 1;
}
