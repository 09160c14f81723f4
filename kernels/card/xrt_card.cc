#include "kernels/card/xrt_card.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "kernels/card/power_sampler.h"
#include "kernels/card/stuck_sessions.h"
#include "kernels/card/xrt_session.h"

namespace moevit {
namespace {

std::unique_ptr<CardOperation> Operation(
    std::shared_ptr<OperationState> state) {
  return std::make_unique<SharedOperation>(std::move(state));
}

class XrtCard : public Card {
 public:
  XrtCard(XrtCardOptions options, std::unique_ptr<XrtSession> session)
      : options_(std::move(options)),
        name_(options_.name.empty() ? absl::StrCat("xrt:", options_.bus_address)
                                    : options_.name),
        emulated_(absl::StrContains(session->shell(), "emulated")),
        units_(Describe(*session)),
        session_(std::move(session)),
        power_([this] { return ReadPower(); }, options_.power_period) {}

  ~XrtCard() override {
    MutexLock lock(&power_mutex_);
    if (session_ != nullptr && !Close().ok()) {
      KeepStuckSession(options_.bus_address, std::move(session_));
    }
  }

  absl::string_view name() const override { return name_; }
  bool emulated() const override { return emulated_; }
  const std::vector<ComputeUnit>& compute_units() const override {
    return units_;
  }

  absl::StatusOr<std::unique_ptr<CardBuffer>> Allocate(size_t bytes,
                                                       int bank) override {
    MOEVIT_RETURN_IF_ERROR(CheckOpen());
    MOEVIT_ASSIGN_OR_RETURN(std::shared_ptr<XrtMemory> memory,
                            session_->Allocate(bytes, bank));
    return std::make_unique<XrtBuffer>(std::move(memory));
  }

  absl::StatusOr<std::unique_ptr<CardOperation>> CopyToCard(
      CardBuffer* buffer, size_t offset, size_t bytes) override {
    return Copy(buffer, XCL_BO_SYNC_BO_TO_DEVICE, offset, bytes);
  }

  absl::StatusOr<std::unique_ptr<CardOperation>> CopyFromCard(
      CardBuffer* buffer, size_t offset, size_t bytes) override {
    return Copy(buffer, XCL_BO_SYNC_BO_FROM_DEVICE, offset, bytes);
  }

  absl::StatusOr<std::unique_ptr<CardOperation>> Launch(
      size_t unit, absl::Span<const KernelArgument> arguments) override {
    MOEVIT_RETURN_IF_ERROR(CheckOpen());
    if (unit >= units_.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("unit ", unit, " of a card that has ", units_.size()));
    }
    MOEVIT_ASSIGN_OR_RETURN(std::shared_ptr<OperationState> state,
                            session_->Launch(unit, arguments));
    return Operation(std::move(state));
  }

  absl::StatusOr<double> PowerWatts() override { return power_.Latest(); }

  absl::Status Reset() override;

 private:
  static std::vector<ComputeUnit> Describe(const XrtSession& session) {
    std::vector<ComputeUnit> units;
    for (const auto& unit : session.units()) {
      units.push_back(unit->description());
    }
    return units;
  }

  absl::StatusOr<std::unique_ptr<CardOperation>> Copy(
      CardBuffer* buffer, xclBOSyncDirection direction, size_t offset,
      size_t bytes) {
    MOEVIT_RETURN_IF_ERROR(CheckOpen());
    auto* const xrt_buffer = dynamic_cast<XrtBuffer*>(buffer);
    if (xrt_buffer == nullptr) {
      return absl::InvalidArgumentError("a copy of another card's buffer");
    }
    MOEVIT_ASSIGN_OR_RETURN(
        std::shared_ptr<OperationState> state,
        session_->Copy(xrt_buffer, direction, offset, bytes));
    return Operation(std::move(state));
  }

  absl::Status Close();

  absl::Status CheckOpen() const {
    if (session_ != nullptr && !session_->closing()) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat(name_, " could not be brought back by its last reset"));
  }

  absl::StatusOr<double> ReadPower() {
    MutexLock lock(&power_mutex_);
    MOEVIT_RETURN_IF_ERROR(CheckOpen());
    return session_->PowerWatts();
  }

  const XrtCardOptions options_;
  const std::string name_;
  const bool emulated_;
  const std::vector<ComputeUnit> units_;

  // Changed by Reset alone, beside which there is nobody but the sampling
  // thread: that one holds the mutex.
  Mutex power_mutex_;
  // Null, or closing, after a failed Reset.
  std::unique_ptr<XrtSession> session_;
  // Kept from one session to the next; null when there is none to keep.
  xrt::device device_;

  PowerSampler power_;  // last: its thread uses the others
};

absl::Status XrtCard::Close() {
  const bool first = !session_->closing();
  if (session_->Close(absl::Now() + options_.patience)) return absl::OkStatus();
  const std::string what = absl::StrCat(
      name_,
      ": work on the card neither ends nor can be aborted; its memory "
      "stays allocated until it does, or this process ends");
  if (first && options_.on_stuck) options_.on_stuck(what);
  return absl::UnavailableError(what);
}

absl::Status XrtCard::Reset() {
  MutexLock lock(&power_mutex_);
  if (session_ != nullptr) {
    MOEVIT_RETURN_IF_ERROR(Close());
    device_ = session_->device();
    session_ = nullptr;
  }
  // One that failed to reset is lost, or still being reset.
  MOEVIT_ASSIGN_OR_RETURN(
      device_,
      XrtSession::ResetCard(options_, std::exchange(device_, xrt::device())));
  MOEVIT_ASSIGN_OR_RETURN(session_, XrtSession::Open(options_, device_));
  if (Describe(*session_) != units_) {
    session_ = nullptr;
    return absl::FailedPreconditionError(absl::StrCat(
        options_.image_path, " has changed while ", name_, " was in use"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Card>> OpenXrtCard(
    const XrtCardOptions& options) {
  MOEVIT_RETURN_IF_ERROR(CloseStuckSession(options.bus_address));
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<XrtSession> session,
                          XrtSession::Open(options));
  return std::make_unique<XrtCard>(options, std::move(session));
}

}  // namespace moevit
