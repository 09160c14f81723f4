#include "kernels/emulation/command.h"

#include <unistd.h>

#include <utility>

namespace moevit::emulation {

OpenFile::~OpenFile() { close(completions_); }

void OpenFile::CountCompletion() const {
  const uint64_t one = 1;
  // Fails only beyond 2^64 - 2 completions.
  [[maybe_unused]] const ssize_t written =
      write(completions_, &one, sizeof(one));
}

uint32_t OpenFile::AddBuffer(std::shared_ptr<BufferObject> buffer) {
  MutexLock lock(&mutex_);
  buffers_[next_handle_] = std::move(buffer);
  return next_handle_++;
}

std::shared_ptr<BufferObject> OpenFile::buffer(uint32_t handle) {
  MutexLock lock(&mutex_);
  const auto found = buffers_.find(handle);
  return found == buffers_.end() ? nullptr : found->second;
}

std::shared_ptr<BufferObject> OpenFile::TakeBuffer(uint32_t handle) {
  MutexLock lock(&mutex_);
  const auto found = buffers_.find(handle);
  if (found == buffers_.end()) return nullptr;
  std::shared_ptr<BufferObject> buffer = std::move(found->second);
  buffers_.erase(found);
  return buffer;
}

std::vector<std::shared_ptr<BufferObject>> OpenFile::TakeAllBuffers() {
  MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<BufferObject>> taken;
  for (auto& [handle, buffer] : buffers_) taken.push_back(std::move(buffer));
  buffers_.clear();
  return taken;
}

bool OpenFile::OpenContext(uint32_t unit, bool exclusive) {
  MutexLock lock(&mutex_);
  return contexts_.emplace(unit, exclusive).second;
}

bool OpenFile::CloseContext(uint32_t unit) {
  MutexLock lock(&mutex_);
  return contexts_.erase(unit) > 0;
}

void OpenFile::CloseAllContexts() {
  MutexLock lock(&mutex_);
  contexts_.clear();
}

bool OpenFile::HasContext(uint32_t unit) {
  MutexLock lock(&mutex_);
  return contexts_.contains(unit);
}

bool OpenFile::HasExclusiveContext(uint32_t unit) {
  MutexLock lock(&mutex_);
  const auto found = contexts_.find(unit);
  return found != contexts_.end() && found->second;
}

bool OpenFile::HasAnyBuffer() {
  MutexLock lock(&mutex_);
  return !buffers_.empty();
}

bool OpenFile::HasAnyContext() {
  MutexLock lock(&mutex_);
  return !contexts_.empty();
}

void Command::End(ert_cmd_state state) const {
  constexpr uint32_t kStateMask = 0xf;
  auto* header = reinterpret_cast<uint32_t*>(packet->host());
  const uint32_t old = __atomic_load_n(header, __ATOMIC_RELAXED);
  // Everything the launch wrote is visible before its state is.
  __atomic_store_n(header, (old & ~kStateMask) | static_cast<uint32_t>(state),
                   __ATOMIC_RELEASE);
  file->CountCompletion();
}

}  // namespace moevit::emulation
