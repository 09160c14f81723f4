#include "tests/energy/fake_sysfs.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace moevit {

namespace fs = std::filesystem;

FakeSysfs::FakeSysfs() {
  // For WithoutPrivileges.
  fs::permissions(root(),
                  fs::perms::group_read | fs::perms::group_exec |
                      fs::perms::others_read | fs::perms::others_exec,
                  fs::perm_options::add);
}

void FakeSysfs::Write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(root() + path).parent_path());
  std::ofstream(root() + path) << text << "\n";
}

void FakeSysfs::Remove(const std::string& path) {
  fs::remove_all(root() + path);
}

void FakeSysfs::Deny(const std::string& path) {
  fs::permissions(root() + path, fs::perms::none);
}

void FakeSysfs::WriteRapl(const std::string& domain, const std::string& name,
                          const std::string& microjoules,
                          const std::string& range) {
  const std::string directory = "/sys/class/powercap/" + domain;
  Write(directory + "/name", name);
  Write(directory + "/energy_uj", microjoules);
  Write(directory + "/max_energy_range_uj", range);
}

WithoutPrivileges::WithoutPrivileges() {
  constexpr uid_t kNobody = 65534;
  if (getuid() == 0 && seteuid(kNobody) != 0) ADD_FAILURE() << "seteuid";
}

WithoutPrivileges::~WithoutPrivileges() {
  if (getuid() == 0 && seteuid(0) != 0) ADD_FAILURE() << "seteuid";
}

}  // namespace moevit
