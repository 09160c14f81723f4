// A private directory with the files in /sys and /dev that XRT looks for. It is
// removed when the process ends; what killed processes left behind is removed
// by the next one.

#ifndef MOEVIT_KERNELS_EMULATION_FILE_TREE_H_
#define MOEVIT_KERNELS_EMULATION_FILE_TREE_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace moevit::emulation {

// Thread safe once created.
class FileTree {
 public:
  FileTree() = default;
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;

  // Creates the directory in $TMPDIR, or in /tmp. Returns 0 or an error
  // number.
  int Create();

  // Removes everything; does nothing in a process forked off the creator.
  void Remove();

  const std::string& root() const { return root_; }

  // Paths here and below are absolute ones of the card's world, such as
  // "/sys/bus/pci": where they lie in the directory is root() + path.
  void MakeDirectory(const std::string& path);

  // Readers see the old content or the new one, never a part of it.
  void Put(const std::string& path, std::string_view content);
  void PutNumber(const std::string& path, int64_t number);

  void Link(const std::string& target, const std::string& path);

 private:
  std::string root_;
  pid_t creator_ = 0;
  std::atomic<uint64_t> next_temporary_{0};
};

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_FILE_TREE_H_
