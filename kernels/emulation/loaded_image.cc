#include "kernels/emulation/loaded_image.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xocl_ioctl.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

namespace moevit::emulation {
namespace {

// Takes what XRT says of kernel `options->unit.kernel` over.
void ReadKernelInfo(std::string_view kernels, ComputeUnit::Options* options) {
  size_t at = 0;
  while (at + sizeof(kernel_info) <= kernels.size()) {
    const auto* info =
        reinterpret_cast<const kernel_info*>(kernels.data() + at);
    const size_t arguments =
        info->anums < 0 ? 0 : static_cast<size_t>(info->anums);
    at += sizeof(kernel_info) + arguments * sizeof(argument_info);
    if (at > kernels.size() || options->unit.kernel != info->name) continue;
    if (info->range > 0) {
      options->register_bytes =
          static_cast<uint32_t>(RoundUpToPage(info->range));
    }
    options->can_reset = (info->features & KRNL_SW_RESET) != 0;
    for (size_t i = 0; i < arguments; ++i) {
      options->offsets.push_back(info->args[i].offset);
    }
    return;
  }
}

const MoevitKernelEntry* FindEntry(void* kernels, const std::string& name) {
  const auto* entry = static_cast<const MoevitKernelEntry*>(
      dlsym(kernels, (kKernelEntryPrefix + name).c_str()));
  if (entry != nullptr && entry->version != kMoevitKernelEntryVersion) {
    std::fprintf(stderr, "emulated card: kernel %s is of version %u, not %u\n",
                 name.c_str(), entry->version, kMoevitKernelEntryVersion);
    return nullptr;
  }
  return entry;
}

}  // namespace

bool LoadedImage::OpenKernels(std::string_view bitstream) {
  kernel_file_ = memfd_create("moevit-emulated-image", MFD_CLOEXEC);
  while (kernel_file_ >= 0 && !bitstream.empty()) {
    const ssize_t written =
        write(kernel_file_, bitstream.data(), bitstream.size());
    if (written <= 0) return false;
    bitstream.remove_prefix(static_cast<size_t>(written));
  }
  // The file stays open with the object: its number makes the path one that no
  // other loaded image has, which dlopen would take for the same.
  const std::string path = "/proc/" + std::to_string(getpid()) + "/fd/" +
                           std::to_string(kernel_file_);
  kernels_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (kernels_ == nullptr) {
    std::fprintf(stderr, "emulated card: image: %s\n", dlerror());
  }
  return kernels_ != nullptr;
}

std::unique_ptr<LoadedImage> LoadedImage::Create(const Image& image,
                                                 std::string_view kernels,
                                                 const Card& card) {
  std::unique_ptr<LoadedImage> loaded(new LoadedImage);
  loaded->uuid_ = image.uuid;
  if (!loaded->OpenKernels(image.bitstream)) return nullptr;
  for (const ImageUnit& unit : image.units) {
    ComputeUnit::Options options;
    options.unit = unit;
    options.card = card.index;
    options.index = static_cast<int>(loaded->units_.size());
    options.memory = card.memory;
    options.faults = card.faults;
    options.state = card.state;
    options.entry = FindEntry(loaded->kernels_, unit.kernel);
    ReadKernelInfo(kernels, &options);
    std::unique_ptr<ComputeUnit> created =
        ComputeUnit::Create(std::move(options));
    if (created == nullptr) return nullptr;
    loaded->units_.push_back(std::move(created));
  }
  return loaded;
}

LoadedImage::~LoadedImage() {
  units_.clear();  // no kernel runs any more
  if (kernels_ != nullptr) dlclose(kernels_);
  if (kernel_file_ >= 0) close(kernel_file_);
}

}  // namespace moevit::emulation
