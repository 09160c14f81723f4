#include "kernels/emulation/card_nodes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace moevit::emulation {
namespace {

constexpr char kDriver[] = "/sys/bus/pci/drivers/xocl/";
constexpr int kFirstRenderNode = 200;  // beyond those of graphics cards

std::string BusAddress(int card) {
  constexpr int kFirstBus = 0x3b;
  char text[16];
  std::snprintf(text, sizeof(text), "e000:%02x:00.1", kFirstBus + card);
  return text;
}

// {node, content}, in the card's directory.
constexpr std::pair<const char*, const char*> kNodes[] = {
    {"vendor", "0x10ee\n"},
    {"device", "0x500d\n"},
    {"subsystem_vendor", "0x10ee\n"},
    {"subsystem_device", "0x000e\n"},
    {"link_speed", "3\n"},
    {"link_speed_max", "3\n"},
    {"link_width", "16\n"},
    {"link_width_max", "16\n"},
    {"ready", "1\n"},
    {"mig_calibration", "1\n"},
    {"local_cpulist", "0\n"},
    {"resource", "0x0000000000000000 0x0000000001ffffff 0x0000000000140204\n"},
    {"interface_uuids", "6d6f65766974656d756c617465640001\n"},
    {"logic_uuids", "6d6f65766974656d756c617465640002\n"},
    {"xclbinuuid", ""},
    {"kds_custat_raw", ""},
    {"kds_scustat_raw", ""},
    {"memstat", ""},
    {"memstat_raw", ""},
    {"xocl_errors", ""},
    {"rom.u.1/FPGA", "xcu280-fsvh2892-2L-e\n"},
    {"rom.u.1/ddr_bank_size", "0\n"},
    {"rom.u.1/ddr_bank_count_max", "0\n"},
    {"rom.u.1/timestamp", "0\n"},
    {"rom.u.1/uuid", "00000000000000000000000000000000\n"},
    {"rom.u.1/raw", ""},
    {"icap.u.1/ps_kernel", ""},
    {"icap.u.1/debug_ip_layout", ""},
    {"icap.u.1/clock_freqs", "300\n500\n0\n0\n"},
    {"icap.u.1/idcode", "0x14b7d093\n"},
    {"dma.xdma.u.1/channel_stat_raw", "0 0\n0 0\n"},
    {"firewall.u.1/detected_level_name", "N/A\n"},
    {"mailbox.u.1/recv_metrics", ""},
    {"dna.u.1/dna", "000000000000000000000000\n"},
    {"xmc.u.1/bd_name", "ALVEO U280 (emulated)\n"},
    {"xmc.u.1/bmc_ver", "emulated\n"},
    {"xmc.u.1/exp_bmc_ver", "emulated\n"},
    {"xmc.u.1/version", "2019161\n"},
    {"xmc.u.1/status", "1\n"},
    {"xmc.u.1/sc_presence", "1\n"},
    {"xmc.u.1/reg_base", "0x0\n"},
    {"xmc.u.1/max_power", "2\n"},  // 225 W
    {"xmc.u.1/fan_presence", "A\n"},
    {"xmc.u.1/cache_expire_secs", "1\n"},
    {"xmc.u.1/mac_addr_first", "\n"},
    {"xmc.u.1/temp_by_mem_topology", ""},
    {"xmc.u.1/xmc_qspi_status", "0\n"},
};

// Nodes that say 0: what the card lacks, or what is in order.
constexpr char kZeroNodes[] =
    "userbar mfg recovery dev_offline kds_numcdmas nodma host_mem_size "
    "icap.u.1/sec_level icap.u.1/data_retention "
    "icap.u.1/max_host_mem_aperture firewall.u.1/detected_level "
    "firewall.u.1/detected_status firewall.u.1/detected_time "
    "xmc.u.1/sc_is_fixed xmc.u.1/scaling_enabled xmc.u.1/scaling_support "
    "xmc.u.1/xmc_power_warn xmc.u.1/xmc_heartbeat_count "
    "xmc.u.1/xmc_heartbeat_err_code xmc.u.1/xmc_heartbeat_err_time "
    "xmc.u.1/xmc_heartbeat_stall xmc.u.1/xmc_oem_id xmc.u.1/xmc_sys_5v5 "
    "xmc.u.1/xmc_12v_sw xmc.u.1/xmc_mgtavtt xmc.u.1/xmc_3v3_vcc_vol "
    "xmc.u.1/xmc_hbm_1v2_vol xmc.u.1/xmc_vpp2v5_vol xmc.u.1/xmc_12v_aux1 "
    "xmc.u.1/xmc_vcc1v2_i xmc.u.1/xmc_v12_in_i xmc.u.1/xmc_v12_in_aux0_i "
    "xmc.u.1/xmc_v12_in_aux1_i xmc.u.1/xmc_vccaux xmc.u.1/xmc_vccaux_pmc "
    "xmc.u.1/xmc_vccram xmc.u.1/xmc_vccint_vcu_0v9 xmc.u.1/xmc_3v3_aux_cur "
    "xmc.u.1/xmc_hbm_temp xmc.u.1/xmc_fan_rpm xmc.u.1/xmc_fan_temp "
    "xmc.u.1/xmc_se98_temp0 xmc.u.1/xmc_se98_temp1 xmc.u.1/xmc_se98_temp2 "
    "xmc.u.1/xmc_cage_temp0 xmc.u.1/xmc_cage_temp1 xmc.u.1/xmc_cage_temp2 "
    "xmc.u.1/xmc_cage_temp3 xmc.u.1/xmc_ddr_temp0 xmc.u.1/xmc_ddr_temp1 "
    "xmc.u.1/xmc_ddr_temp2 xmc.u.1/xmc_ddr_temp3 xmc.u.1/xmc_dimm_temp0 "
    "xmc.u.1/xmc_dimm_temp1 xmc.u.1/xmc_dimm_temp2 xmc.u.1/xmc_dimm_temp3 "
    "xmc.u.1/xmc_fpga_temp xmc.u.1/xmc_vccint_vol xmc.u.1/xmc_vccint_curr "
    "xmc.u.1/xmc_vccint_temp xmc.u.1/xmc_0v85 xmc.u.1/xmc_0v85_curr "
    "xmc.u.1/xmc_vccint_bram_vol xmc.u.1/xmc_1v8 xmc.u.1/xmc_1v2_top "
    "xmc.u.1/xmc_vcc1v2_btm xmc.u.1/xmc_ddr_vpp_btm xmc.u.1/xmc_ddr_vpp_top "
    "xmc.u.1/xmc_mgt0v9avcc xmc.u.1/mac_contiguous_num";

}  // namespace

