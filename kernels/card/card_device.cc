#include "kernels/card/card_device.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "kernels/card/card_executor.h"
#include "kernels/card/card_units.h"
#include "kernels/card/card_use.h"
#include "kernels/cpu/cpu_executor.h"

namespace moevit {
namespace {

// Some image, and what every executor answers to it.
struct Canary {
  std::vector<uint8_t> pixels;
  std::vector<int32_t> logits;
};

absl::StatusOr<Canary> MakeCanary(const Program& program) {
  Canary canary;
  uint32_t state = 1;
  canary.pixels.resize(program.image_bytes());
  for (uint8_t& pixel : canary.pixels) {
    state = state * 1664525 + 1013904223;  // Numerical Recipes' generator
    pixel = static_cast<uint8_t>(state >> 24);
  }
  canary.logits.resize(program.classes);
  CpuExecutorOptions options;
  options.threads = 1;
  options.max_batch = 1;
  MOEVIT_RETURN_IF_ERROR(
      NewCpuExecutor(&program, options)
          ->Run(1, canary.pixels, absl::MakeSpan(canary.logits), nullptr));
  return canary;
}

class DeviceExecutor : public Executor {
 public:
  DeviceExecutor(CardDevice* device, const Program* program, int pipeline,
                 int max_batch, Canary canary)
      : device_(device),
        program_(program),
        pipeline_(pipeline),
        max_batch_(max_batch),
        canary_(std::move(canary)) {}

  absl::string_view name() const override { return device_->card().name(); }

  absl::Status Run(int images, absl::Span<const uint8_t> pixels,
                   absl::Span<int32_t> logits, ExpertLoad* load) override {
    return RunCancellable(images, pixels, logits, load, [] { return false; });
  }

  absl::Status RunCancellable(int images, absl::Span<const uint8_t> pixels,
                              absl::Span<int32_t> logits, ExpertLoad* load,
                              absl::FunctionRef<bool()> cancelled) override {
    CardUse use(device_);
    if (absl::Status status = BeginAndRenew(use); !status.ok()) {
      return BatchNotBegunError(AsDeviceError(status));
    }
    return AsDeviceError(use.Judge(
        RunOn(*use.resident(), images, pixels, logits, load, cancelled)));
  }

  // Makes sure that the program is on the card and works there.
  absl::Status Prepare() {
    CardUse use(device_);
    return BeginAndRenew(use);
  }

 private:
  absl::Status BeginAndRenew(CardUse& use) {
    MOEVIT_RETURN_IF_ERROR(use.Begin(program_, pipeline_));
    return use.Judge(Renew(use));
  }

  absl::Status RunOn(const ResidentProgram& resident, int images,
                     absl::Span<const uint8_t> pixels,
                     absl::Span<int32_t> logits, ExpertLoad* load,
                     absl::FunctionRef<bool()> cancelled) {
    MOEVIT_RETURN_IF_ERROR(
        executor_->RunCancellable(images, pixels, logits, load, cancelled));
    if (device_->options().verification == CardVerification::kTwice) {
      MOEVIT_RETURN_IF_ERROR(CheckAgain(images, pixels, logits, cancelled));
    }
    if (device_->options().verification != CardVerification::kNone &&
        ++batches_since_canary_ >= device_->options().canary_period) {
      MOEVIT_RETURN_IF_ERROR(CheckCanary(resident));
    }
    return absl::OkStatus();
  }

  // What was allocated on the card before it was brought back is void.
  absl::Status Renew(const CardUse& use) {
    if (executor_ != nullptr && generation_ == use.generation()) {
      return absl::OkStatus();
    }
    executor_.reset();
    CardExecutorOptions options;
    options.max_batch = max_batch_;
    options.keep_schedules =
        device_->options().verification != CardVerification::kTwice;
    MOEVIT_ASSIGN_OR_RETURN(executor_,
                            NewCardExecutor(use.resident(), options));
    generation_ = use.generation();
    if (device_->options().verification == CardVerification::kNone) {
      return absl::OkStatus();
    }
    return CheckCanary(*use.resident());
  }

