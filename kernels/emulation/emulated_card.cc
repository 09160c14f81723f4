#include "kernels/emulation/emulated_card.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace moevit::emulation {
namespace {

// A context on no unit in particular: XRT opens one to hold the image.
constexpr uint32_t kVirtualUnit = ~uint32_t{0};

int ErrorOf(const Fault& fault, int usual) {
  return fault.error_number != 0 ? fault.error_number : usual;
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         text.substr(text.size() - end.size()) == end;
}

}  // namespace

EmulatedCard::EmulatedCard(int index, FileTree* tree, FaultPlan* faults)
    : index_(index),
      faults_(faults),
      nodes_(tree, index),
      power_(PowerModelOptions(), MonotonicNanoseconds()) {
  nodes_.Create();
  SamplePower();
}

bool EmulatedCard::IsOffline() {
  return faults_->Fires({FaultKind::kOffline, index_}).has_value();
}

int64_t EmulatedCard::BufferCount() {
  int64_t buffers = 0;
  for (const CardMemory::Usage& bank : memory_.usage()) {
    buffers += static_cast<int64_t>(bank.buffers);
  }
  return buffers;
}

int64_t EmulatedCard::UnitNanoseconds() {
  std::shared_ptr<LoadedImage> image;
  {
    MutexLock lock(&mutex_);
    image = image_;
  }
  int64_t busy_ns = 0;
  if (image != nullptr) {
    for (const auto& unit : image->units()) busy_ns += unit->busy_ns();
  }
  return busy_ns;
}

double EmulatedCard::SamplePower() {
  const int64_t busy_ns = UnitNanoseconds();
  MutexLock lock(&power_mutex_);
  power_sampled_ns_ = MonotonicNanoseconds();
  nodes_.PutPower(power_.Sample(power_sampled_ns_, busy_ns, state_.copy_ns));
  return power_.joules();
}

void EmulatedCard::Refresh(std::string_view path) {
  constexpr int64_t kPowerPeriodNs = 1'000'000'000;
  if (path.find("/xmc.u.1/") != std::string_view::npos) {
    bool due;
    {
      MutexLock lock(&power_mutex_);
      due = MonotonicNanoseconds() - power_sampled_ns_ >= kPowerPeriodNs;
    }
    if (due) SamplePower();
  } else if (EndsWith(path, "/kds_custat_raw")) {
    MutexLock lock(&mutex_);
    std::string status;
    if (image_ != nullptr) {
      for (const auto& unit : image_->units()) status += unit->StatusLine();
    }
    nodes_.PutUnits(status);
  } else if (EndsWith(path, "/memstat_raw")) {
    std::string status;
    for (const CardMemory::Usage& bank : memory_.usage()) {
      status += std::to_string(bank.bytes) + " " +
                std::to_string(bank.buffers) + " 0\n";
    }
    nodes_.PutMemory(status);
  } else if (EndsWith(path, "/dev_offline")) {
    nodes_.PutOffline(IsOffline());
  }
}

std::shared_ptr<OpenFile> EmulatedCard::Open() {
  if (const auto fault = faults_->Fires({FaultKind::kOpen, index_})) {
    errno = ErrorOf(*fault, ENODEV);
    return nullptr;
  }
  const int completions =
      eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
  if (completions < 0) return nullptr;
  auto file = std::make_shared<OpenFile>(this, completions);
  MutexLock lock(&mutex_);
  ForgetClosedFiles();
  files_.push_back(file);
  return file;
}

void EmulatedCard::ForgetClosedFiles() {
  std::erase_if(files_, [](const auto& file) { return file.expired(); });
}

void EmulatedCard::Close(const std::shared_ptr<OpenFile>& file) {
  {
    MutexLock lock(&mutex_);
    if (image_ != nullptr) {
      for (const auto& unit : image_->units()) unit->Drop(file.get());
    }
  }
  for (const auto& buffer : file->TakeAllBuffers()) memory_.Remove(*buffer);
  file->CloseAllContexts();
}

bool EmulatedCard::AnyContextOpen() {
  return std::any_of(files_.begin(), files_.end(), [](const auto& weak) {
    const std::shared_ptr<OpenFile> file = weak.lock();
    return file != nullptr && file->HasAnyContext();
  });
}

int EmulatedCard::LoadImage(const drm_xocl_axlf& request) {
  if (IsOffline()) return ENODEV;
  if (const auto fault = faults_->Fires({FaultKind::kLoad, index_})) {
    return ErrorOf(*fault, EINVAL);
  }
  Image image;
  const std::string wrong = ReadImage(*request.xclbin, &image);
  if (!wrong.empty()) {
    std::fprintf(stderr, "emulated card: image refused: %s\n", wrong.c_str());
    return EINVAL;
  }
  MutexLock lock(&mutex_);
  if (state_.needs_reset) return EDEADLK;
  if (image_ != nullptr && image_->uuid() == image.uuid) return 0;
  if (AnyContextOpen()) return EBUSY;
  if (image.platform != kEmulatedPlatform) return EOPNOTSUPP;
  std::shared_ptr<LoadedImage> loaded = LoadedImage::Create(
      image, std::string_view(request.kernels, request.ksize),
      {index_, &memory_, faults_, &state_});
  if (loaded == nullptr) return EINVAL;
  image_ = std::move(loaded);
  memory_.SetBanks(image.banks);
  nodes_.PutImage(*request.xclbin, *image_);
  return 0;
}

