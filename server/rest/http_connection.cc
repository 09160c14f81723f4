#include "server/rest/http_connection.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "boost/asio/post.hpp"
#include "boost/asio/read.hpp"
#include "boost/asio/write.hpp"
#include "boost/beast/http/read.hpp"
#include "boost/beast/http/write.hpp"
#include "server/rest/http_status.h"

namespace moevit {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr size_t kMaxHeadBytes = 16 << 10;

constexpr size_t kReadAhead = 4096;

// A body's memory grows with what has arrived, by steps of this.
constexpr size_t kBodyStep = 256 << 10;

// How long a refused client may go on sending before its connection is closed:
// if it were closed at once, the client would not see the response.
constexpr absl::Duration kLinger = absl::Seconds(2);

constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";

// One that `counter` counts for as long as it exists.
std::shared_ptr<void> Counted(InFlight* counter) {
  counter->Begin();
  return std::shared_ptr<void>(nullptr, [counter](void*) { counter->End(); });
}

// The request that a client waits for.
class Exchange final : public HttpExchange {
 public:
  Exchange(std::shared_ptr<HttpConnection> connection, HttpRequest request,
           const HttpConnections& shared)
      : exists_(Counted(shared.exchanges)),
        owed_(Counted(shared.responses)),
        connection_(std::move(connection)),
        request_(std::move(request)) {}

  HttpRequest& request() override { return request_; }
  void OnDisconnect(std::function<void()> gone) override {
    connection_->set_gone(std::move(gone));
  }
  void Respond(HttpResponse response) override {
    connection_->Respond(std::move(response), std::exchange(owed_, nullptr));
  }

 private:
  const std::shared_ptr<void> exists_;  // goes last
  std::shared_ptr<void> owed_;
  const std::shared_ptr<HttpConnection> connection_;
  HttpRequest request_;
};

HttpRequest HeadOf(const http::request<http::empty_body>& message) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()),
                                 std::string(field.value()));
  }
  return request;
}

}  // namespace

HttpConnection::HttpConnection(Socket socket,
                               const std::shared_ptr<SSL_CTX>& tls,
                               HttpConnections* shared)
    : stream_(std::move(socket), tls),
      shared_(*shared),
      peer_(stream_.Peer()),
      client_(stream_.Client()),
      deadline_(stream_.get_executor()),
      buffer_(kMaxHeadBytes) {
  ++shared_.open;
}

HttpConnection::~HttpConnection() {
  ReleaseBody();
  --shared_.open;
}

void HttpConnection::Start() {
  if (!stream_.encrypted()) return AwaitRequest();
  SetDeadline(shared_.options.transfer_timeout);
  stream_.AsyncHandshake(
      [self = shared_from_this()](Error error) { self->OnHandshake(error); });
}

void HttpConnection::OnHandshake(Error error) {
  if (error) return Close();
  client_ = stream_.Client();
  AwaitRequest();
}

void HttpConnection::AwaitRequest() {
  state_ = State::kIdle;
  if (buffer_.size() > 0) return ReadHead();
  SetDeadline(shared_.options.idle_timeout);
  if (!reading_ahead_) ReadAhead();
}

void HttpConnection::ReadAhead() {
  reading_ahead_ = true;
  stream_.async_read_some(
      buffer_.prepare(kReadAhead),
      [self = shared_from_this()](Error error, size_t bytes) {
        self->OnReadAhead(error, bytes);
      });
}

void HttpConnection::OnReadAhead(Error error, size_t bytes) {
  reading_ahead_ = false;
  if (error) return Close();
  buffer_.commit(bytes);
  if (state_ == State::kIdle) ReadHead();
}

void HttpConnection::ReadHead() {
  state_ = State::kReceiving;
  SetDeadline(shared_.options.transfer_timeout);
  parser_.emplace();
  parser_->header_limit(kMaxHeadBytes);
  // TakeHead decides.
  parser_->body_limit(std::numeric_limits<uint64_t>::max());
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Error error, size_t) {
                            self->OnHead(error);
                          });
}

void HttpConnection::OnHead(Error error) {
  if (!error) return TakeHead();
  keep_alive_ = false;
  if (error == http::error::header_limit ||
      error == http::error::buffer_overflow) {
    return Refuse(HttpError(
        431, absl::StrFormat("the head of the request has more than %d bytes",
                             kMaxHeadBytes)));
  }
  if (error == http::error::end_of_stream ||
      error.category() != make_error_code(http::error::bad_method).category()) {
    return Close();
  }
  Refuse(HttpError(400, "this is not HTTP/1.1: " + error.message()));
}

void HttpConnection::TakeHead() {
  const auto& message = parser_->get();
  keep_alive_ = parser_->keep_alive();
  request_ = HeadOf(message);
  request_.peer = peer_;
  request_.client = client_;
  if (parser_->chunked()) {
    return Refuse(HttpError(411, "the request must have a Content-Length"));
  }
  const boost::optional<uint64_t> length = parser_->content_length();
  const uint64_t bytes = length ? *length : 0;
  const auto limit = static_cast<uint64_t>(shared_.options.max_body_bytes);
  if (bytes > limit) {
    return Refuse(
        HttpError(413, absl::StrFormat("the body has %d bytes, the limit is %d",
                                       bytes, limit)));
  }
  if (auto refusal = shared_.handler.refuse(request_)) {
    return Refuse(*std::move(refusal));
  }
  body_bytes_ = bytes;
  if (body_bytes_ > 0 &&
      absl::EqualsIgnoreCase(request_.header("Expect"), "100-continue")) {
    return Continue();
  }
  ReadBody();
}

