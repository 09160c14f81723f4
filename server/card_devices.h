// The cards that the server was told to use, opened when the first model is
// loaded on them and shared by all models.

#ifndef MOEVIT_SERVER_CARD_DEVICES_H_
#define MOEVIT_SERVER_CARD_DEVICES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "kernels/card/card.h"
#include "kernels/card/card_device.h"
#include "kernels/card/xrt_card.h"
#include "kernels/executor.h"
#include "kernels/expert_device.h"
#include "program/program.h"
#include "server/device_flags.h"

namespace moevit {

struct CardOptions {
  // The image (.xclbin) that real cards are loaded with. Emulated cards have
  // their own.
  std::string image;

  // How wrong answers of a card that reports no error are found.
  CardVerification verification = CardVerification::kCanary;

  // Bound for every copy to a card and every launch on one. Default: 5 s.
  absl::Duration timeout = absl::Seconds(5);

  // Most bytes of a model's experts that a card holds at a time. The experts
  // of a model that has more are divided over all cards, and the rest of it
  // runs on the processor. Default: 0, each card holds whole models.
  int64_t memory = 0;

  // Returns kInvalidArgument naming the option and its value.
  absl::Status Validate() const;
};

// Thread safe.
class CardDevices {
 public:
  using Opener = std::function<absl::StatusOr<std::unique_ptr<Card>>(
      const XrtCardOptions&)>;

  // REQUIRES: options.Validate().ok().
  explicit CardDevices(const CardOptions& options, Opener open = OpenXrtCard)
      : options_(options), open_(std::move(open)) {}

  // An executor of `program` on the card that `spec` names. Blocks until the
  // card is open and the program is on it. Returns why that cannot be. This
  // object must outlive the executor.
  absl::StatusOr<std::unique_ptr<Executor>> NewExecutor(const DeviceSpec& spec,
                                                        const Program* program,
                                                        int max_batch);

  // Whether all experts of `program` are within options.memory on the card that
  // `spec` names. Errors as for NewExecutor.
  absl::StatusOr<bool> ExpertsFit(const DeviceSpec& spec,
                                  const Program* program);

  // The card that `spec` names as a place for some experts of `program`, which
  // has some. As NewExecutor otherwise.
  absl::StatusOr<std::unique_ptr<ExpertDevice>> NewExpertDevice(
      const DeviceSpec& spec, const Program* program);

  // The watts that the card called `name` drew when its board last measured.
  // kFailedPrecondition while it is not open. Does not wait for one that is
  // being opened.
  absl::StatusOr<double> PowerWatts(const std::string& name);

 private:
  // The open card of this name, or null.
  CardDevice* Find(const std::string& name);
  absl::StatusOr<CardDevice*> FindOrOpen(const DeviceSpec& spec);
  absl::StatusOr<std::unique_ptr<CardDevice>> Open(
      const DeviceSpec& spec) const;

  const CardOptions options_;
  const Opener open_;
  // Held while a card is opened, which takes seconds; before mutex_.
  Mutex opening_;
  Mutex mutex_;
  // By name; one that is open stays.
  std::map<std::string, std::unique_ptr<CardDevice>> cards_
      ABSL_GUARDED_BY(mutex_);
};

// Sets the lanes of the cards among `devices` to as many as keep the units of
// their images busy. Returns why an image cannot be read.
absl::Status SetLanes(const CardOptions& options,
                      std::vector<DeviceSpec>* devices);

// The addresses of the cards that this machine's driver has, ascending.
//   drivers  the directory of the bus's drivers
std::vector<std::string> FindCards(
    const std::string& drivers = "/sys/bus/pci/drivers");

}  // namespace moevit

#endif  // MOEVIT_SERVER_CARD_DEVICES_H_
