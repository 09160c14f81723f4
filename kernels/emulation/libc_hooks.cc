// Stands in front of the C library: the functions through which XRT reaches the
// xocl driver, by the same names. A call that does not concern an emulated card
// goes on to the next library that defines the function: a sanitizer's runtime
// or the C library itself.

// Fortified versions of these functions would call themselves.
#undef _FORTIFY_SOURCE

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "kernels/emulation/driver.h"

namespace moevit::emulation {
namespace {

// The function `name` of the next library.
template <typename Function>
Function* FindNext(std::atomic<Function*>* found, const char* name) {
  Function* function = found->load(std::memory_order_acquire);
  if (function == nullptr) {
    function = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
    found->store(function, std::memory_order_release);
  }
  return function;
}

#define MOEVIT_NEXT(function, ...)                \
  [] {                                            \
    using Function = __VA_ARGS__;                 \
    static std::atomic<Function*> found{nullptr}; \
    return FindNext<Function>(&found, #function); \
  }()

// A path, or the one that stands for it.
class Path {
 public:
  explicit Path(const char* path) : path_(path) {
    if (Driver* const driver = Driver::Get(); driver != nullptr) {
      redirected_ = driver->Redirect(path);
    }
  }
  const char* get() const {
    return redirected_.empty() ? path_ : redirected_.c_str();
  }

 private:
  const char* const path_;
  std::string redirected_;
};

using OpenFunction = int(const char*, int, ...);
using OpenAtFunction = int(int, const char*, int, ...);
using CheckedOpenFunction = int(const char*, int);

mode_t ModeArgument(int flags, va_list arguments) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

// The open file of an emulated card that `fd` is; null when it is none.
std::shared_ptr<OpenFile> CardFile(int fd) {
  Driver* const driver = Driver::Get();
  return driver == nullptr ? nullptr : driver->file(fd);
}

template <typename Next>
int OpenHook(const char* path, int flags, const Next& next) {
  Driver* const driver = Driver::Get();
  EmulatedCard* const card =
      driver == nullptr ? nullptr : driver->CardOfDeviceFile(path);
  return card != nullptr ? driver->Open(card, flags) : next(Path(path).get());
}

void* MapHook(void* address, size_t length, int protection, int flags, int fd,
              off_t offset) {
  const auto map = [=](int mapping_flags, int file, off_t from) {
    // Not the next library's function: sanitizers call this one so early that
    // none can be looked up.
    const int64_t mapped = syscall(SYS_mmap, address, length, protection,
                                   mapping_flags, file, from);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): what a system call gives
    return reinterpret_cast<void*>(mapped);
  };
  const std::shared_ptr<OpenFile> file = CardFile(fd);
  if (file == nullptr) return map(flags, fd, offset);
  if (offset == 0) {  // the card's own registers: all read as 0
    return map(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  const int mapped =
      file->card()->MappedFile(static_cast<uint64_t>(offset), length);
  if (mapped >= 0) return map(flags, mapped, 0);
  errno = EINVAL;
  return MAP_FAILED;
}

// Hands one completion of each card's file out, as its driver does.
int TakeCompletions(const std::vector<std::shared_ptr<OpenFile>>& cards,
                    const std::vector<pollfd>& answers, pollfd* files) {
  int ready = 0;
  for (size_t i = 0; i < answers.size(); ++i) {
    files[i].revents = answers[i].revents;
    uint64_t one;
    // Another thread may have been faster.
    if (cards[i] != nullptr && (files[i].revents & POLLIN) != 0 &&
        read(cards[i]->completions(), &one, sizeof(one)) != sizeof(one)) {
      files[i].revents = 0;
    }
    if (files[i].revents != 0) ++ready;
  }
  return ready;
}

int PollHook(pollfd* files, nfds_t count, int timeout_ms) {
  auto* const next = MOEVIT_NEXT(poll, int(pollfd*, nfds_t, int));
  Driver* const driver = Driver::Get();
  bool any_card = false;
  for (nfds_t i = 0; driver != nullptr && i < count && !any_card; ++i) {
    any_card = driver->IsOpen(files[i].fd);
  }
  if (!any_card) return next(files, count, timeout_ms);
  std::vector<pollfd> asked(files, files + count);
  std::vector<std::shared_ptr<OpenFile>> cards(count);
  for (nfds_t i = 0; i < count; ++i) {
    cards[i] = driver->file(files[i].fd);
    if (cards[i] != nullptr) asked[i].fd = cards[i]->completions();
  }
  const int64_t deadline_ns =
      MonotonicNanoseconds() + int64_t{timeout_ms} * 1'000'000;
  for (;;) {
    const int64_t left_ms =
        (deadline_ns - MonotonicNanoseconds() + 999'999) / 1'000'000;
    const int wait_ms = timeout_ms <= 0
                            ? timeout_ms
                            : static_cast<int>(std::max<int64_t>(0, left_ms));
    const int polled = next(asked.data(), count, wait_ms);
    if (polled < 0) return polled;
    const int ready = TakeCompletions(cards, asked, files);
    if (ready > 0 || wait_ms == 0) return ready;
  }
}

}  // namespace
}  // namespace moevit::emulation

using moevit::emulation::Driver;
using moevit::emulation::FindNext;
using moevit::emulation::Path;

#define MOEVIT_HOOK extern "C" __attribute__((visibility("default")))

// NOLINTBEGIN: the names, parameters and exception specifications are libc's.

#define MOEVIT_HOOK_OPEN(name)                                             \
  MOEVIT_HOOK int name(const char* path, int flags, ...) {                 \
    va_list arguments;                                                     \
    va_start(arguments, flags);                                            \
    const mode_t mode = moevit::emulation::ModeArgument(flags, arguments); \
    va_end(arguments);                                                     \
    return moevit::emulation::OpenHook(path, flags, [=](const char* to) {  \
      return MOEVIT_NEXT(name, moevit::emulation::OpenFunction)(to, flags, \
                                                                mode);     \
    });                                                                    \
  }
MOEVIT_HOOK_OPEN(open)
MOEVIT_HOOK_OPEN(open64)

#define MOEVIT_HOOK_CHECKED_OPEN(name)                                         \
  MOEVIT_HOOK int name(const char* path, int flags) {                          \
    return moevit::emulation::OpenHook(path, flags, [=](const char* to) {      \
      return MOEVIT_NEXT(name, moevit::emulation::CheckedOpenFunction)(to,     \
                                                                       flags); \
    });                                                                        \
  }
MOEVIT_HOOK_CHECKED_OPEN(__open_2)
MOEVIT_HOOK_CHECKED_OPEN(__open64_2)

#define MOEVIT_HOOK_OPEN_AT(name)                                          \
  MOEVIT_HOOK int name(int directory, const char* path, int flags, ...) {  \
    va_list arguments;                                                     \
    va_start(arguments, flags);                                            \
    const mode_t mode = moevit::emulation::ModeArgument(flags, arguments); \
    va_end(arguments);                                                     \
    return moevit::emulation::OpenHook(path, flags, [=](const char* to) {  \
      return MOEVIT_NEXT(name, moevit::emulation::OpenAtFunction)(         \
          directory, to, flags, mode);                                     \
    });                                                                    \
  }
MOEVIT_HOOK_OPEN_AT(openat)
MOEVIT_HOOK_OPEN_AT(openat64)

// A function whose first parameter is a path, with up to two more.
#define MOEVIT_HOOK_PATH(result, name, type)                              \
  MOEVIT_HOOK result name(const char* path, type argument) {              \
    return MOEVIT_NEXT(name, result(const char*, type))(Path(path).get(), \
                                                        argument);        \
  }
#define MOEVIT_HOOK_PATH_NOEXCEPT(result, name, type)                     \
  MOEVIT_HOOK result name(const char* path, type argument) noexcept {     \
    return MOEVIT_NEXT(name, result(const char*, type))(Path(path).get(), \
                                                        argument);        \
  }
MOEVIT_HOOK_PATH(FILE*, fopen, const char*)
MOEVIT_HOOK_PATH(FILE*, fopen64, const char*)
MOEVIT_HOOK_PATH_NOEXCEPT(int, stat, struct stat*)
MOEVIT_HOOK_PATH_NOEXCEPT(int, stat64, struct stat64*)
MOEVIT_HOOK_PATH_NOEXCEPT(int, lstat, struct stat*)
MOEVIT_HOOK_PATH_NOEXCEPT(int, lstat64, struct stat64*)
MOEVIT_HOOK_PATH_NOEXCEPT(int, access, int)

MOEVIT_HOOK DIR* opendir(const char* path) {
  return MOEVIT_NEXT(opendir, DIR * (const char*))(Path(path).get());
}

MOEVIT_HOOK ssize_t readlink(const char* path, char* target,
                             size_t bytes) noexcept {
  return MOEVIT_NEXT(readlink, ssize_t(const char*, char*, size_t))(
      Path(path).get(), target, bytes);
}

MOEVIT_HOOK int fstatat(int directory, const char* path, struct stat* status,
                        int flags) noexcept {
  return MOEVIT_NEXT(fstatat, int(int, const char*, struct stat*, int))(
      directory, Path(path).get(), status, flags);
}

MOEVIT_HOOK int fstatat64(int directory, const char* path,
                          struct stat64* status, int flags) noexcept {
  return MOEVIT_NEXT(fstatat64, int(int, const char*, struct stat64*, int))(
      directory, Path(path).get(), status, flags);
}

MOEVIT_HOOK int statx(int directory, const char* path, int flags, unsigned mask,
                      struct statx* status) noexcept {
  return MOEVIT_NEXT(statx,
                     int(int, const char*, int, unsigned, struct statx*))(
      directory, Path(path).get(), flags, mask, status);
}

MOEVIT_HOOK int close(int fd) {
  Driver* const driver = Driver::Get();
  if (driver != nullptr && driver->IsOpen(fd)) driver->Close(fd);
  return MOEVIT_NEXT(close, int(int))(fd);
}

MOEVIT_HOOK int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* const argument = va_arg(arguments, void*);
  va_end(arguments);
  const auto file = moevit::emulation::CardFile(fd);
  if (file == nullptr) {
    return MOEVIT_NEXT(ioctl, int(int, unsigned long, ...))(fd, request,
                                                            argument);
  }
  const int error = moevit::emulation::HandleRequest(file, request, argument);
  if (error == 0) return 0;
  errno = error;
  return -1;
}

MOEVIT_HOOK void* mmap(void* address, size_t length, int protection, int flags,
                       int fd, off_t offset) noexcept {
  return moevit::emulation::MapHook(address, length, protection, flags, fd,
                                    offset);
}

MOEVIT_HOOK void* mmap64(void* address, size_t length, int protection,
                         int flags, int fd, off64_t offset) noexcept {
  return moevit::emulation::MapHook(address, length, protection, flags, fd,
                                    offset);
}

MOEVIT_HOOK int poll(pollfd* files, nfds_t count, int timeout_ms) {
  return moevit::emulation::PollHook(files, count, timeout_ms);
}

MOEVIT_HOOK int __poll_chk(pollfd* files, nfds_t count, int timeout_ms,
                           size_t) {
  return moevit::emulation::PollHook(files, count, timeout_ms);
}

// NOLINTEND
