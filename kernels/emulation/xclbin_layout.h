// Where an emulated image has the registers of its compute units.

#ifndef MOEVIT_KERNELS_EMULATION_XCLBIN_LAYOUT_H_
#define MOEVIT_KERNELS_EMULATION_XCLBIN_LAYOUT_H_

#include <cstdint>

namespace moevit::emulation {

constexpr uint32_t kRegisterBytes = 0x10000;

// Of the unit that comes `unit`th in the spec.
constexpr uint64_t RegisterAddress(int unit) {
  constexpr uint64_t kFirst = 0x1400000;  // where Vitis puts the first one
  return kFirst + static_cast<uint64_t>(unit) * kRegisterBytes;
}

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_XCLBIN_LAYOUT_H_
