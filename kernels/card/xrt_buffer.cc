#include "kernels/card/xrt_buffer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/card/xrt_status.h"

namespace moevit {
namespace {

// What XRT copies without a detour; it maps whole pages.
constexpr size_t kPageBytes = 4096;

}  // namespace

absl::StatusOr<std::shared_ptr<XrtMemory>> XrtMemory::Create(
    const xrt::device& device, size_t bytes, int bank) {
  const size_t pages = (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  const std::string what =
      absl::StrCat("allocating ", bytes, " bytes in bank ", bank);
  std::shared_ptr<XrtMemory> memory(new XrtMemory(bytes, bank));
  memory->host_.reset(
      static_cast<uint8_t*>(std::aligned_alloc(kPageBytes, pages)));
  if (memory->host_ == nullptr) return absl::ResourceExhaustedError(what);
  absl::Status created = WithoutExceptions(what, [&]() -> absl::Status {
    MutexLock lock(&memory->mutex_);
    memory->object_ = xrt::bo(device, memory->host_.get(), pages,
                              static_cast<xrt::memory_group>(bank));
    return absl::OkStatus();
  });
  if (!created.ok()) return created;
  return memory;
}

xrt::bo XrtMemory::object() {
  MutexLock lock(&mutex_);
  return object_;
}

void XrtMemory::Void() {
  xrt::bo object;
  MutexLock lock(&mutex_);
  std::swap(object, object_);
}

}  // namespace moevit
