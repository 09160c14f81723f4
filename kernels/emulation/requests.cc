// Takes the requests (ioctl) of the xocl driver apart. Which there are, and
// their arguments, is in XRT's xocl_ioctl.h.

#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

// What xocl_ioctl.h takes from the kernel's drm.h, which XRT does not install.
#define DRM_COMMAND_BASE 0x40
#define DRM_IO(number) _IO('d', number)
#define DRM_IOWR(number, type) _IOWR('d', number, type)

#include "kernels/emulation/driver.h"

namespace moevit::emulation {
namespace {

constexpr unsigned kDrmType = 'd';
constexpr unsigned kDrmVersion = 0x00;
constexpr unsigned kDrmCloseBuffer = 0x09;

struct DrmVersion {
  int major;
  int minor;
  int patch;
  size_t name_length;
  char* name;
  size_t date_length;
  char* date;
  size_t description_length;
  char* description;
};

struct DrmCloseBuffer {
  uint32_t handle;
  uint32_t padding;
};

// A caller asks first for the length and then for the text.
void PutText(std::string_view text, char* target, size_t* length) {
  if (target != nullptr) {
    std::memcpy(target, text.data(), std::min(*length, text.size()));
  }
  *length = text.size();
}

int GetVersion(DrmVersion* version) {
  version->major = 2;
  version->minor = 13;
  version->patch = 0;
  PutText("xocl", version->name, &version->name_length);
  PutText("20220601", version->date, &version->date_length);
  PutText("emulated card", version->description, &version->description_length);
  return 0;
}

int CreateUserBuffer(OpenFile* file, drm_xocl_userptr_bo* request) {
  if (request->addr % kPageBytes != 0) return EINVAL;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the driver's interface
  auto* const user = reinterpret_cast<void*>(request->addr);
  return file->card()->CreateBuffer(file, {request->size, request->flags, user},
                                    &request->handle);
}

int MapBuffer(OpenFile* file, drm_xocl_map_bo* request) {
  const std::shared_ptr<BufferObject> buffer = file->buffer(request->handle);
  if (buffer == nullptr) return ENOENT;
  if (buffer->file() < 0) return EPERM;
  request->offset = buffer->map_offset;
  return 0;
}

int DescribeBuffer(OpenFile* file, drm_xocl_info_bo* request) {
  const std::shared_ptr<BufferObject> buffer = file->buffer(request->handle);
  if (buffer == nullptr) return ENOENT;
  request->flags = buffer->flags();
  request->size = buffer->bytes();
  request->paddr = buffer->address;
  return 0;
}

int HandleXoclRequest(const std::shared_ptr<OpenFile>& file, unsigned number,
                      void* argument) {
  EmulatedCard* const card = file->card();
  switch (number) {
    case DRM_XOCL_CREATE_BO: {
      auto* request = static_cast<drm_xocl_create_bo*>(argument);
      return card->CreateBuffer(file.get(),
                                {request->size, request->flags, nullptr},
                                &request->handle);
    }
    case DRM_XOCL_USERPTR_BO:
      return CreateUserBuffer(file.get(),
                              static_cast<drm_xocl_userptr_bo*>(argument));
    case DRM_XOCL_MAP_BO:
      return MapBuffer(file.get(), static_cast<drm_xocl_map_bo*>(argument));
    case DRM_XOCL_INFO_BO:
      return DescribeBuffer(file.get(),
                            static_cast<drm_xocl_info_bo*>(argument));
    case DRM_XOCL_SYNC_BO:
      return card->Copy(file.get(), *static_cast<drm_xocl_sync_bo*>(argument));
    case DRM_XOCL_CTX:
      return card->ChangeContext(file.get(),
                                 *static_cast<drm_xocl_ctx*>(argument));
    case DRM_XOCL_EXECBUF:
      return card->Execute(
          file, static_cast<drm_xocl_execbuf*>(argument)->exec_bo_handle);
    case DRM_XOCL_READ_AXLF:
      return card->LoadImage(*static_cast<drm_xocl_axlf*>(argument));
    case DRM_XOCL_HOT_RESET:
      return card->Reset();
    default:
      return EOPNOTSUPP;
  }
}

}  // namespace

int HandleRequest(const std::shared_ptr<OpenFile>& file, unsigned long request,
                  void* argument) {
  if (_IOC_TYPE(request) != kDrmType) return ENOTTY;
  const unsigned number = _IOC_NR(request);
  if (number >= DRM_COMMAND_BASE) {
    return HandleXoclRequest(file, number - DRM_COMMAND_BASE, argument);
  }
  switch (number) {
    case kDrmVersion:
      return GetVersion(static_cast<DrmVersion*>(argument));
    case kDrmCloseBuffer:
      return file->card()->CloseBuffer(
          file.get(), static_cast<DrmCloseBuffer*>(argument)->handle);
    default:
      return EINVAL;
  }
}

}  // namespace moevit::emulation
