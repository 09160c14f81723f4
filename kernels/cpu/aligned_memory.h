// Zeroed, aligned memory for weights and activations, in huge pages where the
// system grants them: a packed model is read from end to end for every batch,
// and small pages would cost a translation miss every 4 KiB.

#ifndef MOEVIT_KERNELS_CPU_ALIGNED_MEMORY_H_
#define MOEVIT_KERNELS_CPU_ALIGNED_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moevit::cpu {

// A cache line, and the widest vector.
constexpr int64_t kAlignment = 64;

constexpr int64_t DivideUp(int64_t value, int64_t divisor) {
  return (value + divisor - 1) / divisor;
}

constexpr int64_t RoundUp(int64_t value, int64_t multiple) {
  return DivideUp(value, multiple) * multiple;
}

// Hands out pieces that live as long as it does. Not thread safe.
class MemoryArena {
 public:
  static constexpr int64_t kDefaultChunkBytes = int64_t{64} << 20;

  // Takes memory from the system in chunks of at least `chunk_bytes`. Chunks
  // smaller than a huge page take small ones and are as large as needed.
  explicit MemoryArena(int64_t chunk_bytes = kDefaultChunkBytes)
      : chunk_bytes_(chunk_bytes) {}
  MemoryArena(const MemoryArena&) = delete;
  MemoryArena& operator=(const MemoryArena&) = delete;
  ~MemoryArena();

  // Zeroed memory at a multiple of kAlignment. Throws std::bad_alloc.
  void* Allocate(int64_t bytes);

  // Room for `count` elements, zero.
  template <typename T>
  T* AllocateArray(int64_t count) {
    return static_cast<T*>(Allocate(count * int64_t{sizeof(T)}));
  }

  int64_t allocated_bytes() const { return allocated_bytes_; }

 private:
  struct Chunk {
    void* address;
    size_t bytes;
  };

  const int64_t chunk_bytes_;
  std::vector<Chunk> chunks_;
  uint8_t* next_ = nullptr;  // in the last chunk
  int64_t left_ = 0;         // bytes of it not handed out
  int64_t allocated_bytes_ = 0;
};

}  // namespace moevit::cpu

#endif  // MOEVIT_KERNELS_CPU_ALIGNED_MEMORY_H_
