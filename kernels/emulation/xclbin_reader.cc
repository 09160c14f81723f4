#include "kernels/emulation/xclbin_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>

namespace moevit::emulation {
namespace {

// A section is a count and an array of `T` behind it, at `first`. Returns the
// elements; none when the section is shorter than its count says.
template <typename T, typename Count>
std::vector<T> ReadArray(std::string_view section, size_t first) {
  Count count = 0;
  if (section.size() < sizeof(count)) return {};
  std::memcpy(&count, section.data(), sizeof(count));
  if (count <= 0 || section.size() < first ||
      (section.size() - first) / sizeof(T) < static_cast<size_t>(count)) {
    return {};
  }
  std::vector<T> elements(static_cast<size_t>(count));
  std::memcpy(elements.data(), section.data() + first,
              elements.size() * sizeof(T));
  return elements;
}

// A field of fixed width, filled up with zeros.
template <size_t kSize, typename Char>
std::string Text(const Char (&field)[kSize]) {
  const char* text = reinterpret_cast<const char*>(field);
  return std::string(text, strnlen(text, kSize));
}

void ReadBanks(std::string_view section, Image* image) {
  for (const mem_data& bank : ReadArray<mem_data, int32_t>(
           section, offsetof(mem_topology, m_mem_data))) {
    image->banks.push_back({Text(bank.m_tag), bank.m_base_address,
                            bank.m_size * 1024, bank.m_used != 0});
  }
}

void ReadUnits(std::string_view section, Image* image) {
  constexpr uint64_t kNoAddress = ~uint64_t{0};
  for (const ip_data& unit :
       ReadArray<ip_data, int32_t>(section, offsetof(ip_layout, m_ip_data))) {
    if (unit.m_type != IP_KERNEL || unit.m_base_address == kNoAddress) continue;
    const std::string name = Text(unit.m_name);  // "kernel:instance"
    const size_t colon = name.find(':');
    image->units.push_back(
        {name.substr(0, colon),
         colon == std::string::npos ? name : name.substr(colon + 1),
         unit.m_base_address});
  }
  std::sort(image->units.begin(), image->units.end(),
            [](const ImageUnit& a, const ImageUnit& b) {
              return a.address < b.address;
            });
}

}  // namespace

std::string_view Section(const axlf& container, axlf_section_kind kind) {
  const uint64_t length = container.m_header.m_length;
  for (uint32_t i = 0; i < container.m_header.m_numSections; ++i) {
    const axlf_section_header& section = container.m_sections[i];
    if (section.m_sectionKind != static_cast<uint32_t>(kind)) continue;
    if (section.m_sectionOffset > length ||
        section.m_sectionSize > length - section.m_sectionOffset) {
      return {};
    }
    return std::string_view(
        reinterpret_cast<const char*>(&container) + section.m_sectionOffset,
        section.m_sectionSize);
  }
  return {};
}

std::string ReadImage(const axlf& container, Image* image) {
  constexpr char kMagic[] = "xclbin2";
  if (std::memcmp(container.m_magic, kMagic, sizeof(kMagic)) != 0) {
    return "no xclbin2 container";
  }
  const axlf_header& header = container.m_header;
  const uint64_t headers =
      offsetof(axlf, m_sections) +
      uint64_t{header.m_numSections} * sizeof(axlf_section_header);
  if (headers > header.m_length) {
    return std::to_string(header.m_numSections) + " sections in " +
           std::to_string(header.m_length) + " bytes";
  }
  if (header.m_mode != XCLBIN_FLAT && header.m_mode != XCLBIN_PR) {
    return "mode " + std::to_string(header.m_mode) + " is not for hardware";
  }
  std::memcpy(image->uuid.data(), header.uuid, image->uuid.size());
  image->platform = Text(header.m_platformVBNV);
  std::string_view banks = Section(container, ASK_GROUP_TOPOLOGY);
  if (banks.empty()) banks = Section(container, MEM_TOPOLOGY);
  ReadBanks(banks, image);
  if (image->banks.empty()) return "no memory banks";
  ReadUnits(Section(container, IP_LAYOUT), image);
  if (image->units.empty()) return "no compute units";
  image->bitstream = Section(container, BITSTREAM);
  return "";
}

std::string UuidText(const std::array<uint8_t, 16>& uuid) {
  std::string text;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    char digits[3];
    std::snprintf(digits, sizeof(digits), "%02x", uuid[i]);
    text += digits;
  }
  return text;
}

}  // namespace moevit::emulation
