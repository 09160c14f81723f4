// A directory that looks like a machine's file system, as far as sensors look
// at it.

#ifndef MOEVIT_TESTS_ENERGY_FAKE_SYSFS_H_
#define MOEVIT_TESTS_ENERGY_FAKE_SYSFS_H_

#include <string>

#include "tests/server/temporary_directory.h"

namespace moevit {

class FakeSysfs {
 public:
  FakeSysfs();

  const std::string& root() const { return directory_.path(); }

  // `path` is below the root, as "/sys/class/hwmon/hwmon0/name".
  void Write(const std::string& path, const std::string& text);
  void Remove(const std::string& path);
  void Deny(const std::string& path);

  // A domain of RAPL: "intel-rapl:0".
  void WriteRapl(const std::string& domain, const std::string& name,
                 const std::string& microjoules,
                 const std::string& range = "262143328850");

 private:
  TemporaryDirectory directory_;
};

// Denied files are denied to this process while it lives, even if it is root.
class WithoutPrivileges {
 public:
  WithoutPrivileges();
  ~WithoutPrivileges();
  WithoutPrivileges(const WithoutPrivileges&) = delete;
  WithoutPrivileges& operator=(const WithoutPrivileges&) = delete;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_ENERGY_FAKE_SYSFS_H_
