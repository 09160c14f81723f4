#include "kernels/emulation/file_tree.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace moevit::emulation {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "moevit-emulated-cards.";
// Its owner holds a lock on this file of a tree for as long as it lives.
constexpr char kLock[] = "/.lock";

// True when the process that made `tree` has ended.
bool IsAbandoned(const fs::path& tree) {
  std::error_code error;
  const auto changed = fs::last_write_time(tree, error);
  // One without a lock yet may be just being made.
  if (error ||
      fs::file_time_type::clock::now() - changed < std::chrono::minutes(1)) {
    return false;
  }
  const int lock = open((tree.string() + kLock).c_str(), O_RDWR | O_CLOEXEC);
  if (lock < 0) return false;
  const bool abandoned = flock(lock, LOCK_EX | LOCK_NB) == 0;
  close(lock);
  return abandoned;
}

void RemoveAbandoned(const std::string& parent) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    if (entry.path().filename().string().starts_with(kPrefix) &&
        IsAbandoned(entry.path())) {
      fs::remove_all(entry.path(), error);
    }
  }
}

}  // namespace

int FileTree::Create() {
  const char* parent = std::getenv("TMPDIR");
  if (parent == nullptr || *parent == '\0') parent = "/tmp";
  RemoveAbandoned(parent);
  std::string path = std::string(parent) + "/" + kPrefix + "XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return errno;
  root_ = path;
  creator_ = getpid();
  // Never closed: the lock goes with the process.
  const int lock = open((root_ + kLock).c_str(), O_CREAT | O_RDWR | O_CLOEXEC,
                        S_IRUSR | S_IWUSR);
  return lock >= 0 && flock(lock, LOCK_EX) == 0 ? 0 : errno;
}

void FileTree::Remove() {
  if (root_.empty() || getpid() != creator_) return;
  std::error_code error;
  fs::remove_all(root_, error);
}

void FileTree::MakeDirectory(const std::string& path) {
  std::error_code error;
  fs::create_directories(root_ + path, error);
}

void FileTree::Put(const std::string& path, std::string_view content) {
  const std::string temporary =
      root_ + "/.new" + std::to_string(next_temporary_++);
  const int fd = open(temporary.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC,
                      S_IRUSR | S_IWUSR);
  if (fd < 0) return;
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written <= 0) break;
    content.remove_prefix(static_cast<size_t>(written));
  }
  close(fd);
  if (content.empty()) {
    std::rename(temporary.c_str(), (root_ + path).c_str());
  } else {
    unlink(temporary.c_str());
  }
}

void FileTree::PutNumber(const std::string& path, int64_t number) {
  Put(path, std::to_string(number) + "\n");
}

void FileTree::Link(const std::string& target, const std::string& path) {
  std::error_code error;
  fs::create_symlink(target, root_ + path, error);
}

}  // namespace moevit::emulation
