#include "kernels/emulation/xclbin_writer.h"

#include <xclbin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "kernels/emulation/xclbin_layout.h"

namespace moevit::emulation {
namespace {

struct Section {
  axlf_section_kind kind;
  std::string content;
};

template <typename Char>
void PutText(absl::string_view text, Char* field) {
  std::memcpy(field, text.data(), text.size());
}

// A count of type `Count`, then the elements, the first at `first`.
template <typename Count, typename T>
std::string Array(const std::vector<T>& elements, size_t first) {
  std::string array(first + sizeof(T) * elements.size(), '\0');
  const Count count = static_cast<Count>(elements.size());
  std::memcpy(array.data(), &count, sizeof(count));
  if (!elements.empty()) {
    std::memcpy(array.data() + first, elements.data(),
                sizeof(T) * elements.size());
  }
  return array;
}

mem_data Memory(const MemorySpec& spec) {
  mem_data memory = {};
  memory.m_type = spec.is_hbm ? MEM_HBM : MEM_DDR4;
  memory.m_base_address = spec.address;
  memory.m_size = spec.bytes / 1024;
  PutText(spec.tag, memory.m_tag);
  return memory;
}

// Which pointer of which unit reaches which memory, twice over: memory by
// memory, and with one more entry for each range of them that a pointer
// reaches, which is what XRT allocates buffers in.
struct Topology {
  std::vector<mem_data> memories;
  std::vector<connection> connections;
  std::vector<mem_data> groups;
  std::vector<connection> group_connections;
};

// The entry of `groups` for the memories that `bank` names.
int GroupOf(const std::string& bank, const std::vector<int>& memories,
            Topology* topology) {
  if (memories.size() == 1) return memories.front();
  std::vector<mem_data>& groups = topology->groups;
  for (size_t i = topology->memories.size(); i < groups.size(); ++i) {
    const auto* tag = reinterpret_cast<const char*>(groups[i].m_tag);
    if (bank == tag) return static_cast<int>(i);
  }
  mem_data group = groups[static_cast<size_t>(memories.front())];
  group.m_size *= memories.size();  // memories of a family are neighbours
  std::memset(group.m_tag, 0, sizeof(group.m_tag));
  PutText(absl::string_view(bank).substr(0, sizeof(group.m_tag) - 1),
          group.m_tag);
  groups.push_back(group);
  return static_cast<int>(groups.size() - 1);
}

absl::Status Connect(const XclbinSpec& spec, int parameter, int unit,
                     const std::string& bank, Topology* topology) {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<int> memories,
                          MemoriesOf(spec, bank));
  for (int memory : memories) {
    topology->memories[static_cast<size_t>(memory)].m_used = 1;
    topology->connections.push_back({parameter, unit, memory});
  }
  const int group = GroupOf(bank, memories, topology);
  topology->groups[static_cast<size_t>(group)].m_used = 1;
  topology->group_connections.push_back({parameter, unit, group});
  return absl::OkStatus();
}

absl::StatusOr<Topology> MakeTopology(const XclbinSpec& spec) {
  Topology topology;
  for (const MemorySpec& memory : spec.memories) {
    topology.memories.push_back(Memory(memory));
  }
  topology.groups = topology.memories;
  int number = 0;
  for (const KernelSpec& kernel : spec.kernels) {
    for (const UnitSpec& unit : kernel.units) {
      for (size_t i = 0; i < kernel.parameters.size(); ++i) {
        if (!kernel.parameters[i].is_pointer) continue;
        MOEVIT_RETURN_IF_ERROR(Connect(spec, static_cast<int>(i), number,
                                       unit.banks.at(kernel.parameters[i].name),
                                       &topology));
      }
      ++number;
    }
  }
  return topology;
}

std::vector<ip_data> Units(const XclbinSpec& spec) {
  std::vector<ip_data> units;
  for (const KernelSpec& kernel : spec.kernels) {
    for (const UnitSpec& spec_unit : kernel.units) {
      const int number = static_cast<int>(units.size());
      ip_data unit = {};
      unit.m_type = IP_KERNEL;
      unit.properties =
          IP_INT_ENABLE_MASK |
          (static_cast<uint32_t>(number) << IP_INTERRUPT_ID_SHIFT) |
          (static_cast<uint32_t>(AP_CTRL_HS) << IP_CONTROL_SHIFT);
      unit.m_base_address = RegisterAddress(number);
      PutText(absl::StrCat(kernel.name, ":", spec_unit.instance), unit.m_name);
      units.push_back(unit);
    }
  }
  return units;
}

std::vector<clock_freq> Clocks(const XclbinSpec& spec) {
  std::vector<clock_freq> clocks;
  for (const ClockSpec& spec_clock : spec.clocks) {
    clock_freq clock = {};
    clock.m_freq_Mhz = static_cast<uint16_t>(spec_clock.mhz);
    clock.m_type = clocks.empty() ? CT_DATA : CT_KERNEL;
    PutText(
        absl::string_view(spec_clock.name).substr(0, sizeof(clock.m_name) - 1),
        clock.m_name);
    clocks.push_back(clock);
  }
  return clocks;
}

// XRT shows it to users and reads nothing else from it.
std::string BuildMetadata(const XclbinSpec& spec) {
  return absl::StrFormat(
      R"({"build_metadata": {"schema_version": {"major": "1", "minor": "0", )"
      R"("patch": "0"}, "dsa": {"vendor": "moevit", "board_id": "%s", )"
      R"("name": "%s", "version_major": "1", "version_minor": "0", )"
      R"("board": {"name": "", "vendor": "", "part": "%s"}}, "xclbin": )"
      R"({"generated_by": {"name": "make_xclbin", "version": "1"}}}})",
      spec.platform, spec.platform, spec.fpga);
}

std::vector<Section> Sections(const XclbinSpec& spec, const Topology& topology,
                              absl::string_view bitstream) {
  constexpr size_t kMemories = offsetof(mem_topology, m_mem_data);
  constexpr size_t kConnections = offsetof(connectivity, m_connection);
  return {
      {BITSTREAM, std::string(bitstream)},
      {MEM_TOPOLOGY, Array<int32_t>(topology.memories, kMemories)},
      {IP_LAYOUT, Array<int32_t>(Units(spec), offsetof(ip_layout, m_ip_data))},
      {CONNECTIVITY, Array<int32_t>(topology.connections, kConnections)},
      {CLOCK_FREQ_TOPOLOGY,
       Array<int16_t>(Clocks(spec),
                      offsetof(clock_freq_topology, m_clock_freq))},
      {BUILD_METADATA, BuildMetadata(spec)},
      {EMBEDDED_METADATA, KernelMetadata(spec)},
      {ASK_GROUP_TOPOLOGY, Array<int32_t>(topology.groups, kMemories)},
      {ASK_GROUP_CONNECTIVITY,
       Array<int32_t>(topology.group_connections, kConnections)},
  };
}

axlf Header(const XclbinSpec& spec, const std::vector<Section>& sections,
            size_t length) {
  axlf header = {};
  PutText("xclbin2", header.m_magic);
  header.m_signature_length = -1;  // none
  std::memset(header.reserved, 0xff, sizeof(header.reserved));
  std::memset(header.m_keyBlock, 0xff, sizeof(header.m_keyBlock));
  header.m_header.m_length = length;
  header.m_header.m_versionMajor = 2;
  header.m_header.m_versionMinor = 1;
  header.m_header.m_mode = XCLBIN_FLAT;  // for hardware
  PutText(spec.platform, header.m_header.m_platformVBNV);
  header.m_header.m_numSections = static_cast<uint32_t>(sections.size());
  std::string all = spec.platform;
  for (const Section& section : sections)
    absl::StrAppend(&all, section.content);
  const std::string digest = absl::HexStringToBytes(Sha256Hex(all));
  std::memcpy(header.m_header.uuid, digest.data(),
              sizeof(header.m_header.uuid));
  return header;
}

size_t RoundUp(size_t bytes) { return (bytes + 7) / 8 * 8; }

}  // namespace

