// What this program was built from.

#ifndef MOEVIT_SERVER_BUILD_INFO_H_
#define MOEVIT_SERVER_BUILD_INFO_H_

#include <string>

namespace moevit {

struct BuildInfo {
  std::string version;  // for example "0.1.0"
  std::string commit;   // empty where the build was not made from a checkout
};

// The build of the running program.
BuildInfo ThisBuild();

}  // namespace moevit

#endif  // MOEVIT_SERVER_BUILD_INFO_H_
