// A client of HTTP servers on this machine that sends exactly what a test
// writes, right or wrong.

#ifndef MOEVIT_TESTS_SERVER_REST_HTTP_CLIENT_H_
#define MOEVIT_TESTS_SERVER_REST_HTTP_CLIENT_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace moevit {

// One connection. Reads give up after 10 s.
class HttpClient {
 public:
  explicit HttpClient(int port);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  void Send(absl::string_view bytes);

  // The next response, head and body; what came before the end of the
  // connection if that is no whole response.
  std::string Read();

  // The next `count` bytes, whatever they are; fewer if the connection ends.
  std::string ReadBytes(size_t count);

  // Whether the server has closed the connection, which is waited for.
  bool ReadsEnd();

  // Sends a request and reads its response.
  std::string Ask(absl::string_view method, absl::string_view target,
                  absl::string_view body = "", absl::string_view headers = "");

 private:
  bool Receive();

  int socket_;
  std::string received_;
};

// Whether `received` begins with a whole response; its size then.
std::optional<size_t> ResponseSize(absl::string_view received);

// Of a response that Read returned.
int StatusOf(absl::string_view response);
std::string BodyOf(absl::string_view response);

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_REST_HTTP_CLIENT_H_
