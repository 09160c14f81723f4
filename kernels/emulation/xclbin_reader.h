// The parts of an .xclbin container (XRT's axlf) that the emulated driver
// needs. It checks what it reads: a broken container is refused, not followed.

#ifndef MOEVIT_KERNELS_EMULATION_XCLBIN_READER_H_
#define MOEVIT_KERNELS_EMULATION_XCLBIN_READER_H_

#include <xclbin.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moevit::emulation {

struct ImageBank {
  std::string tag;
  uint64_t address = 0;
  uint64_t bytes = 0;
  bool used = false;
};

struct ImageUnit {
  std::string kernel;
  std::string instance;
  uint64_t address = 0;  // of its registers
};

struct Image {
  std::array<uint8_t, 16> uuid = {};
  std::string platform;
  std::vector<ImageBank> banks;  // what a buffer's bank number counts
  std::vector<ImageUnit> units;  // by address: what a unit's number counts
  std::string_view bitstream;    // in the container
};

// The content of a section; empty when there is none or when it reaches beyond
// the container.
std::string_view Section(const axlf& container, axlf_section_kind kind);

// Reads the container at `container`, whose length is in its header. Returns
// what is wrong with it; empty when nothing is.
std::string ReadImage(const axlf& container, Image* image);

// As in "5f3a...", with dashes.
std::string UuidText(const std::array<uint8_t, 16>& uuid);

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_XCLBIN_READER_H_
