// The bytes of one connection, encrypted or not: what Boost.Beast reads from
// and writes to. For http_connection.cc only.
//
// The end of an encrypted connection is not announced (close_notify): every
// message says how long it is.

#ifndef MOEVIT_SERVER_REST_HTTP_STREAM_H_
#define MOEVIT_SERVER_REST_HTTP_STREAM_H_

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "boost/asio/ip/tcp.hpp"
#include "boost/asio/ssl/stream.hpp"

namespace moevit {

// Thread-compatible, on the socket's strand.
class HttpStream {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using executor_type = Socket::executor_type;
  using lowest_layer_type = Socket::lowest_layer_type;

  // Speaks TLS with `tls`; plain text if that is null.
  HttpStream(Socket socket, const std::shared_ptr<SSL_CTX>& tls);

  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;

  executor_type get_executor() { return socket_.get_executor(); }
  lowest_layer_type& lowest_layer() { return socket_.lowest_layer(); }

  // What is below the encryption.
  Socket& socket() { return socket_; }

  bool encrypted() const { return tls_.has_value(); }

  // The other side's address, as gRPC writes it: "ipv4:10.0.0.7:51234". Empty
  // if it has gone.
  std::string Peer() const;

  // Whom fair shares are given to, as ClientIdOf has it: what the other side's
  // certificate names, known after the handshake, else its address.
  std::string Client();

  // REQUIRES: encrypted().
  template <typename Handler>
  void AsyncHandshake(Handler&& handler) {
    tls_->async_handshake(boost::asio::ssl::stream_base::server,
                          std::forward<Handler>(handler));
  }

  // As Boost.Asio's AsyncReadStream and AsyncWriteStream have them.
  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    tls_ ? tls_->async_read_some(buffers, std::forward<Handler>(handler))
         : socket_.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    tls_ ? tls_->async_write_some(buffers, std::forward<Handler>(handler))
         : socket_.async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_REST_HTTP_STREAM_H_
