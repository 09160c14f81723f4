// The XML document of a container: see KernelMetadata in xclbin_writer.h.

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/emulation/xclbin_layout.h"
#include "kernels/emulation/xclbin_writer.h"

namespace moevit::emulation {
namespace {

void AppendParameters(const KernelSpec& kernel, std::string* xml) {
  // As Vitis HLS places them: behind the control registers, each rounded up to
  // words, with a reserved word between.
  uint32_t offset = 0x10;
  for (size_t i = 0; i < kernel.parameters.size(); ++i) {
    const ParameterSpec& parameter = kernel.parameters[i];
    absl::StrAppendFormat(
        xml,
        "     <arg name=\"%s\" addressQualifier=\"%d\" id=\"%d\" "
        "port=\"%s\" size=\"0x%x\" offset=\"0x%x\" hostOffset=\"0x0\" "
        "hostSize=\"0x%x\" type=\"%s\"/>\n",
        parameter.name, parameter.is_pointer ? 1 : 0, i,
        parameter.is_pointer ? absl::StrCat("m_axi_", parameter.name)
                             : "s_axi_control",
        parameter.bytes, offset, parameter.bytes,
        parameter.is_pointer ? "void*" : "scalar");
    offset += (parameter.bytes + 3) / 4 * 4 + 4;
  }
}

void AppendPorts(const KernelSpec& kernel, std::string* xml) {
  absl::StrAppendFormat(
      xml,
      "     <port name=\"s_axi_control\" mode=\"slave\" range=\"0x%x\" "
      "dataWidth=\"32\" portType=\"addressable\" base=\"0x0\"/>\n",
      kRegisterBytes);
  for (const ParameterSpec& parameter : kernel.parameters) {
    if (!parameter.is_pointer) continue;
    absl::StrAppendFormat(xml,
                          "     <port name=\"m_axi_%s\" mode=\"master\" "
                          "range=\"0xFFFFFFFFFFFFFFFF\" dataWidth=\"512\" "
                          "portType=\"addressable\" base=\"0x0\"/>\n",
                          parameter.name);
  }
}

void AppendKernel(const KernelSpec& kernel, int first_unit, std::string* xml) {
  absl::StrAppendFormat(
      xml,
      "    <kernel name=\"%s\" language=\"c\" vlnv=\"xilinx.com:hls:%s:1.0\" "
      "preferredWorkGroupSizeMultiple=\"0\" workGroupSize=\"1\" "
      "interrupt=\"true\" hwControlProtocol=\"ap_ctrl_hs\">\n"
      "     <module name=\"%s\"/>\n",
      kernel.name, kernel.name, kernel.name);
  AppendPorts(kernel, xml);
  AppendParameters(kernel, xml);
  for (size_t i = 0; i < kernel.units.size(); ++i) {
    absl::StrAppendFormat(xml,
                          "     <instance name=\"%s\">\n"
                          "      <addrRemap base=\"0x%x\" range=\"0x%x\" "
                          "port=\"s_axi_control\"/>\n"
                          "     </instance>\n",
                          kernel.units[i].instance,
                          RegisterAddress(first_unit + static_cast<int>(i)),
                          kRegisterBytes);
  }
  absl::StrAppend(xml, "    </kernel>\n");
}

}  // namespace

std::string KernelMetadata(const XclbinSpec& spec) {
  const int clock_mhz = spec.clocks.empty() ? 300 : spec.clocks.front().mhz;
  std::string xml = absl::StrFormat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<project name=\"moevit\">\n"
      " <platform vendor=\"moevit\" boardid=\"%s\" name=\"%s\" "
      "featureRomTime=\"0\">\n"
      "  <version major=\"1\" minor=\"0\"/>\n"
      "  <device name=\"fpga0\" fpgaDevice=\"%s\">\n"
      "   <core name=\"OCL_REGION_0\" target=\"bitstream\" "
      "type=\"clc_region\" clockFreq=\"%dMHz\">\n"
      "    <kernelClocks>\n",
      spec.platform, spec.platform, spec.fpga, clock_mhz);
  for (const ClockSpec& clock : spec.clocks) {
    absl::StrAppendFormat(&xml,
                          "     <clock port=\"%s\" frequency=\"%d.0MHz\"/>\n",
                          clock.name, clock.mhz);
  }
  absl::StrAppend(&xml, "    </kernelClocks>\n");
  int first_unit = 0;
  for (const KernelSpec& kernel : spec.kernels) {
    AppendKernel(kernel, first_unit, &xml);
    first_unit += static_cast<int>(kernel.units.size());
  }
  absl::StrAppend(&xml, "   </core>\n  </device>\n </platform>\n</project>\n");
  return xml;
}

}  // namespace moevit::emulation