CardNodes::CardNodes(FileTree* tree, int card)
    : tree_(tree),
      card_(card),
      bus_address_(BusAddress(card)),
      directory_(kPciDevices + bus_address_) {}

std::string CardNodes::device_file() const {
  return "/dev/dri/renderD" + std::to_string(kFirstRenderNode + card_);
}

void CardNodes::PutZero(std::string_view names) {
  while (!names.empty()) {
    const size_t end = std::min(names.find(' '), names.size());
    tree_->PutNumber(directory_ + "/" + std::string(names.substr(0, end)), 0);
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

void CardNodes::Create() {
  for (const char* part :
       {"rom.u.1", "icap.u.1", "xmc.u.1", "dma.xdma.u.1", "firewall.u.1",
        "mailbox.u.1", "dna.u.1", "hwmon/hwmon0"}) {
    tree_->MakeDirectory(directory_ + "/" + part);
  }
  tree_->MakeDirectory(kDriver + bus_address_);
  tree_->MakeDirectory("/dev/dri");
  const std::string render_node = device_file().substr(sizeof("/dev/dri"));
  tree_->MakeDirectory(directory_ + "/drm/" + render_node);
  tree_->Put(device_file(), "");
  CreateBoardNodes();
  PutZero(kZeroNodes);
  PutPower(0);
}

void CardNodes::CreateBoardNodes() {
  for (const auto& [node, content] : kNodes) {
    tree_->Put(directory_ + "/" + node, content);
  }
  tree_->Put(directory_ + "/rom.u.1/VBNV",
             std::string(kEmulatedPlatform) + "\n");
  // Not the "hwmon_sdm" of the newest cards: XRT then reads the sensors of xmc,
  // as it does on a U280.
  tree_->Put(directory_ + "/hwmon/hwmon0/name",
             std::string(kEmulatedPlatform) + "_xmc_user\n");
  tree_->Put(directory_ + "/xmc.u.1/serial_num",
             "EMULATED" + std::to_string(card_) + "\n");
}

void CardNodes::PutImage(const axlf& container, const LoadedImage& image) {
  constexpr std::pair<axlf_section_kind, const char*> kSections[] = {
      {MEM_TOPOLOGY, "mem_topology"},
      {ASK_GROUP_TOPOLOGY, "group_topology"},
      {IP_LAYOUT, "ip_layout"},
      {CONNECTIVITY, "connectivity"},
      {CLOCK_FREQ_TOPOLOGY, "clock_freq_topology"},
      {DEBUG_IP_LAYOUT, "debug_ip_layout"},
  };
  tree_->Put(directory_ + "/xclbinuuid", UuidText(image.uuid()) + "\n");
  for (const auto& [kind, node] : kSections) {
    tree_->Put(directory_ + "/icap.u.1/" + node, Section(container, kind));
  }
  for (const auto& unit : image.units()) {
    const std::string directory =
        directory_ + "/CU[" + std::to_string(unit->options().index) + "].u.0";
    tree_->MakeDirectory(directory);
    tree_->PutNumber(directory + "/size", unit->options().register_bytes);
  }
}

void CardNodes::ClearImage() {
  tree_->Put(directory_ + "/xclbinuuid", "");
  tree_->Put(directory_ + "/kds_custat_raw", "");
}

void CardNodes::PutUnits(std::string_view status) {
  tree_->Put(directory_ + "/kds_custat_raw", status);
}

void CardNodes::PutMemory(std::string_view status) {
  tree_->Put(directory_ + "/memstat_raw", status);
}

void CardNodes::PutOffline(bool offline) {
  tree_->PutNumber(directory_ + "/dev_offline", offline ? 1 : 0);
}

void CardNodes::PutPower(double watts) {
  // The rails that a U280 sums up: share of the power and millivolts.
  struct Rail {
    const char* volts_node;
    const char* amperes_node;
    double share;
    int64_t millivolts;
  };
  constexpr Rail kRails[] = {
      {"xmc_12v_pex_vol", "xmc_12v_pex_curr", 0.55, 12050},
      {"xmc_12v_aux_vol", "xmc_12v_aux_curr", 0.42, 12050},
      {"xmc_3v3_pex_vol", "xmc_3v3_pex_curr", 0.03, 3300},
  };
  const std::string xmc = directory_ + "/xmc.u.1/";
  int64_t microwatts = 0;
  for (const Rail& rail : kRails) {
    const int64_t milliamperes = std::llround(
        watts * rail.share * 1e6 / static_cast<double>(rail.millivolts));
    tree_->PutNumber(xmc + rail.volts_node, rail.millivolts);
    tree_->PutNumber(xmc + rail.amperes_node, milliamperes);
    microwatts += rail.millivolts * milliamperes;
  }
  tree_->PutNumber(xmc + "xmc_3v3_aux_vol", 3300);
  tree_->PutNumber(xmc + "xmc_power", microwatts);
}

}  // namespace moevit::emulation
