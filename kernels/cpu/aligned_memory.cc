#include "kernels/cpu/aligned_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace moevit::cpu {
namespace {

// Pages become resident when they are written, so a chunk's unused end is free.
constexpr int64_t kPageBytes = 4096;
constexpr int64_t kHugePageBytes = int64_t{2} << 20;

}  // namespace

MemoryArena::~MemoryArena() {
  for (const Chunk& chunk : chunks_) munmap(chunk.address, chunk.bytes);
}

void* MemoryArena::Allocate(int64_t bytes) {
  bytes = RoundUp(bytes, kAlignment);
  if (bytes > left_) {
    const int64_t wanted = std::max(bytes, chunk_bytes_);
    const int64_t page = wanted < kHugePageBytes ? kPageBytes : kHugePageBytes;
    const int64_t room = RoundUp(wanted, page);
    // One page more than needed, so that the start can be aligned to one.
    const size_t mapped = static_cast<size_t>(room + page);
    void* const address = mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED) throw std::bad_alloc();
    chunks_.push_back({address, mapped});
    // Advice only: small pages work as well, more slowly.
    if (page == kHugePageBytes) madvise(address, mapped, MADV_HUGEPAGE);
    const auto start = reinterpret_cast<uintptr_t>(address);
    next_ = static_cast<uint8_t*>(address) +
            (RoundUp(static_cast<int64_t>(start), page) -
             static_cast<int64_t>(start));
    left_ = room;
  }
  void* const result = next_;
  next_ += bytes;
  left_ -= bytes;
  allocated_bytes_ += bytes;
  return result;
}

}  // namespace moevit::cpu
