// One connection of the HttpServer. For http_server.cc only.

#ifndef MOEVIT_SERVER_REST_HTTP_CONNECTION_H_
#define MOEVIT_SERVER_REST_HTTP_CONNECTION_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "boost/asio/steady_timer.hpp"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/http/empty_body.hpp"
#include "boost/beast/http/parser.hpp"
#include "boost/beast/http/string_body.hpp"
#include "server/in_flight.h"
#include "server/rest/http_exchange.h"
#include "server/rest/http_server.h"
#include "server/rest/http_stream.h"

namespace moevit {

// What the connections of a server share. Outlives them.
struct HttpConnections {
  HttpServerOptions options;
  HttpHandler handler;
  InFlight* exchanges = nullptr;  // that exist
  InFlight* responses = nullptr;  // that are owed to clients
  std::atomic<int> open = 0;
  std::atomic<int64_t> buffered_bytes = 0;
  std::atomic<bool> stopping = false;
};

// Reads requests and writes responses, one at a time, until either side has
// had enough. While a request is being worked on, the connection keeps
// reading: so it sees the client go, and keeps what the client sends ahead.
//
// All methods but Respond run on the socket's strand, one at a time.
class HttpConnection final
    : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Socket = HttpStream::Socket;

  // `tls` is null for plain text.
  // REQUIRES: the socket's executor is a strand.
  HttpConnection(Socket socket, const std::shared_ptr<SSL_CTX>& tls,
                 HttpConnections* shared);

  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  ~HttpConnection();

  void Start();

  // `token` keeps the response owed until it was written. On any thread.
  void Respond(HttpResponse response, std::shared_ptr<void> token);

  // What to do when the client goes away.
  void set_gone(std::function<void()> gone) { gone_ = std::move(gone); }

 private:
  using Error = boost::system::error_code;
  using Parser =
      boost::beast::http::request_parser<boost::beast::http::empty_body>;
  enum class State { kIdle, kReceiving, kWorking, kWriting };

  void OnHandshake(Error error);
  void AwaitRequest();
  // REQUIRES: buffer_ is empty.
  void ReadAhead();
  void OnReadAhead(Error error, size_t bytes);
  void ReadHead();
  void OnHead(Error error);
  void TakeHead();
  void Continue();
  void ReadBody();
  void Work();
  void Refuse(HttpResponse response);
  void Write(HttpResponse response);
  void OnWritten(Error error);
  void Linger();
  void ReleaseBody();
  void SetDeadline(absl::Duration after);
  void ClearDeadline() { deadline_.cancel(); }
  void Close();

  HttpStream stream_;
  HttpConnections& shared_;
  const std::string peer_;  // the other side's address
  std::string client_;      // whom fair shares are given to
  boost::asio::steady_timer deadline_;
  boost::beast::flat_buffer buffer_;  // what was read and not used
  bool reading_ahead_ = false;
  State state_ = State::kIdle;
  absl::optional<Parser> parser_;
  HttpRequest request_;
  size_t body_bytes_ = 0;       // announced
  int64_t reserved_bytes_ = 0;  // of shared_.buffered_bytes
  bool keep_alive_ = false;
  bool linger_ = false;  // the body was not read
  std::function<void()> gone_;
  std::shared_ptr<void> token_;
  boost::beast::http::response<boost::beast::http::string_body> response_;
  std::array<char, 4096> discarded_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_HTTP_CONNECTION_H_