bool EmulatedCard::InUse() {
  return AnyContextOpen() ||
         std::any_of(files_.begin(), files_.end(), [](const auto& weak) {
           const std::shared_ptr<OpenFile> file = weak.lock();
           return file != nullptr && file->HasAnyBuffer();
         });
}

int EmulatedCard::Reset() {
  std::shared_ptr<LoadedImage> image;
  {
    MutexLock lock(&mutex_);
    if (InUse()) return EBUSY;
    image = std::move(image_);
    memory_.SetBanks({});
    nodes_.ClearImage();
  }
  image.reset();  // ends what runs, which may take as long as a kernel does
  state_.needs_reset = false;
  return 0;
}

int EmulatedCard::ChangeContext(OpenFile* file, const drm_xocl_ctx& request) {
  MutexLock lock(&mutex_);
  const uint32_t unit = request.cu_index;
  if (request.op == XOCL_CTX_OP_FREE_CTX) {
    return file->CloseContext(unit) ? 0 : EINVAL;
  }
  if (request.op != XOCL_CTX_OP_ALLOC_CTX) return EOPNOTSUPP;
  if (image_ == nullptr || std::memcmp(image_->uuid().data(), request.xclbin_id,
                                       image_->uuid().size()) != 0) {
    return EBUSY;
  }
  if (unit == kVirtualUnit) {
    file->OpenContext(unit, /*exclusive=*/false);
    return 0;
  }
  if (unit >= image_->units().size()) return EINVAL;
  const bool exclusive = (request.flags & XOCL_CTX_EXCLUSIVE) != 0;
  for (const auto& weak : files_) {
    const std::shared_ptr<OpenFile> other = weak.lock();
    if (other == nullptr || other.get() == file) continue;
    if (other->HasExclusiveContext(unit) ||
        (exclusive && other->HasContext(unit))) {
      return EBUSY;
    }
  }
  return file->OpenContext(unit, exclusive) ? 0 : EINVAL;
}

int EmulatedCard::CreateBuffer(OpenFile* file,
                               const BufferObject::Request& request,
                               uint32_t* handle) {
  if (request.bytes == 0) return EINVAL;
  std::shared_ptr<BufferObject> buffer = BufferObject::Create(request);
  if (buffer == nullptr) return ENOMEM;
  // Packets are in the host's memory, and XRT does not survive a load without.
  if (!buffer->is_packet()) {
    const auto fault = faults_->Fires({FaultKind::kAllocation, index_});
    if (fault.has_value()) return ErrorOf(*fault, ENOMEM);
  }
  const int error = memory_.Place(buffer);
  if (error == 0) *handle = file->AddBuffer(std::move(buffer));
  return error;
}

int EmulatedCard::CloseBuffer(OpenFile* file, uint32_t handle) {
  const std::shared_ptr<BufferObject> buffer = file->TakeBuffer(handle);
  if (buffer == nullptr) return EINVAL;
  memory_.Remove(*buffer);
  return 0;
}

int EmulatedCard::Copy(OpenFile* file, const drm_xocl_sync_bo& request) {
  const std::shared_ptr<BufferObject> buffer = file->buffer(request.handle);
  if (buffer == nullptr) return ENOENT;
  if (request.offset > buffer->bytes() ||
      request.size > buffer->bytes() - request.offset ||
      buffer->card() == nullptr || buffer->host() == nullptr) {
    return EINVAL;
  }
  const bool to_card = request.dir == DRM_XOCL_SYNC_BO_TO_DEVICE;
  FaultEvent event = {FaultKind::kCopyError, index_};
  event.direction = to_card ? CopyDirection::kToCard : CopyDirection::kFromCard;
  if (IsOffline()) return ENODEV;
  if (const auto fault = faults_->Fires(event)) return ErrorOf(*fault, EIO);
  if (buffer->card() == buffer->host()) return 0;
  const int64_t started_ns = MonotonicNanoseconds();
  uint8_t* target =
      (to_card ? buffer->card() : buffer->host()) + request.offset;
  const uint8_t* source =
      (to_card ? buffer->host() : buffer->card()) + request.offset;
  std::memcpy(target, source, request.size);
  (to_card ? state_.bytes_to_card : state_.bytes_from_card) +=
      static_cast<int64_t>(request.size);
  event.kind = FaultKind::kCopyCorruption;
  if (request.size > 0 && faults_->Fires(event)) *target ^= 1;
  state_.copy_ns += MonotonicNanoseconds() - started_ns;
  return 0;
}

int EmulatedCard::MappedFile(uint64_t offset, uint64_t bytes) {
  if (const auto buffer = memory_.FindMapping(offset)) {
    return RoundUpToPage(bytes) <= RoundUpToPage(buffer->bytes())
               ? buffer->file()
               : -1;
  }
  // Page n + 1 stands for the registers of unit n.
  MutexLock lock(&mutex_);
  const uint64_t page = offset / kPageBytes;
  if (image_ == nullptr || page == 0 || page > image_->units().size()) {
    return -1;
  }
  const ComputeUnit& unit = *image_->units()[page - 1];
  return bytes <= unit.options().register_bytes ? unit.register_file() : -1;
}

}  // namespace moevit::emulation
