#include "kernels/emulation/driver.h"

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace moevit::emulation {
namespace {

constexpr char kXoclDriver[] = "/sys/bus/pci/drivers/xocl";
constexpr char kManagementDriver[] = "/sys/bus/pci/drivers/xclmgmt";
constexpr char kXoclModule[] = "/sys/module/xocl/";

bool StartsWith(const char* text, const char* start) {
  return std::strncmp(text, start, std::strlen(start)) == 0;
}

}  // namespace

constinit std::atomic<Driver*> Driver::instance_{nullptr};

int Driver::Start(int cards) {
  if (cards < 1 || cards > kMaxCards) return EINVAL;
  if (Get() != nullptr) return EALREADY;
  std::unique_ptr<Driver> driver(new Driver);
  if (const int error = driver->Create(cards); error != 0) return error;
  std::atexit([] { Get()->tree_.Remove(); });
  instance_.store(driver.release(), std::memory_order_release);
  return 0;
}

int Driver::Create(int cards) {
  if (const int error = tree_.Create(); error != 0) return error;
  tree_.MakeDirectory(kXoclDriver);
  tree_.MakeDirectory(kXoclModule);
  tree_.Put(std::string(kXoclModule) + "version", "2.13.466,emulated\n");
  ListRealCards();
  OfferXrt();
  for (int i = 0; i < cards; ++i) {
    cards_.push_back(std::make_unique<EmulatedCard>(i, &tree_, &faults_));
  }
  return 0;
}

// XRT looks for its own libraries in $XILINX_XRT/lib, which is no directory of
// Debian's packages.
void Driver::OfferXrt() {
  std::string directory;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* found) {
        const std::filesystem::path library = info->dlpi_name;
        if (StartsWith(library.filename().c_str(), "libxrt_coreutil.so")) {
          *static_cast<std::string*>(found) = library.parent_path();
        }
        return 0;
      },
      &directory);
  if (directory.empty()) return;
  tree_.MakeDirectory("/xrt/lib/xrt");
  tree_.Link(directory + "/libxrt_core.so.2", "/xrt/lib/libxrt_core.so.2");
  tree_.Link(directory + "/xrt/module", "/xrt/lib/xrt/module");
  setenv("XILINX_XRT", (tree_.root() + "/xrt").c_str(), /*overwrite=*/0);
}

void Driver::ListRealCards() {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(kXoclDriver, error)) {
    tree_.Link(entry.path(), entry.path());
  }
}

EmulatedCard* Driver::CardOfNode(const std::string& path) {
  for (const auto& card : cards_) {
    const std::string& directory = card->nodes().directory();
    if (path.compare(0, directory.size(), directory) == 0) return card.get();
  }
  return nullptr;
}

EmulatedCard* Driver::CardOfDeviceFile(const char* path) {
  if (path == nullptr || !StartsWith(path, "/dev/dri/")) {
    return nullptr;
  }
  for (const auto& card : cards_) {
    if (card->nodes().device_file() == path) return card.get();
  }
  return nullptr;
}

std::string Driver::Redirect(const char* path) {
  if (path == nullptr || *path != '/') return "";
  if (StartsWith(path, kXoclDriver) || StartsWith(path, kManagementDriver) ||
      StartsWith(path, kXoclModule) || CardOfDeviceFile(path) != nullptr) {
    return tree_.root() + path;
  }
  if (!StartsWith(path, kPciDevices)) return "";
  EmulatedCard* const card = CardOfNode(path);
  if (card == nullptr) return "";
  card->Refresh(path);
  const bool is_sensor =
      std::string_view(path).find("/xmc.u.1/") != std::string_view::npos;
  if (is_sensor && faults_.Fires({FaultKind::kNoSensor, card->index()})) {
    return tree_.root() + path + ".missing";
  }
  return tree_.root() + path;
}

int Driver::Open(EmulatedCard* card, int flags) {
  std::shared_ptr<OpenFile> file = card->Open();
  if (file == nullptr) return -1;
  // Only its number is of use.
  const int fd = memfd_create("moevit-emulated-card",
                              (flags & O_CLOEXEC) != 0 ? MFD_CLOEXEC : 0);
  if (fd < 0) return -1;
  if (fd >= kMaxFiles) {
    close(fd);
    errno = EMFILE;
    return -1;
  }
  MutexLock lock(&mutex_);
  files_[fd] = std::move(file);
  is_open_[static_cast<size_t>(fd)].store(true, std::memory_order_release);
  return fd;
}

std::shared_ptr<OpenFile> Driver::file(int fd) {
  if (!IsOpen(fd)) return nullptr;
  MutexLock lock(&mutex_);
  const auto found = files_.find(fd);
  return found == files_.end() ? nullptr : found->second;
}

void Driver::Close(int fd) {
  std::shared_ptr<OpenFile> file;
  {
    MutexLock lock(&mutex_);
    const auto found = files_.find(fd);
    if (found == files_.end()) return;
    file = std::move(found->second);
    files_.erase(found);
    is_open_[static_cast<size_t>(fd)].store(false, std::memory_order_release);
  }
  file->card()->Close(file);
}

}  // namespace moevit::emulation
