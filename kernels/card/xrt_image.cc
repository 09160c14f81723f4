#include "kernels/card/xrt_image.h"

#include <xclbin.h>

#include <cstddef>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"
#include "kernels/card/xrt_card.h"
#include "kernels/card/xrt_status.h"

namespace moevit {
namespace {

// XRT crashes on a file that is shorter than it says.
absl::Status CheckWhole(const std::string& path) {
  constexpr char kMagic[] = "xclbin2";
  MOEVIT_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  const absl::string_view bytes = file.bytes();
  axlf header = {};
  const size_t begin = offsetof(axlf, m_sections);
  if (bytes.size() < begin ||
      std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no card image"));
  }
  std::memcpy(&header, bytes.data(), begin);
  if (header.m_header.m_length <= bytes.size()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(path, " is cut off: ", bytes.size(),
                                          " bytes of ",
                                          header.m_header.m_length));
}

std::vector<KernelParameter> Parameters(const xrt::xclbin::kernel& kernel,
                                        const xrt::xclbin::ip& unit) {
  std::vector<KernelParameter> parameters;
  for (const xrt::xclbin::arg& argument : kernel.get_args()) {
    KernelParameter parameter;
    parameter.name = argument.get_name();
    parameter.bytes = argument.get_size();
    parameters.push_back(std::move(parameter));
  }
  // Only pointers are connected to memory.
  for (size_t i = 0; i < parameters.size(); ++i) {
    const xrt::xclbin::arg argument = unit.get_arg(static_cast<int32_t>(i));
    parameters[i].is_pointer = argument && !argument.get_mems().empty();
  }
  return parameters;
}

}  // namespace

absl::StatusOr<xrt::xclbin> OpenImage(const std::string& path) {
  MOEVIT_RETURN_IF_ERROR(CheckWhole(path));
  return WithoutExceptions(
      absl::StrCat("reading ", path),
      [&]() -> absl::StatusOr<xrt::xclbin> { return xrt::xclbin(path); });
}

std::vector<ComputeUnit> UnitsOf(const xrt::xclbin& image) {
  std::vector<ComputeUnit> units;
  // What the loops get does not keep the image alive.
  for (const xrt::xclbin::kernel& kernel : image.get_kernels()) {
    for (const xrt::xclbin::ip& unit : kernel.get_cus()) {
      const std::string name = unit.get_name();  // "kernel:instance"
      units.push_back({kernel.get_name(), name.substr(name.find(':') + 1),
                       Parameters(kernel, unit)});
    }
  }
  return units;
}

absl::StatusOr<std::vector<ComputeUnit>> ReadCardImage(
    const std::string& path) {
  MOEVIT_ASSIGN_OR_RETURN(const xrt::xclbin image, OpenImage(path));
  return WithoutExceptions(absl::StrCat("reading ", path),
                           [&]() -> absl::StatusOr<std::vector<ComputeUnit>> {
                             return UnitsOf(image);
                           });
}

}  // namespace moevit
