#include "server/rest/http_server.h"

#include <future>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/rest/http_status.h"
#include "server/tls_context.h"
#include "tests/server/rest/http_client.h"
#include "tests/server/rest/https_client.h"
#include "tests/server/test_certificates.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Answers with the request's body, except at /wait, where the test answers.
class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    options_.host = "127.0.0.1";
    options_.port = 0;
    options_.max_body_bytes = 1000;
  }

  void StartServer() {
    auto server = HttpServer::Start(
        options_,
        {.refuse =
             [](const HttpRequest& request) -> absl::optional<HttpResponse> {
           if (request.target == "/throw_early") throw std::bad_alloc();
           if (request.target != "/missing") return absl::nullopt;
           return HttpError(404, "nothing here");
         },
         .handle =
             [this](std::shared_ptr<HttpExchange> exchange) {
               if (exchange->request().target == "/wait") {
                 exchange->OnDisconnect([this] { gone_.set_value(); });
                 waiting_.set_value(std::move(exchange));
                 return;
               }
               if (exchange->request().target == "/throw") {
                 throw std::runtime_error("not foreseen");
               }
               HttpResponse response;
               response.body = exchange->request().target == "/who"
                                   ? exchange->request().client
                                   : std::move(exchange->request().body);
               exchange->Respond(std::move(response));
             }});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  HttpServerOptions options_;
  std::promise<std::shared_ptr<HttpExchange>> waiting_;
  std::promise<void> gone_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOneRequestAfterAnotherOnAConnection) {
  StartServer();
  HttpClient client(server_->port());
  for (const char* body : {"", "a", "two words"}) {
    const std::string response = client.Ask("POST", "/", body);
    EXPECT_EQ(StatusOf(response), 200);
    EXPECT_EQ(BodyOf(response), body);
  }
}

TEST_F(HttpServerTest, AnswersRequestsThatWereSentAhead) {
  StartServer();
  HttpClient client(server_->port());
  const std::string one = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\none";
  const std::string two = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\ntwo";
  client.Send(one + two + one);
  for (const char* body : {"one", "two", "one"}) {
    EXPECT_EQ(BodyOf(client.Read()), body);
  }
}

