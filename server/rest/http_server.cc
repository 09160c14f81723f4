#include "server/rest/http_server.h"

#include <chrono>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/post.hpp"
#include "boost/asio/steady_timer.hpp"
#include "boost/asio/strand.hpp"
#include "server/in_flight.h"
#include "server/log.h"
#include "server/rest/http_connection.h"

namespace moevit {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// After an accept that failed, for want of descriptors as a rule.
constexpr std::chrono::milliseconds kAcceptPause(100);

}  // namespace

class HttpServer::Impl {
 public:
  using Error = boost::system::error_code;

  Impl(const HttpServerOptions& options, HttpHandler handler)
      : exchanges_(Clock::Real()), responses_(Clock::Real()) {
    connections_.options = options;
    connections_.handler = std::move(handler);
    connections_.exchanges = &exchanges_;
    connections_.responses = &responses_;
  }

  ~Impl() {
    io_.stop();
    for (std::thread& thread : threads_) thread.join();
    // Exchanges point to connections, and these to io_.
    exchanges_.AwaitNone(absl::InfiniteFuture());
  }

  Error Listen() {
    const HttpServerOptions& options = connections_.options;
    Error error;
    const auto address = asio::ip::make_address(options.host, error);
    if (error) return error;
    const tcp::endpoint endpoint(address, static_cast<uint16_t>(options.port));
    acceptor_.open(endpoint.protocol(), error);
    if (error) return error;
    acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (error) return error;
    acceptor_.bind(endpoint, error);
    if (error) return error;
    acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (error) return error;
    port_ = acceptor_.local_endpoint(error).port();
    return error;
  }

  void Run() {
    Accept();
    for (int i = 0; i < connections_.options.threads; ++i) {
      threads_.emplace_back([this] { Serve(); });
    }
  }

  int port() const { return port_; }

  void StopAccepting() {
    connections_.stopping = true;
    asio::post(acceptor_.get_executor(), [this] {
      Error ignored;
      acceptor_.close(ignored);
    });
  }

  void AwaitResponses(absl::Time deadline) { responses_.AwaitNone(deadline); }

 private:
  // An exception, for want of memory as a rule, costs the connection that it
  // came from; Boost.Asio lets run be called again after one.
  void Serve() {
    while (!io_.stopped()) {
      try {
        io_.run();
      } catch (const std::exception& error) {
        LogError(absl::StrFormat("a REST connection failed: %s", error.what()));
      }
    }
  }

  // Runs on the acceptor's strand, as what it starts does.
  void Accept() {
    acceptor_.async_accept(asio::make_strand(io_),
                           [this](Error error, tcp::socket socket) {
                             OnAccept(error, std::move(socket));
                           });
  }

  void OnAccept(Error error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) {
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([this](Error ended) {
        if (!ended && acceptor_.is_open()) Accept();
      });
      return;
    }
    if (connections_.open < connections_.options.max_connections) {
      Error ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      const auto strand = socket.get_executor();
      const auto& tls = connections_.options.tls;
      const auto connection = std::make_shared<HttpConnection>(
          std::move(socket), tls ? tls() : nullptr, &connections_);
      asio::post(strand, [connection] { connection->Start(); });
    }
    Accept();
  }

  InFlight exchanges_;
  InFlight responses_;
  HttpConnections connections_;
  asio::io_context io_;
  tcp::acceptor acceptor_{asio::make_strand(io_)};
  asio::steady_timer pause_{acceptor_.get_executor()};
  std::vector<std::thread> threads_;
  int port_ = 0;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    const HttpServerOptions& options, HttpHandler handler) {
  auto impl = std::make_unique<Impl>(options, std::move(handler));
  if (const Impl::Error error = impl->Listen()) {
    return absl::UnavailableError(
        absl::StrFormat("cannot serve HTTP on %s:%d: %s", options.host,
                        options.port, error.message()));
  }
  impl->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const { return impl_->port(); }

void HttpServer::StopAccepting() { impl_->StopAccepting(); }

void HttpServer::AwaitResponses(absl::Time deadline) {
  impl_->AwaitResponses(deadline);
}

}  // namespace moevit
