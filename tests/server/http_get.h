// The smallest HTTP client that can read a page of this machine.

#ifndef MOEVIT_TESTS_SERVER_HTTP_GET_H_
#define MOEVIT_TESTS_SERVER_HTTP_GET_H_

#include <string>

namespace moevit {

// The whole answer of 127.0.0.1:`port`, headers included; empty when there is
// none.
std::string HttpGet(int port, const std::string& path);

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_HTTP_GET_H_
