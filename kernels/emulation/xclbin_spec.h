// What an emulated image holds: the card's memory from a platform file, the
// compute units from the same connectivity file that v++ --config reads, and
// the parameters from the kernels themselves.
//
// A platform file has one statement per line ("#" starts a comment):
//   platform NAME
//   fpga     PART
//   clock    NAME MHZ
//   memory   TAG[FIRST:LAST] TYPE ADDRESS SIZE    DDR4 or HBM; size of each
// A connectivity file has, in its section [connectivity]:
//   nk=KERNEL:COUNT:INSTANCE.INSTANCE...
//   sp=INSTANCE.PARAMETER:TAG[INDEX] or TAG[FIRST:LAST]
//   slr=... is allowed and ignored, and so are the other sections

#ifndef MOEVIT_KERNELS_EMULATION_XCLBIN_SPEC_H_
#define MOEVIT_KERNELS_EMULATION_XCLBIN_SPEC_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moevit::emulation {

struct MemorySpec {
  std::string tag;  // for example "HBM[3]"
  bool is_hbm = false;
  uint64_t address = 0;
  uint64_t bytes = 0;
};

struct ClockSpec {
  std::string name;
  int mhz = 0;
};

struct ParameterSpec {
  std::string name;
  uint32_t bytes = 0;
  bool is_pointer = false;
};

struct UnitSpec {
  std::string instance;
  std::map<std::string, std::string> banks;  // of pointers, by their names
};

struct KernelSpec {
  std::string name;
  std::vector<ParameterSpec> parameters;
  std::vector<UnitSpec> units;
};

struct XclbinSpec {
  std::string platform;
  std::string fpga;
  std::vector<ClockSpec> clocks;
  std::vector<MemorySpec> memories;
  std::vector<KernelSpec> kernels;
};

// Add what a file says to `*spec`. `name` is the file's, for errors.
// kInvalidArgument, with the line, for what is not understood.
absl::Status ReadPlatform(absl::string_view text, absl::string_view name,
                          XclbinSpec* spec);
absl::Status ReadConnectivity(absl::string_view text, absl::string_view name,
                              XclbinSpec* spec);

// The memories that a bank of a connectivity file names, by index. Returns
// kInvalidArgument when one of them is not in the platform.
absl::StatusOr<std::vector<int>> MemoriesOf(const XclbinSpec& spec,
                                            const std::string& bank);

// kInvalidArgument unless every pointer of every unit has a bank that the
// platform has, every bank a pointer, and every name its place in the
// container.
absl::Status Check(const XclbinSpec& spec);

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_XCLBIN_SPEC_H_
