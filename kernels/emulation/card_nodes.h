// The files in /sys through which XRT finds an emulated card and reads its
// image, state and sensors: the nodes of the xocl driver, with the values of an
// Alveo U280 that says it is emulated.

#ifndef MOEVIT_KERNELS_EMULATION_CARD_NODES_H_
#define MOEVIT_KERNELS_EMULATION_CARD_NODES_H_

#include <xclbin.h>

#include <string>
#include <string_view>

#include "kernels/emulation/file_tree.h"
#include "kernels/emulation/loaded_image.h"

namespace moevit::emulation {

// What the shell is called, which the images for the emulated card name.
constexpr char kEmulatedPlatform[] = "moevit_emulated_u280_1";

// Where the kernel shows the cards.
constexpr char kPciDevices[] = "/sys/bus/pci/devices/";

// Thread safe.
class CardNodes {
 public:
  // `tree` must outlive this.
  CardNodes(FileTree* tree, int card);

  // For example "e000:3b:00.1": a PCI domain that no real card is in.
  const std::string& bus_address() const { return bus_address_; }
  std::string device_file() const;  // "/dev/dri/renderD200"
  const std::string& directory() const { return directory_; }

  // Everything about a card without an image.
  void Create();

  void PutImage(const axlf& container, const LoadedImage& image);
  void ClearImage();

  void PutUnits(std::string_view status);   // kds_custat_raw
  void PutMemory(std::string_view status);  // memstat_raw
  void PutOffline(bool offline);
  void PutPower(double watts);

 private:
  void CreateBoardNodes();
  void PutZero(std::string_view names);

  FileTree* const tree_;
  const int card_;
  const std::string bus_address_;
  const std::string directory_;  // "/sys/bus/pci/devices/<bus address>"
};

}  // namespace moevit::emulation

#endif  // MOEVIT_KERNELS_EMULATION_CARD_NODES_H_
