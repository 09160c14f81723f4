#include "kernels/card/xrt_session.h"

#include <dlfcn.h>
#include <version.h>
#include <xrt.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "kernels/card/power_sampler.h"
#include "kernels/card/xrt_image.h"
#include "kernels/card/xrt_status.h"

// The oldest XRT that this was written against, and has been run with.
static_assert(XRT_VERSION_CODE >= XRT_VERSION(2, 13));

namespace moevit {
namespace {

// XRT fills a map of the cards it schedules for without a lock when a card's
// first kernel is opened, so that cards are opened one at a time.
Mutex& OpenMutex() {
  static Mutex* const mutex = new Mutex;
  return *mutex;
}

// A function of XRT's library for hardware, which XRT itself loads; null when
// this XRT has none of that name.
template <typename Function>
Function* FindInXrt(const char* name) {
  void* const library = dlopen("libxrt_core.so.2", RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return nullptr;
  return reinterpret_cast<Function*>(dlsym(library, name));
}

// xrt::device::reset() does not reset. This does, though no public header
// declares it: xclInternalResetDevice(void*, xclResetKind).
constexpr char kReset[] = "_Z22xclInternalResetDevicePv12xclResetKind";
using ResetFunction = int(xclDeviceHandle, xclResetKind);

// Opens `device` if it is not open.
absl::Status ResetDevice(const std::string& bus_address, xrt::device& device) {
  const bool kept = static_cast<bool>(device);
  if (!kept) device = xrt::device(bus_address);
  if (device.get_info<xrt::info::device::offline>()) {
    return absl::UnavailableError("it is offline");
  }
  auto* const reset = FindInXrt<ResetFunction>(kReset);
  if (reset == nullptr) {
    return absl::UnavailableError(
        "this XRT has no function for it; use xbutil reset");
  }
  int error = reset(static_cast<xclDeviceHandle>(device), XCL_USER_RESET);
  if (error != 0 && kept) {  // XRT could not open it after its last reset
    device = xrt::device();
    device = xrt::device(bus_address);
    error = reset(static_cast<xclDeviceHandle>(device), XCL_USER_RESET);
  }
  if (error == 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("error ", -error));
}

// How long to wait for an event that may have been somebody else's.
constexpr int kEventMilliseconds = 50;

}  // namespace

absl::StatusOr<std::unique_ptr<XrtSession>> XrtSession::Open(
    const XrtCardOptions& options, xrt::device device) {
  std::unique_ptr<XrtSession> session(new XrtSession);
  session->device_ = std::move(device);
  MutexLock lock(&OpenMutex());
  MOEVIT_RETURN_IF_ERROR(session->OpenDevice(options));
  MOEVIT_RETURN_IF_ERROR(session->LoadImage(options));
  MOEVIT_RETURN_IF_ERROR(session->WatchLaunches());
  return session;
}

absl::Status XrtSession::OpenDevice(const XrtCardOptions& options) {
  const std::string what = absl::StrCat("opening card ", options.bus_address);
  absl::Status opened = WithoutExceptions(what, [&]() -> absl::Status {
    if (!device_) device_ = xrt::device(options.bus_address);
    shell_ = device_.get_info<xrt::info::device::name>();
    if (!device_.get_info<xrt::info::device::offline>()) {
      return absl::OkStatus();
    }
    return absl::UnavailableError(absl::StrCat(what, ": it is offline"));
  });
  if (opened.ok() || absl::IsUnavailable(opened)) return opened;
  // XRT does not say why: most often there is no such card.
  std::string reason(opened.message());
  if (std::getenv("XILINX_XRT") == nullptr) {
    reason += "; XILINX_XRT is not set: source setup.sh of XRT first";
  }
  return absl::NotFoundError(reason);
}

absl::Status XrtSession::LoadImage(const XrtCardOptions& options) {
  const std::string what = absl::StrCat("loading ", options.image_path,
                                        " on card ", options.bus_address);
  MOEVIT_ASSIGN_OR_RETURN(const xrt::xclbin image,
                          OpenImage(options.image_path));
  return WithoutExceptions(what, [&]() -> absl::Status {
    const std::string uuid = image.get_uuid().to_string();
    if (!options.image_uuid.empty() && uuid != options.image_uuid) {
      return absl::FailedPreconditionError(absl::StrCat(
          what, ": its UUID is ", uuid, ", not ", options.image_uuid));
    }
    if (image.get_xsa_name() != shell_) {
      return absl::FailedPreconditionError(
          absl::StrCat(what, ": it is for shell ", image.get_xsa_name(),
                       ", the card has ", shell_));
    }
    device_.load_xclbin(image);
    const std::string loaded = device_.get_xclbin_uuid().to_string();
    if (loaded != uuid) {
      return absl::FailedPreconditionError(absl::StrCat(
          what, ": the card reports image ", loaded, ", not ", uuid));
    }
    CreateUnits(image);
    return absl::OkStatus();
  });
}

void XrtSession::CreateUnits(const xrt::xclbin& image) {
  for (ComputeUnit& unit : UnitsOf(image)) {
    units_.push_back(
        XrtUnit::Create(device_, image.get_uuid(), std::move(unit)));
    for (const auto& parameter : units_.back()->description().parameters) {
      if (parameter.is_pointer) banks_.insert(parameter.bank);
    }
  }
}

absl::Status XrtSession::WatchLaunches() {
  auto* const await_event = FindInXrt<decltype(xclExecWait)>("xclExecWait");
  if (await_event == nullptr) {
    return absl::UnimplementedError("this XRT has no xclExecWait");
  }
  watcher_ = std::make_unique<LaunchWatcher>(
      [units = units_] {
        bool running = false;
        for (const auto& unit : units) running |= unit->CollectEnded();
        return running;
      },
      [device = device_, await_event] {
        await_event(static_cast<xclDeviceHandle>(device), kEventMilliseconds);
      });
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<OperationState>> XrtSession::Launch(
    size_t unit, absl::Span<const KernelArgument> arguments) {
  auto state = units_[unit]->Launch(arguments);
  watcher_->Wake();
  return state;
}

absl::StatusOr<std::shared_ptr<XrtMemory>> XrtSession::Allocate(size_t bytes,
                                                                int bank) {
  if (bytes == 0) {
    return absl::InvalidArgumentError("a buffer of 0 bytes");
  }
  if (!banks_.contains(bank)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no unit reaches bank ", bank, ", only ", absl::StrJoin(banks_, ", ")));
  }
  MOEVIT_ASSIGN_OR_RETURN(std::shared_ptr<XrtMemory> memory,
                          XrtMemory::Create(device_, bytes, bank));
  MutexLock lock(&mutex_);
  std::erase_if(memory_, [](const auto& weak) { return weak.expired(); });
  memory_.push_back(memory);
  return memory;
}

absl::StatusOr<std::shared_ptr<OperationState>> XrtSession::Copy(
    XrtBuffer* buffer, xclBOSyncDirection direction, size_t offset,
    size_t bytes) {
  const bool to_card = direction == XCL_BO_SYNC_BO_TO_DEVICE;
  const std::shared_ptr<XrtMemory>& memory = buffer->memory();
  if (offset > memory->bytes() || bytes > memory->bytes() - offset) {
    return absl::InvalidArgumentError(
        absl::StrCat("a copy of ", bytes, " bytes at ", offset,
                     " of a buffer of ", memory->bytes(), " bytes"));
  }
  if (!memory->object()) {
    return absl::FailedPreconditionError(
        "a copy of a buffer from before a reset");
  }
  const std::string what = absl::StrCat("copy of ", bytes, " bytes ",
                                        to_card ? "to" : "from", " the card");
  auto state = std::make_shared<OperationState>(what);
  (to_card ? to_card_ : from_card_)
      .Add(
          [memory, direction, offset, bytes, what] {
            return WithoutExceptions(what, [&]() -> absl::Status {
              if (bytes > 0) memory->object().sync(direction, bytes, offset);
              return absl::OkStatus();
            });
          },
          state);
  return state;
}

absl::StatusOr<double> XrtSession::PowerWatts() const {
  return WithoutExceptions(
      "reading the power", [this]() -> absl::StatusOr<double> {
        return BoardWatts(device_.get_info<xrt::info::device::electrical>());
      });
}

bool XrtSession::AbortLaunches(absl::Time deadline) {
  // Aborting asks the driver, which may not answer: it is asked once at a time.
  if (aborter_ == nullptr) {
    aborter_ = std::make_unique<CopyThread>();
    aborted_ = std::make_shared<OperationState>("aborting all launches");
    aborter_->Add(
        [units = units_]() -> absl::Status {
          bool ended = true;
          for (const auto& unit : units) ended = unit->Abort() && ended;
          return ended ? absl::OkStatus()
                       : absl::UnavailableError("some launches go on");
        },
        aborted_);
  }
  const absl::Status aborted = aborted_->Wait(deadline);
  if (absl::IsDeadlineExceeded(aborted) || !aborter_->Stop(deadline)) {
    return false;
  }
  aborter_ = nullptr;
  return aborted.ok();
}

bool XrtSession::Close(absl::Time deadline) {
  closing_ = true;
  // Launches can be aborted only when nobody waits for their events.
  bool closed = (watcher_ == nullptr || watcher_->Stop(deadline)) &&
                AbortLaunches(deadline);
  closed = to_card_.Stop(deadline) && closed;
  closed = from_card_.Stop(deadline) && closed;
  if (!closed) return false;
  units_.clear();
  std::vector<std::weak_ptr<XrtMemory>> memory;
  {
    MutexLock lock(&mutex_);
    memory.swap(memory_);
  }
  for (const auto& weak : memory) {
    if (const std::shared_ptr<XrtMemory> buffer = weak.lock()) buffer->Void();
  }
  return true;
}

XrtSession::~XrtSession() {
  if (!closing_) Close(absl::Now() + absl::Seconds(1));
}

absl::StatusOr<xrt::device> XrtSession::ResetCard(const XrtCardOptions& options,
                                                  xrt::device device) {
  const absl::Time deadline = absl::Now() + options.reset_patience;
  const std::string what = absl::StrCat("resetting card ", options.bus_address);
  // XRT waits for a card that is offline for as long as that takes.
  CopyThread resetter;
  auto done = std::make_shared<OperationState>(what);
  auto shared = std::make_shared<xrt::device>(std::move(device));
  resetter.Add(
      [what, shared, bus_address = options.bus_address] {
        return WithoutExceptions(what, [&]() -> absl::Status {
          const absl::Status reset = ResetDevice(bus_address, *shared);
          if (reset.ok()) return absl::OkStatus();
          return absl::Status(reset.code(),
                              absl::StrCat(what, ": ", reset.message()));
        });
      },
      done);
  const absl::Status status = done->Wait(deadline);
  resetter.Stop(deadline);
  MOEVIT_RETURN_IF_ERROR(status);
  return *shared;
}

}  // namespace moevit
