// What this program was built from.

#ifndef MOEVIT_BASE_BUILD_INFO_H_
#define MOEVIT_BASE_BUILD_INFO_H_

#include <string>

namespace moevit {

struct BuildInfo {
  std::string version;  // for example "0.1.0"
  // Empty where the build was not made from a checkout; ends in "-dirty" where
  // the files were not those of the commit.
  std::string commit;
};

// The build of the running program.
BuildInfo ThisBuild();

}  // namespace moevit

#endif  // MOEVIT_BASE_BUILD_INFO_H_