void HttpConnection::Continue() {
  asio::async_write(stream_, asio::buffer(kContinue, sizeof(kContinue) - 1),
                    [self = shared_from_this()](Error error, size_t) {
                      error ? self->Close() : self->ReadBody();
                    });
}

// Reads the next part of the body, or goes on if all of it is there.
void HttpConnection::ReadBody() {
  std::string& body = request_.body;
  const size_t missing = body_bytes_ - body.size();
  if (missing == 0) return Work();
  const size_t step = std::min(missing, kBodyStep);
  if (shared_.buffered_bytes.fetch_add(static_cast<int64_t>(step)) +
          static_cast<int64_t>(step) >
      shared_.options.max_buffered_bytes) {
    shared_.buffered_bytes -= static_cast<int64_t>(step);
    return Refuse(HttpError(
        503, absl::StrFormat("the bodies of all requests together have "
                             "reached the limit of %d bytes",
                             shared_.options.max_buffered_bytes)));
  }
  reserved_bytes_ += static_cast<int64_t>(step);
  const size_t old_size = body.size();
  body.resize(old_size + step);
  const size_t read_before =
      asio::buffer_copy(asio::buffer(&body[old_size], step), buffer_.data());
  buffer_.consume(read_before);
  asio::async_read(
      stream_, asio::buffer(&body[old_size + read_before], step - read_before),
      [self = shared_from_this()](Error error, size_t) {
        error ? self->Close() : self->ReadBody();
      });
}

void HttpConnection::Work() {
  state_ = State::kWorking;
  ClearDeadline();
  if (buffer_.size() == 0) ReadAhead();
  try {
    shared_.handler.handle(std::make_shared<Exchange>(
        shared_from_this(), std::move(request_), shared_));
  } catch (...) {
    // Nobody will answer.
    Close();
    throw;
  }
}

void HttpConnection::Refuse(HttpResponse response) {
  keep_alive_ = false;
  linger_ = true;
  Write(std::move(response));
}

void HttpConnection::Respond(HttpResponse response,
                             std::shared_ptr<void> token) {
  asio::post(stream_.get_executor(),
             [self = shared_from_this(), response = std::move(response),
              token = std::move(token)]() mutable {
               self->gone_ = nullptr;
               if (!self->stream_.socket().is_open()) return;
               self->token_ = std::move(token);
               self->Write(std::move(response));
             });
}

void HttpConnection::Write(HttpResponse response) {
  state_ = State::kWriting;
  // Before the client can know of the response, and send another request.
  ReleaseBody();
  if (shared_.stopping) keep_alive_ = false;
  response_ = {static_cast<http::status>(response.status), 11};
  response_.set(http::field::content_type, response.content_type);
  for (const auto& [name, value] : response.headers) {
    response_.set(name, value);
  }
  response_.keep_alive(keep_alive_);
  response_.body() = std::move(response.body);
  response_.prepare_payload();
  SetDeadline(shared_.options.transfer_timeout);
  http::async_write(stream_, response_,
                    [self = shared_from_this()](Error error, size_t) {
                      self->OnWritten(error);
                    });
}

void HttpConnection::OnWritten(Error error) {
  token_.reset();
  response_ = {};
  if (error) return Close();
  if (keep_alive_) return AwaitRequest();
  if (linger_) {
    Error ignored;
    stream_.socket().shutdown(Socket::shutdown_send, ignored);
    SetDeadline(kLinger);
    return Linger();
  }
  Close();
}

// Reads and forgets, without decrypting it, until the client closes or the
// deadline does.
void HttpConnection::Linger() {
  stream_.socket().async_read_some(
      asio::buffer(discarded_),
      [self = shared_from_this()](Error error, size_t) {
        error ? self->Close() : self->Linger();
      });
}

void HttpConnection::ReleaseBody() {
  shared_.buffered_bytes -= reserved_bytes_;
  reserved_bytes_ = 0;
  request_ = {};
}

void HttpConnection::SetDeadline(absl::Duration after) {
  deadline_.expires_after(absl::ToChronoNanoseconds(after));
  deadline_.async_wait([weak = weak_from_this()](Error error) {
    const auto self = weak.lock();
    // The deadline may have moved since this was queued.
    if (self == nullptr || error ||
        self->deadline_.expiry() > asio::steady_timer::clock_type::now()) {
      return;
    }
    self->Close();
  });
}

void HttpConnection::Close() {
  ClearDeadline();
  Error ignored;
  stream_.socket().shutdown(Socket::shutdown_both, ignored);
  stream_.socket().close(ignored);
  token_.reset();
  if (auto gone = std::exchange(gone_, nullptr)) gone();
}

}  // namespace moevit
