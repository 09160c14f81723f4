#include "tests/server/rest/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace moevit {
namespace {

constexpr char kHeadEnd[] = "\r\n\r\n";
constexpr size_t kHeadEndBytes = 4;

size_t BodyBytes(absl::string_view head) {
  constexpr absl::string_view kField = "Content-Length: ";
  const size_t at = head.find(kField);
  if (at == head.npos) return 0;
  head.remove_prefix(at + kField.size());
  size_t bytes = 0;
  return absl::SimpleAtoi(head.substr(0, head.find('\r')), &bytes) ? bytes : 0;
}

}  // namespace

HttpClient::HttpClient(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  const timeval limit = {.tv_sec = 10, .tv_usec = 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // A failure shows in the reads.
  static_cast<void>(connect(
      socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
}

HttpClient::~HttpClient() { close(socket_); }

void HttpClient::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server has closed the connection
    bytes.remove_prefix(sent);
  }
}

bool HttpClient::Receive() {
  char buffer[4096];
  const ssize_t got = recv(socket_, buffer, sizeof(buffer), 0);
  if (got > 0) received_.append(buffer, got);
  return got > 0;
}

std::string HttpClient::Read() {
  std::optional<size_t> size;
  while (!(size = ResponseSize(received_)).has_value()) {
    if (!Receive()) return std::exchange(received_, "");
  }
  std::string response = received_.substr(0, *size);
  received_.erase(0, *size);
  return response;
}

std::string HttpClient::ReadBytes(size_t count) {
  while (received_.size() < count && Receive()) {
  }
  std::string bytes = received_.substr(0, count);
  received_.erase(0, count);
  return bytes;
}

bool HttpClient::ReadsEnd() {
  char byte;
  return received_.empty() && recv(socket_, &byte, 1, 0) == 0;
}

std::string HttpClient::Ask(absl::string_view method, absl::string_view target,
                            absl::string_view body, absl::string_view headers) {
  Send(absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: test\r\n", headers,
                    "Content-Length: ", body.size(), kHeadEnd, body));
  return Read();
}

std::optional<size_t> ResponseSize(absl::string_view received) {
  const size_t head = received.find(kHeadEnd);
  if (head == received.npos) return std::nullopt;
  const size_t size =
      head + kHeadEndBytes + BodyBytes(received.substr(0, head + 2));
  return size <= received.size() ? std::optional(size) : std::nullopt;
}

int StatusOf(absl::string_view response) {
  int status = 0;
  constexpr size_t kVersionBytes = 9;  // "HTTP/1.1 "
  return response.size() > kVersionBytes + 3 &&
                 absl::SimpleAtoi(response.substr(kVersionBytes, 3), &status)
             ? status
             : 0;
}

std::string BodyOf(absl::string_view response) {
  const size_t head = response.find(kHeadEnd);
  return head == response.npos
             ? ""
             : std::string(response.substr(head + kHeadEndBytes));
}

}  // namespace moevit
