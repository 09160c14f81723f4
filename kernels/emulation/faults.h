// What is to go wrong on the emulated cards, and when.
//
// A plan is a list of rules:
//   rules := rule { ";" rule }
//   rule  := kind [ ":" key "=" value { "," key "=" value } ]
//   kinds    of a launch: hang stuck timeout error abort delay bit_flip
//            of a copy: copy_error copy_corruption
//            of the card: allocation load open offline no_sensor
//   keys     where: card, unit (numbers), kernel (name), direction (to, from)
//            when: nth (first event that fails, from 1; default 1),
//                  every (then each so many-th; default 1),
//                  count (how often at most; default 1, inf for always)
//            how: ms (length of a delay), errno (number)
// Rules of offline, open and no_sensor hold until cleared unless they say a
// count. Example: "hang:card=1,kernel=linear,nth=20;copy_error:direction=from".

#ifndef MOEVIT_KERNELS_EMULATION_FAULTS_H_
#define MOEVIT_KERNELS_EMULATION_FAULTS_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace moevit::emulation {

enum class FaultKind {
  kHang,            // the unit never ends, unless it is aborted
  kStuck,           // nor then: it goes on once the faults are cleared
  kTimeout,         // the driver gives the launch and the card up
  kError,           // the launch ends in the error state
  kAbort,           // the launch ends in the aborted state
  kDelay,           // the launch starts late
  kBitFlip,         // one bit of the launch's last buffer is wrong
  kCopyError,       // a copy fails
  kCopyCorruption,  // one bit of a copy is wrong
  kAllocation,      // a buffer on the card cannot be had
  kLoad,            // an image cannot be loaded
  kOpen,            // the card cannot be opened
  kOffline,         // the card is in reset: copies and launches fail
  kNoSensor,        // the power sensor is missing
};

enum class CopyDirection { kNone, kToCard, kFromCard };

// Where and to what something might go wrong.
struct FaultEvent {
  FaultKind kind;
  int card;
  int unit = -1;
  std::string_view kernel = {};
  CopyDirection direction = CopyDirection::kNone;
};

// How a fault that fires shows.
struct Fault {
  int error_number = 0;  // 0: the usual one of this kind
  int64_t delay_ms = 0;
};

// Thread safe.
class FaultPlan {
 public:
  // Adds rules. Returns what is wrong with `rules`, and adds none of them
  // then; empty when nothing is.
  std::string Add(std::string_view rules);

  void Clear();

  // How often that was.
  int64_t clears() const { return clears_; }

  // Counts the event in every rule that speaks of it; the first one that fires
  // tells how.
  std::optional<Fault> Fires(const FaultEvent& event);

  // How many faults have fired on `card`.
  int64_t fired(int card);

 private:
  struct Rule {
    FaultKind kind = FaultKind::kHang;
    int card = -1;  // -1, empty and kNone: any
    int unit = -1;
    std::string kernel;
    CopyDirection direction = CopyDirection::kNone;
    int64_t nth = 1;
    int64_t every = 1;
    int64_t count = 1;
    Fault fault;
    int64_t seen = 0;
    int64_t fired = 0;
  };

  static std::string ParseRule(std::string_view text, Rule* rule);
  static std::string ParseSetting(std::string_view text, Rule* rule);
  static bool Matches(const Rule& rule, const FaultEvent& event);

  // Spares the mutex where nothing is planned.
  std::atomic<bool> any_{false};
  std::atomic<int64_t> clears_{0};
  Mutex mutex_;
  std::vector<Rule> rules_ ABSL_GUARDED_BY(mutex_);
  std::vector<int64_t> fired_ ABSL_GUARDED_BY(mutex_);  // by card
};

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_FAULTS_H_