TEST_F(HttpServerTest, ClosesWhenTheClientWantsThat) {
  StartServer();
  HttpClient client(server_->port());
  EXPECT_EQ(StatusOf(client.Ask("GET", "/", "", "Connection: close\r\n")), 200);
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(HttpServerTest, SaysContinueToClientsThatAsk) {
  StartServer();
  HttpClient client(server_->port());
  client.Send(
      "POST / HTTP/1.1\r\nContent-Length: 4\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(StatusOf(client.Read()), 100);
  client.Send("body");
  EXPECT_EQ(BodyOf(client.Read()), "body");
}

TEST_F(HttpServerTest, RefusesABodyOverTheLimitWithoutReadingIt) {
  StartServer();
  HttpClient client(server_->port());
  client.Send("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n");
  const std::string response = client.Read();
  EXPECT_EQ(StatusOf(response), 413);
  EXPECT_THAT(BodyOf(response), HasSubstr("1001"));
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(HttpServerTest, AClientSeesTheRefusalOfABodyThatItWentOnSending) {
  StartServer();
  HttpClient client(server_->port());
  EXPECT_EQ(StatusOf(client.Ask("POST", "/", std::string(1 << 20, 'x'))), 413);
}

TEST_F(HttpServerTest, TakesABodyAtTheLimit) {
  StartServer();
  HttpClient client(server_->port());
  EXPECT_EQ(BodyOf(client.Ask("POST", "/", std::string(1000, 'x'))).size(),
            1000);
}

TEST_F(HttpServerTest, RefusesBodiesOfUnknownLength) {
  StartServer();
  HttpClient client(server_->port());
  client.Send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(StatusOf(client.Read()), 411);
}

TEST_F(HttpServerTest, RefusesBodiesThatDoNotFitIntoMemoryTogether) {
  options_.max_buffered_bytes = 1500;
  StartServer();
  HttpClient first(server_->port());
  first.Send(absl::StrCat("POST /wait HTTP/1.1\r\nContent-Length: 1000\r\n\r\n",
                          std::string(1000, 'x')));
  auto exchange = waiting_.get_future().get();
  HttpClient second(server_->port());
  const std::string refusal = second.Ask("POST", "/", std::string(1000, 'x'));
  EXPECT_EQ(StatusOf(refusal), 503);
  EXPECT_THAT(refusal, HasSubstr("Retry-After: 1"));

  exchange->Respond({});
  EXPECT_EQ(StatusOf(first.Read()), 200);
  HttpClient third(server_->port());
  EXPECT_EQ(StatusOf(third.Ask("POST", "/", std::string(1000, 'x'))), 200);
}

TEST_F(HttpServerTest, RefusesBeforeTheBodyWhatItsHandlerRefuses) {
  StartServer();
  HttpClient client(server_->port());
  client.Send("POST /missing HTTP/1.1\r\nContent-Length: 900\r\n\r\n");
  EXPECT_EQ(StatusOf(client.Read()), 404);
}

TEST_F(HttpServerTest, RefusesWhatIsNotHttp) {
  StartServer();
  for (const char* bytes :
       {"\x16\x03\x01\x02\r\n\r\n", "GET\r\n\r\n", "GET / FTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    HttpClient client(server_->port());
    client.Send(bytes);
    EXPECT_EQ(StatusOf(client.Read()), 400) << bytes;
  }
}

TEST_F(HttpServerTest, RefusesEndlessHeads) {
  StartServer();
  HttpClient client(server_->port());
  client.Send(absl::StrCat("GET / HTTP/1.1\r\nX: ", std::string(20'000, 'x')));
  EXPECT_EQ(StatusOf(client.Read()), 431);
}

TEST_F(HttpServerTest, ClosesConnectionsThatSendTooSlowly) {
  options_.transfer_timeout = absl::Milliseconds(50);
  StartServer();
  for (const char* part : {"GET / HT",
                           "POST / HTTP/1.1\r\nContent-Length: 9"
                           "\r\n\r\nbody"}) {
    HttpClient client(server_->port());
    client.Send(part);
    EXPECT_TRUE(client.ReadsEnd()) << part;
  }
}

TEST_F(HttpServerTest, ClosesConnectionsThatAreIdle) {
  options_.idle_timeout = absl::Milliseconds(50);
  StartServer();
  HttpClient fresh(server_->port());
  EXPECT_TRUE(fresh.ReadsEnd());
  // On a slow machine one may be idle for too long before it asks.
  std::optional<HttpClient> used;
  do {
    used.emplace(server_->port());
  } while (StatusOf(used->Ask("GET", "/")) != 200);
  EXPECT_TRUE(used->ReadsEnd());
}

TEST_F(HttpServerTest, ARequestMayTakeLongerToAnswerThanToSend) {
  options_.transfer_timeout = absl::Milliseconds(500);
  StartServer();
  HttpClient client(server_->port());
  client.Send("GET /wait HTTP/1.1\r\n\r\n");
  auto exchange = waiting_.get_future().get();
  // Another connection shows that the limit has passed.
  HttpClient other(server_->port());
  other.Send("GET / HT");
  EXPECT_TRUE(other.ReadsEnd());
  exchange->Respond({});
  EXPECT_EQ(StatusOf(client.Read()), 200);
}

TEST_F(HttpServerTest, ClosesConnectionsBeyondTheLimit) {
  options_.max_connections = 1;
  StartServer();
  HttpClient first(server_->port());
  EXPECT_EQ(StatusOf(first.Ask("GET", "/")), 200);
  EXPECT_TRUE(HttpClient(server_->port()).ReadsEnd());
  EXPECT_EQ(StatusOf(first.Ask("GET", "/")), 200);
}

TEST_F(HttpServerTest, TellsTheHandlerThatAClientHasGone) {
  StartServer();
  std::shared_ptr<HttpExchange> exchange;
  {
    HttpClient client(server_->port());
    client.Send("GET /wait HTTP/1.1\r\n\r\n");
    exchange = waiting_.get_future().get();
  }
  gone_.get_future().wait();
}

TEST_F(HttpServerTest, AnAnswerToAClientThatHasGoneIsDropped) {
  StartServer();
  std::shared_ptr<HttpExchange> exchange;
  {
    HttpClient client(server_->port());
    client.Send("GET /wait HTTP/1.1\r\n\r\n");
    exchange = waiting_.get_future().get();
  }
  gone_.get_future().wait();
  exchange->Respond({});
  exchange.reset();
  EXPECT_EQ(StatusOf(HttpClient(server_->port()).Ask("GET", "/")), 200);
}

TEST_F(HttpServerTest, StopsAfterTheAnswersItOwes) {
  StartServer();
  HttpClient client(server_->port());
  client.Send("GET /wait HTTP/1.1\r\n\r\n");
  auto exchange = waiting_.get_future().get();
  server_->StopAccepting();
  exchange->Respond({});
  exchange.reset();
  server_->AwaitResponses(absl::InfiniteFuture());
  server_.reset();
  const std::string response = client.Read();
  EXPECT_EQ(StatusOf(response), 200);
  EXPECT_THAT(response, HasSubstr("Connection: close"));
}

TEST_F(HttpServerTest, AnExceptionCostsItsConnectionAndNothingElse) {
  StartServer();
  for (const char* path : {"/throw", "/throw_early"}) {
    HttpClient client(server_->port());
    client.Send(absl::StrCat("GET ", path, " HTTP/1.1\r\n\r\n"));
    EXPECT_TRUE(client.ReadsEnd()) << path;
    EXPECT_EQ(StatusOf(HttpClient(server_->port()).Ask("GET", "/")), 200);
  }
}

TEST_F(HttpServerTest, KnowsClientsByTheirAddress) {
  StartServer();
  EXPECT_EQ(BodyOf(HttpClient(server_->port()).Ask("GET", "/who")),
            "ipv4:127.0.0.1");
}

class HttpsServerTest : public HttpServerTest {
 protected:
  // With `client_ca`, clients need its certificates.
  void UseTls(const std::string& client_ca) {
    const TestIdentity identity = authority_.Issue("server");
    TlsMaterial material;
    material.identity = absl::StrCat(identity.key, "\n", identity.certificate);
    material.client_ca = client_ca;
    auto context = NewTlsContext(material);
    ASSERT_TRUE(context.ok()) << context.status();
    options_.tls = [context = *context] { return context; };
    StartServer();
  }

  TestAuthority authority_;
};

TEST_F(HttpsServerTest, AnswersOneRequestAfterAnotherOnAConnection) {
  options_.max_body_bytes = 1 << 20;
  UseTls("");
  HttpsClient client(server_->port(), authority_.certificate());
  for (const int bytes : {0, 1, 100'001}) {
    const std::string body(bytes, 'x');
    EXPECT_EQ(BodyOf(client.Ask("POST", "/", body)), body);
  }
}

TEST_F(HttpsServerTest, AClientSeesTheRefusalOfABodyThatItWentOnSending) {
  UseTls("");
  HttpsClient client(server_->port(), authority_.certificate());
  EXPECT_EQ(StatusOf(client.Ask("POST", "/", std::string(100'000, 'x'))), 413);
}

TEST_F(HttpsServerTest, KnowsClientsByTheirCertificateAsGrpcDoes) {
  UseTls(authority_.certificate());
  HttpsClient client(server_->port(), authority_.certificate(),
                     authority_.Issue("client"));
  // The certificates' alternative name.
  EXPECT_EQ(BodyOf(client.Ask("GET", "/who")), "identity:127.0.0.1");
}

TEST_F(HttpsServerTest, ClosesConnectionsWhoseHandshakeDoesNotEnd) {
  options_.transfer_timeout = absl::Milliseconds(50);
  UseTls("");
  HttpClient client(server_->port());
  client.Send("\x16\x03\x01");
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(HttpServerTest, NamesAnAddressThatItCannotUse) {
  StartServer();
  options_.port = server_->port();
  const auto second = HttpServer::Start(options_, {});
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(absl::StrCat("127.0.0.1:", options_.port)));
  options_.host = "nowhere";
  EXPECT_EQ(HttpServer::Start(options_, {}).status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace moevit
