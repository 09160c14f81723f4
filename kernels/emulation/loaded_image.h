// An image on an emulated card: its compute units, running, and the shared
// object with their kernels.

#ifndef MOEVIT_KERNELS_EMULATION_LOADED_IMAGE_H_
#define MOEVIT_KERNELS_EMULATION_LOADED_IMAGE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "kernels/emulation/compute_unit.h"
#include "kernels/emulation/xclbin_reader.h"

namespace moevit::emulation {

// Constant after construction; the units are thread safe.
class LoadedImage {
 public:
  // What a unit of the image shares with the others: the card's, which must
  // outlive this.
  struct Card {
    int index;
    CardMemory* memory;
    FaultPlan* faults;
    CardState* state;
  };

  // `kernels` is XRT's list of kernel_info, which says where the registers of
  // the parameters are. Null, with the reason on stderr, when the image's
  // kernels cannot be loaded.
  static std::unique_ptr<LoadedImage> Create(const Image& image,
                                             std::string_view kernels,
                                             const Card& card);
  ~LoadedImage();
  LoadedImage(const LoadedImage&) = delete;
  LoadedImage& operator=(const LoadedImage&) = delete;

  const std::array<uint8_t, 16>& uuid() const { return uuid_; }
  const std::vector<std::unique_ptr<ComputeUnit>>& units() const {
    return units_;
  }

 private:
  LoadedImage() = default;
  bool OpenKernels(std::string_view bitstream);

  std::array<uint8_t, 16> uuid_ = {};
  void* kernels_ = nullptr;  // of dlopen
  int kernel_file_ = -1;
  std::vector<std::unique_ptr<ComputeUnit>> units_;
};

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_LOADED_IMAGE_H_
