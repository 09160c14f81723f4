#include "kernels/emulation/card_memory.h"

#include <sys/mman.h>
#include <unistd.h>
#include <xrt_mem.h>

#include <cerrno>

namespace moevit::emulation {
namespace {

uint32_t TypeOf(uint32_t flags) {
  return flags & ~static_cast<uint32_t>(XRT_BO_FLAGS_MEMIDX_MASK);
}

// The card reaches such a buffer in the host's memory.
bool IsShared(uint32_t flags) {
  const uint32_t type = TypeOf(flags);
  return type == XCL_BO_FLAGS_HOST_ONLY || type == XCL_BO_FLAGS_P2P ||
         type == XCL_BO_FLAGS_SVM;
}

}  // namespace

std::shared_ptr<BufferObject> BufferObject::Create(const Request& request) {
  if (request.bytes == 0) return nullptr;
  std::shared_ptr<BufferObject> buffer(
      new BufferObject(request.bytes, request.flags));
  if (!buffer->MapHost(request.user)) return nullptr;
  if (!buffer->is_packet() && !buffer->MapCard()) return nullptr;
  return buffer;
}

uint32_t BufferObject::bank() const {
  return flags_ & XRT_BO_FLAGS_MEMIDX_MASK;
}

bool BufferObject::is_packet() const {
  return TypeOf(flags_) == XCL_BO_FLAGS_EXECBUF;
}

bool BufferObject::MapHost(void* user) {
  if (user != nullptr) {
    host_ = static_cast<uint8_t*>(user);
    return true;
  }
  if (TypeOf(flags_) == XCL_BO_FLAGS_DEV_ONLY) return true;
  const uint64_t size = RoundUpToPage(bytes_);
  file_ = memfd_create("moevit-emulated-buffer", MFD_CLOEXEC);
  if (file_ < 0 || ftruncate(file_, static_cast<off_t>(size)) != 0)
    return false;
  void* mapped =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
  if (mapped == MAP_FAILED) return false;
  host_ = static_cast<uint8_t*>(mapped);
  return true;
}

bool BufferObject::MapCard() {
  if (IsShared(flags_)) {
    card_ = host_;
    return true;
  }
  const uint64_t size = RoundUpToPage(bytes_);
  void* mapped = mmap(nullptr, size + kPageBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return false;
  card_ = static_cast<uint8_t*>(mapped);
  return mprotect(card_ + size, kPageBytes, PROT_NONE) == 0;
}

BufferObject::~BufferObject() {
  const uint64_t size = RoundUpToPage(bytes_);
  if (card_ != nullptr && card_ != host_) munmap(card_, size + kPageBytes);
  if (file_ >= 0) {
    if (host_ != nullptr) munmap(host_, size);
    close(file_);
  }
}

void CardMemory::SetBanks(std::vector<ImageBank> banks) {
  MutexLock lock(&mutex_);
  banks_ = std::move(banks);
}

bool CardMemory::FirstFit(const ImageBank& bank, uint64_t bytes,
                          uint64_t* address) const {
  const uint64_t end = bank.address + bank.bytes;
  uint64_t at = bank.address;
  for (auto used = by_address_.lower_bound(at);; ++used) {
    const bool last = used == by_address_.end() || used->first >= end;
    const uint64_t next = last ? end : used->first;
    if (next - at >= bytes) {
      *address = at;
      return true;
    }
    if (last) return false;
    at = used->first + RoundUpToPage(used->second->bytes());
    if (at >= end) return false;
  }
}

int CardMemory::Place(const std::shared_ptr<BufferObject>& buffer) {
  MutexLock lock(&mutex_);
  if (!buffer->is_packet()) {
    const uint32_t bank = buffer->bank();
    if (bank >= banks_.size() || !banks_[bank].used) return EINVAL;
    if (!FirstFit(banks_[bank], RoundUpToPage(buffer->bytes()),
                  &buffer->address)) {
      return ENOMEM;
    }
    by_address_[buffer->address] = buffer;
  }
  if (buffer->file() >= 0) {
    buffer->map_offset = next_offset_;
    next_offset_ += RoundUpToPage(buffer->bytes());
    by_offset_[buffer->map_offset] = buffer;
  }
  return 0;
}

void CardMemory::Remove(const BufferObject& buffer) {
  MutexLock lock(&mutex_);
  if (!buffer.is_packet()) by_address_.erase(buffer.address);
  if (buffer.file() >= 0) by_offset_.erase(buffer.map_offset);
}

std::pair<std::shared_ptr<BufferObject>, uint64_t> CardMemory::Find(
    uint64_t address) {
  MutexLock lock(&mutex_);
  auto after = by_address_.upper_bound(address);
  if (after == by_address_.begin()) return {nullptr, 0};
  const auto& [start, buffer] = *--after;
  if (address - start >= RoundUpToPage(buffer->bytes())) return {nullptr, 0};
  return {buffer, address - start};
}

std::shared_ptr<BufferObject> CardMemory::FindMapping(uint64_t map_offset) {
  MutexLock lock(&mutex_);
  const auto found = by_offset_.find(map_offset);
  return found == by_offset_.end() ? nullptr : found->second;
}

std::vector<CardMemory::Usage> CardMemory::usage() {
  MutexLock lock(&mutex_);
  std::vector<Usage> usage(banks_.size());
  for (const auto& [address, buffer] : by_address_) {
    if (buffer->bank() >= usage.size()) continue;  // of an earlier image
    usage[buffer->bank()].bytes += buffer->bytes();
    ++usage[buffer->bank()].buffers;
  }
  return usage;
}

}  // namespace moevit::emulation
