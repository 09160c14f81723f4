// The smallest HTTP client that can read a page of this machine.

#ifndef MOEVIT_TESTS_SERVER_HTTP_GET_H_
#define MOEVIT_TESTS_SERVER_HTTP_GET_H_

#include <string>

namespace moevit {

// The whole answer of 127.0.0.1:`port`, headers included; empty when there is
// none. `headers` of the request end with "\r\n" each.
std::string HttpGet(int port, const std::string& path,
                    const std::string& headers = "");

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_HTTP_GET_H_
