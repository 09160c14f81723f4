// A scheduler with emulated cards, and if wanted the CPU, that serves one
// random program, and a client that holds every answer to the reference's.

#ifndef MOEVIT_TESTS_SYSTEM_CARD_SYSTEM_H_
#define MOEVIT_TESTS_SYSTEM_CARD_SYSTEM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "kernels/card/card_device.h"
#include "program/program.h"
#include "scheduler/batch_scheduler.h"

namespace moevit {

// How many emulated cards the process has.
inline constexpr int kEmulatedCards = 3;

// Gives the process its cards, when it is called first.
absl::Status StartCards();

// Opens emulated card `card` of this process.
//   image  what it is loaded with; empty: the image of emulated cards
absl::StatusOr<std::unique_ptr<CardDevice>> OpenEmulatedCard(
    int card, const CardDeviceOptions& options, const std::string& image = "");

// What became of the images that were submitted.
struct Answers {
  int right = 0;
  int wrong = 0;   // OK, but not the reference's bits
  int failed = 0;  // not OK
  int again = 0;   // more than one answer to an image
  std::string first_error;
};

struct CardSystemOptions {
  int cards = 1;
  bool with_cpu = false;
  CardDeviceOptions device;
};

// Not thread safe.
class CardSystem {
 public:
  // Opens the cards. Returns the first error.
  static absl::StatusOr<std::unique_ptr<CardSystem>> Start(
      const CardSystemOptions& options);

  // Submits `images` images, so many at a time that every lane can have a full
  // batch, and returns once all are answered. `before` is called before each
  // image, with its number.
  Answers Serve(int images, const std::function<void(int)>& before = {});

  // Waits until all devices are serving, or for a minute.
  bool AwaitAllServing();

  std::vector<DeviceSnapshot> devices() const { return scheduler_->devices(); }

  // How often the scheduler said that no device serves any more.
  int outages();

 private:
  struct Exchange;

  explicit CardSystem(const CardSystemOptions& options);

  absl::Status AddModel();
  void Submit(int image, const std::shared_ptr<Exchange>& exchange);

  const CardSystemOptions options_;
  const Program program_;
  std::vector<uint8_t> pixels_;    // of the different images
  std::vector<int32_t> expected_;  // the reference's logits
  std::vector<std::unique_ptr<CardDevice>> cards_;
  Mutex mutex_;
  int outages_ ABSL_GUARDED_BY(mutex_) = 0;
  std::unique_ptr<BatchScheduler> scheduler_;
  ModelId model_ = 0;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SYSTEM_CARD_SYSTEM_H_
