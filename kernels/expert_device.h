// A place where the experts of a program can run: some processors, or a card.
//
// Experts' weights are loaded and evicted one by one, so that a device serves
// a model whose experts are several times larger than its memory. What to load
// and when is the caller's decision; a device never evicts by itself.

#ifndef MOEVIT_KERNELS_EXPERT_DEVICE_H_
#define MOEVIT_KERNELS_EXPERT_DEVICE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kernels/expert_layer.h"
#include "scheduler/experts/expert_plan.h"

namespace moevit {

// Thread-compatible: one call at a time. Objects are independent.
//
// Every call returns within a bound that the device knows. An error of Load or
// Run other than kResourceExhausted means that the device is lost: the caller
// makes no further call until Restore, and runs the work elsewhere.
class ExpertDevice {
 public:
  virtual ~ExpertDevice() = default;

  // A short stable name for metrics, for example "cpu" or "card0".
  virtual absl::string_view name() const = 0;

  // How much weight it can hold, and how much of that one expert of a layer
  // (the numbers of FindExpertLayers) takes.
  virtual int64_t memory_bytes() const = 0;
  virtual int64_t ExpertBytes(int layer) const = 0;

  // How many rows of an expert it computes at a time, be they there or not; 1
  // if it computes what is left over as such, which is the default.
  virtual int tile_rows() const { return 1; }

  // Begins to load both matrices of an expert; may return before they have
  // arrived, in which case Run waits for them. Loading again what is there does
  // nothing. Returns kResourceExhausted, naming the sizes, if there is no room.
  virtual absl::Status Load(int layer, int expert) = 0;

  // Frees what Load took; nothing for an expert that is not there.
  virtual void Evict(int layer, int expert) = 0;

  // Computes the outputs of the parts' assignments. Has no access to the
  // call's memory any more when it returns, whatever it returns.
  // REQUIRES: the experts of all parts were loaded.
  virtual absl::Status Run(const ExpertLayerCall& call,
                           absl::Span<const ExpertPart> parts) = 0;

  // Brings a lost device back: with OK it works again, and nothing is loaded on
  // it. Otherwise it stays lost, and this may be tried again. Default: returns
  // kUnimplemented.
  virtual absl::Status Restore() {
    return absl::UnimplementedError("this device does not come back");
  }
};

}  // namespace moevit

#endif  // MOEVIT_KERNELS_EXPERT_DEVICE_H_
