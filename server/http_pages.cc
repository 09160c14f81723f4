#include "server/http_pages.h"

#include <CivetServer.h>
#include <civetweb.h>

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/catch_exceptions.h"

namespace moevit {
namespace {

// A scraper or two and someone looking by hand.
constexpr int kHttpThreads = 2;

// How long a client may take for its request, in milliseconds.
constexpr int kRequestTimeout = 10'000;

void Send(mg_connection* connection, absl::string_view status,
          const std::vector<std::string>& headers, absl::string_view type,
          absl::string_view body, bool with_body) {
  std::string head = absl::StrCat("HTTP/1.1 ", status, "\r\n");
  for (const std::string& header : headers) {
    absl::StrAppend(&head, header, "\r\n");
  }
  absl::StrAppend(&head, "Content-Type: ", type,
                  "\r\nContent-Length: ", body.size(),
                  "\r\nCache-Control: no-store"
                  "\r\nX-Content-Type-Options: nosniff"
                  "\r\nConnection: close\r\n\r\n");
  mg_write(connection, head.data(), head.size());
  if (with_body) mg_write(connection, body.data(), body.size());
}

void SendError(mg_connection* connection, absl::string_view status,
               const std::vector<std::string>& headers = {}) {
  Send(connection, status, headers, "text/plain; charset=utf-8",
       absl::StrCat(status, "\n"), /*with_body=*/true);
}

}  // namespace

class HttpPages::Handler final : public CivetHandler {
 public:
  // `admit` must outlive the handler.
  Handler(HttpPage page, const Admit* admit)
      : page_(std::move(page)), admit_(*admit) {}

  const std::string& path() const { return page_.path; }

  bool handleGet(CivetServer* /*server*/, mg_connection* connection) override {
    return Answer(connection, /*with_body=*/true);
  }
  bool handleHead(CivetServer* /*server*/, mg_connection* connection) override {
    return Answer(connection, /*with_body=*/false);
  }
  bool handlePost(CivetServer* /*server*/, mg_connection* connection) override {
    return Refuse(connection);
  }
  bool handlePut(CivetServer* /*server*/, mg_connection* connection) override {
    return Refuse(connection);
  }
  bool handleDelete(CivetServer* /*server*/,
                    mg_connection* connection) override {
    return Refuse(connection);
  }
  bool handleOptions(CivetServer* /*server*/,
                     mg_connection* connection) override {
    return Refuse(connection);
  }
  bool handlePatch(CivetServer* /*server*/,
                   mg_connection* connection) override {
    return Refuse(connection);
  }

 private:
  // The library is in C: no exception may reach it.
  bool Answer(mg_connection* connection, bool with_body) const {
    const absl::Status answered = CatchExceptions("answer the request", [&] {
      Show(connection, with_body);
      return absl::OkStatus();
    });
    // What was not sent by then was being made.
    return answered.ok() || SendFault(connection);
  }

  static bool SendFault(mg_connection* connection) {
    constexpr absl::string_view kFault =
        "HTTP/1.1 500 Internal Server Error\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n";
    mg_write(connection, kFault.data(), kFault.size());
    return true;
  }

  // The library gives a handler all paths below its own, too.
  void Show(mg_connection* connection, bool with_body) const {
    const char* const path = mg_get_request_info(connection)->local_uri;
    const char* const sent = mg_get_header(connection, "Authorization");
    if (!admit_(sent == nullptr ? "" : sent)) {
      SendError(connection, "401 Unauthorized",
                {"WWW-Authenticate: Basic realm=\"moevit metrics\""});
    } else if (path == nullptr || page_.path != path) {
      SendError(connection, "404 Not Found");
    } else {
      Send(connection, "200 OK", page_.headers, page_.content_type,
           page_.body(), with_body);
    }
  }

  static bool Refuse(mg_connection* connection) {
    SendError(connection, "405 Method Not Allowed", {"Allow: GET, HEAD"});
    return true;
  }

  const HttpPage page_;
  const Admit& admit_;
};

absl::StatusOr<std::unique_ptr<HttpPages>> HttpPages::Start(
    const std::string& host, int port, std::vector<HttpPage> pages,
    Admit admit) {
  const std::string address = absl::StrFormat("%s:%d", host, port);
  std::unique_ptr<HttpPages> result(new HttpPages(std::move(admit)));
  // The library reports everything by exceptions; they end here.
  try {
    result->server_ = std::make_unique<CivetServer>(std::vector<std::string>{
        "listening_ports", address, "num_threads", absl::StrCat(kHttpThreads),
        "request_timeout_ms", absl::StrCat(kRequestTimeout)});
    for (HttpPage& page : pages) {
      result->handlers_.push_back(
          std::make_unique<Handler>(std::move(page), &result->admit_));
      const auto& handler = result->handlers_.back();
      result->server_->addHandler(handler->path(), handler.get());
    }
    if (!result->server_->getListeningPorts().empty()) return result;
  } catch (const std::exception&) {
  }
  return absl::UnavailableError(absl::StrFormat(
      "cannot serve pages on %s: is the address right, and is the port free?",
      address));
}

HttpPages::HttpPages(Admit admit) : admit_(std::move(admit)) {}

HttpPages::~HttpPages() = default;

int HttpPages::port() const { return server_->getListeningPorts().at(0); }

}  // namespace moevit
