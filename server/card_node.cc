#include "server/card_node.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "energy/sysfs.h"

namespace moevit {
namespace {

std::string WhyNodeIsClosed(const std::string& node) {
  struct stat status;
  if (stat(node.c_str(), &status) != 0) {
    return absl::StrCat(node,
                        " is missing: is udev running, or the device "
                        "not passed into this container?");
  }
  // As the effective user, unlike access().
  if (faccessat(AT_FDCWD, node.c_str(), R_OK | W_OK, AT_EACCESS) == 0) {
    return "";
  }
  return absl::StrFormat("no permission on %s (mode %o, group %d)", node,
                         status.st_mode & 0777, status.st_gid);
}

}  // namespace

std::string WhyCardIsClosed(const std::string& bdf, const std::string& root) {
  const std::string device = absl::StrCat(root, "/sys/bus/pci/devices/", bdf);
  if (access(device.c_str(), F_OK) != 0) return "";
  const std::vector<std::string> nodes = ListSysfs(device + "/drm", "renderD");
  if (nodes.empty()) {
    return "it has no render node, hence is not ready; see xbutil examine";
  }
  const std::string& node = nodes.front();
  return WhyNodeIsClosed(
      absl::StrCat(root, "/dev/dri", node.substr(node.rfind('/'))));
}

}  // namespace moevit