  absl::Status CheckAgain(int images, absl::Span<const uint8_t> pixels,
                          absl::Span<const int32_t> logits,
                          absl::FunctionRef<bool()> cancelled) {
    again_.resize(logits.size());
    MOEVIT_RETURN_IF_ERROR(executor_->RunCancellable(
        images, pixels, absl::MakeSpan(again_), nullptr, cancelled));
    if (logits == absl::MakeConstSpan(again_)) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(
        name(), " gave different logits for the same ", images, " images"));
  }

  absl::Status CheckCanary(const ResidentProgram& resident) {
    batches_since_canary_ = 0;
    again_.resize(canary_.logits.size());
    MOEVIT_RETURN_IF_ERROR(
        executor_->Run(1, canary_.pixels, absl::MakeSpan(again_), nullptr));
    if (again_ != canary_.logits) {
      return absl::DataLossError(
          absl::StrCat(name(), " gave a wrong answer to a known image"));
    }
    return resident.Verify();
  }

  CardDevice* const device_;
  const Program* const program_;
  const int pipeline_;
  const int max_batch_;
  const Canary canary_;
  std::unique_ptr<Executor> executor_;
  int64_t generation_ = 0;  // of `executor_`
  int batches_since_canary_ = 0;
  std::vector<int32_t> again_;
};

}  // namespace

CardDevice::CardDevice(std::unique_ptr<Card> card,
                       const CardDeviceOptions& options)
    : card_(std::move(card)),
      options_(options),
      pipelines_(std::max(1, Pipelines(CountUnits(card_->compute_units())))) {}

absl::StatusOr<std::unique_ptr<Executor>> CardDevice::NewExecutor(
    const Program* program, int max_batch) {
  int pipeline = 0;
  {
    MutexLock lock(&mutex_);
    pipeline = executors_[program]++ % pipelines_;
  }
  Canary canary;
  if (options_.verification != CardVerification::kNone) {
    MOEVIT_ASSIGN_OR_RETURN(canary, MakeCanary(*program));
  }
  auto executor = std::make_unique<DeviceExecutor>(
      this, program, pipeline, max_batch, std::move(canary));
  MOEVIT_RETURN_IF_ERROR(executor->Prepare());
  return executor;
}

absl::Status CardDevice::Enter(int64_t* generation) {
  MutexLock lock(&mutex_);
  // A batch that finds the card broken has not been tried on it.
  const absl::Time deadline = absl::Now() + options_.timeout;
  while (broken_ && users_ > 0 && absl::Now() < deadline) {
    all_left_.WaitUntil(&mutex_, deadline);
  }
  if (broken_) MOEVIT_RETURN_IF_ERROR(Repair());
  ++users_;
  *generation = generation_;
  return absl::OkStatus();
}

absl::StatusOr<CardDevice::Resident> CardDevice::FindOrLoad(
    const Program* program, int pipeline) {
  MutexLock lock(&mutex_);
  const std::pair key(program, pipeline);
  Resident resident = residents_[key].lock();
  if (resident == nullptr) {
    MOEVIT_ASSIGN_OR_RETURN(resident, Load(program, pipeline));
    std::erase_if(residents_,
                  [](const auto& entry) { return entry.second.expired(); });
    residents_[key] = resident;
  }
  return resident;
}

absl::StatusOr<CardDevice::Resident> CardDevice::Load(const Program* program,
                                                      int pipeline) {
  ResidentProgramOptions options;
  options.pipeline = pipeline;
  options.timeout = options_.timeout;
  absl::StatusOr<Resident> loaded =
      ResidentProgram::Load(program, card_.get(), options);
  if (loaded.ok()) return loaded;
  broken_ = broken_ || IsCardFault(loaded.status());
  return AsDeviceError(loaded.status());
}

absl::Status CardDevice::Repair() {
  if (users_ > 0) {
    return absl::UnavailableError(
        absl::StrCat(card_->name(), " failed and cannot be reset before ",
                     users_, " batches on it have ended"));
  }
  residents_.clear();
  ++generation_;
  const absl::Status reset = card_->Reset();
  // Whatever the code, such as that of an image that cannot be loaded: it says
  // nothing of the batch that wants the card.
  if (!reset.ok()) return absl::UnavailableError(reset.message());
  broken_ = false;
  return absl::OkStatus();
}

void CardDevice::Leave(bool fault) {
  MutexLock lock(&mutex_);
  broken_ = broken_ || fault;
  if (--users_ == 0) all_left_.SignalAll();
}

}  // namespace moevit