absl::StatusOr<std::string> WriteXclbin(const XclbinSpec& spec,
                                        absl::string_view bitstream) {
  MOEVIT_RETURN_IF_ERROR(Check(spec));
  MOEVIT_ASSIGN_OR_RETURN(const Topology topology, MakeTopology(spec));
  const std::vector<Section> sections = Sections(spec, topology, bitstream);
  std::vector<axlf_section_header> headers(sections.size());
  size_t length = RoundUp(offsetof(axlf, m_sections) +
                          sizeof(axlf_section_header) * sections.size());
  for (size_t i = 0; i < sections.size(); ++i) {
    headers[i] = {};
    headers[i].m_sectionKind = sections[i].kind;
    headers[i].m_sectionOffset = length;
    headers[i].m_sectionSize = sections[i].content.size();
    length = RoundUp(length + sections[i].content.size());
  }
  const axlf header = Header(spec, sections, length);
  std::string container(length, '\0');
  std::memcpy(container.data(), &header, offsetof(axlf, m_sections));
  std::memcpy(container.data() + offsetof(axlf, m_sections), headers.data(),
              sizeof(axlf_section_header) * headers.size());
  for (size_t i = 0; i < sections.size(); ++i) {
    sections[i].content.copy(container.data() + headers[i].m_sectionOffset,
                             sections[i].content.size());
  }
  return container;
}

}  // namespace moevit::emulation
