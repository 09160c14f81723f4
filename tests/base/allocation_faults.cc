#include "tests/base/allocation_faults.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace moevit {
namespace {

std::atomic<const std::function<bool(size_t)>*> active_fails = nullptr;
std::atomic<int> users = 0;  // of what active_fails points to

bool Fails(size_t bytes) {
  if (active_fails.load() == nullptr) return false;
  ++users;
  const auto* const fails = active_fails.load();
  const bool result = fails != nullptr && (*fails)(bytes);
  --users;
  return result;
}

}  // namespace

AllocationFaults::AllocationFaults(std::function<bool(size_t)> fails)
    : fails_(std::move(fails)) {
  active_fails = &fails_;
}

AllocationFaults::~AllocationFaults() {
  active_fails = nullptr;
  while (users.load() > 0) std::this_thread::yield();
}

}  // namespace moevit

// In place of those of the language, for every program that this is linked to.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  if (moevit::Fails(bytes)) return nullptr;
  return std::malloc(bytes == 0 ? 1 : bytes);
}
void* operator new(size_t bytes) {
  void* const memory = operator new(bytes, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
