// How an emulated compute unit calls a kernel: the sources that v++ compiles
// for a card are compiled unchanged by the host's compiler, and each kernel is
// wrapped in a description of its parameters and a function that takes its
// arguments from the unit's registers:
//
//   extern "C" void vadd(const int32_t* a, const int32_t* b, int32_t* sum,
//                        int32_t count);
//   MOEVIT_EMULATED_KERNEL(vadd, a, b, sum, count)
//
// All wrapped kernels together make a shared object, which an emulated image
// carries where a real one carries the bitstream. Header-only, no dependencies;
// the structures are the interface between an image and the emulated card.

#ifndef MOEVIT_KERNELS_EMULATION_KERNEL_ENTRY_H_
#define MOEVIT_KERNELS_EMULATION_KERNEL_ENTRY_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

extern "C" {

enum MoevitKernelResult {
  kMoevitKernelDone = 0,
  kMoevitKernelBadRegisters = 1,  // they do not fit the kernel's parameters
  kMoevitKernelBadAddress = 2,    // a pointer into no buffer of the card
  kMoevitKernelThrew = 3,
};

// A unit's registers at start, and its way to the card's memory.
struct MoevitKernelCall {
  const uint8_t* registers;
  uint32_t register_bytes;
  const uint32_t* offsets;  // of each parameter's register
  uint32_t parameters;
  void* card;
  // The host's address of a byte of the card's memory; null when there is no
  // buffer.
  void* (*translate)(void* card, uint64_t address);
};

struct MoevitKernelParameter {
  uint32_t bytes;  // 8 for a pointer
  uint32_t is_pointer;
};

struct MoevitKernelEntry {
  uint32_t version;  // kMoevitKernelEntryVersion
  uint32_t parameters;
  const char* names;  // of the parameters, as "a, b, sum, count"
  const MoevitKernelParameter* parameter;
  MoevitKernelResult (*run)(const MoevitKernelCall* call);
};

}  // extern "C"

namespace moevit::emulation {

constexpr uint32_t kMoevitKernelEntryVersion = 1;

// The entry of kernel "vadd" is the symbol "moevit_kernel_entry_vadd".
constexpr char kKernelEntryPrefix[] = "moevit_kernel_entry_";

// Reads one argument; false leaves the reason in `*result`.
template <typename T>
bool ReadArgument(const MoevitKernelCall& call, size_t index, T* value,
                  MoevitKernelResult* result) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (call.offsets[index] + sizeof(T) > call.register_bytes) {
    *result = kMoevitKernelBadRegisters;
    return false;
  }
  std::memcpy(value, call.registers + call.offsets[index], sizeof(T));
  return true;
}

template <typename T>
bool ReadArgument(const MoevitKernelCall& call, size_t index, T** value,
                  MoevitKernelResult* result) {
  uint64_t address = 0;
  if (!ReadArgument(call, index, &address, result)) return false;
  *value = static_cast<T*>(call.translate(call.card, address));
  // Address 0 may be a buffer's, but stands for none where none is there: the
  // kernel must not use it then.
  if (address != 0 && *value == nullptr) *result = kMoevitKernelBadAddress;
  return *result == kMoevitKernelDone;
}

// A pointer travels as the 64-bit address of a buffer.
template <typename T>
constexpr size_t RegisterBytes() {
  if constexpr (std::is_pointer_v<T>) {
    return sizeof(uint64_t);
  } else {
    return sizeof(T);
  }
}

template <auto kKernel>
struct KernelWrapper;

template <typename... T, void (*kKernel)(T...)>
struct KernelWrapper<kKernel> {
  static constexpr MoevitKernelParameter kParameters[] = {
      {RegisterBytes<T>(), std::is_pointer_v<T>}...};

  static MoevitKernelResult Run(const MoevitKernelCall* call) {
    if (call->parameters != sizeof...(T)) return kMoevitKernelBadRegisters;
    return RunWith(*call, std::index_sequence_for<T...>());
  }

 private:
  template <size_t... kIndex>
  static MoevitKernelResult RunWith(const MoevitKernelCall& call,
                                    std::index_sequence<kIndex...>) {
    std::tuple<std::remove_cv_t<T>...> values;
    MoevitKernelResult result = kMoevitKernelDone;
    const bool good =
        (ReadArgument(call, kIndex, &std::get<kIndex>(values), &result) && ...);
    if (!good) return result;
    try {
      kKernel(std::get<kIndex>(values)...);
    } catch (const std::exception&) {  // only a simulated kernel can throw
      return kMoevitKernelThrew;
    }
    return kMoevitKernelDone;
  }
};

}  // namespace moevit::emulation

#define MOEVIT_EMULATED_KERNEL(kernel, ...)                                 \
  extern "C" __attribute__((visibility("default")))                         \
  const MoevitKernelEntry moevit_kernel_entry_##kernel = {                  \
      moevit::emulation::kMoevitKernelEntryVersion,                         \
      sizeof(moevit::emulation::KernelWrapper<&kernel>::kParameters) /      \
          sizeof(MoevitKernelParameter),                                    \
      #__VA_ARGS__, moevit::emulation::KernelWrapper<&kernel>::kParameters, \
      moevit::emulation::KernelWrapper<&kernel>::Run};

#endif  // MOEVIT_KERNELS_EMULATION_KERNEL_ENTRY_H_
