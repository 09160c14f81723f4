// An expert device that computes on the processor, keeps a record of its calls
// and fails when a test says so.

#ifndef MOEVIT_TESTS_SCHEDULER_FAKE_EXPERT_DEVICE_H_
#define MOEVIT_TESTS_SCHEDULER_FAKE_EXPERT_DEVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kernels/cpu/cpu_expert_device.h"
#include "kernels/expert_device.h"

namespace moevit {

// What a test sees of a device. Read it only while the executor is idle.
struct FakeExpertDeviceControl {
  // Calls of Load and Run until one fails with `failure`, and all after it;
  // negative: never.
  int calls_until_failure = -1;
  absl::Status failure = absl::UnavailableError("the device is gone");
  // Loads fail without the device being lost.
  bool refuses_loads = false;

  // Called by Load; may be empty.
  std::function<void()> on_load;

  // Attempts to bring it back that fail; negative: all.
  int restores_until_success = -1;

  // "load 3", "evict 3" or "run 3 4", by expert.
  std::vector<std::string> calls;
  int64_t calls_after_failure = 0;
};

class FakeExpertDevice final : public ExpertDevice {
 public:
  FakeExpertDevice(std::unique_ptr<ExpertDevice> device,
                   std::shared_ptr<FakeExpertDeviceControl> control)
      : device_(std::move(device)), control_(std::move(control)) {}

  absl::string_view name() const override { return device_->name(); }
  int64_t memory_bytes() const override { return device_->memory_bytes(); }
  int64_t ExpertBytes(int layer) const override {
    return device_->ExpertBytes(layer);
  }

  absl::Status Load(int layer, int expert) override {
    if (Fails()) return control_->failure;
    if (control_->refuses_loads) {
      return absl::ResourceExhaustedError("no room, it says");
    }
    if (control_->on_load) control_->on_load();
    control_->calls.push_back(absl::StrCat("load ", expert));
    loaded_.insert({layer, expert});
    return device_->Load(layer, expert);
  }

  void Evict(int layer, int expert) override {
    control_->calls.push_back(absl::StrCat("evict ", expert));
    loaded_.erase({layer, expert});
    device_->Evict(layer, expert);
  }

  absl::Status Run(const ExpertLayerCall& call,
                   absl::Span<const ExpertPart> parts) override {
    if (Fails()) {
      // As a card that breaks down half way.
      const absl::Status half =
          device_->Run(call, parts.first(parts.size() / 2));
      return half.ok() ? control_->failure : half;
    }
    std::string line = "run";
    for (const ExpertPart& part : parts)
      absl::StrAppend(&line, " ", part.expert);
    control_->calls.push_back(line);
    return device_->Run(call, parts);
  }

  // A real device has lost its memory then.
  absl::Status Restore() override {
    if (control_->restores_until_success != 0) {
      --control_->restores_until_success;
      return control_->failure;
    }
    control_->calls_until_failure = -1;
    control_->calls.push_back("restored");
    for (const auto& [layer, expert] : loaded_) device_->Evict(layer, expert);
    loaded_.clear();
    return absl::OkStatus();
  }

 private:
  bool Fails() {
    if (control_->calls_until_failure < 0) return false;
    if (control_->calls_until_failure > 0) {
      --control_->calls_until_failure;
      return false;
    }
    ++control_->calls_after_failure;
    return true;
  }

  const std::unique_ptr<ExpertDevice> device_;
  const std::shared_ptr<FakeExpertDeviceControl> control_;
  std::set<std::pair<int, int>> loaded_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SCHEDULER_FAKE_EXPERT_DEVICE_H_
