// How often clients may ping: frames of HTTP/2 on a connection, because gRPC's
// own clients send no more than one ping a second.

#include <cstdint>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/rest/http_client.h"
#include "tests/server/test_server.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

// Frames as RFC 9113 has them: 9 bytes, then the payload.
constexpr size_t kHeaderBytes = 9;
constexpr char kSettings = 4;
constexpr char kPing = 6;
constexpr char kGoAway = 7;
constexpr char kAck = 1;  // a flag of answers to pings
constexpr char kEnhanceYourCalm = 11;

struct Frame {
  char type = 0;
  char flags = 0;
  std::string payload;
};

std::string FrameBytes(char type, absl::string_view payload) {
  const char header[kHeaderBytes] = {0, 0, static_cast<char>(payload.size()),
                                     type};
  return absl::StrCat(absl::string_view(header, kHeaderBytes), payload);
}

class KeepaliveTest : public ServerTest {
 protected:
  void Connect() {
    client_.emplace(server_->port());
    client_->Send(absl::StrCat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                               FrameBytes(kSettings, "")));
  }

  void SendPing() { client_->Send(FrameBytes(kPing, "8 bytes.")); }

  // The next answer to a ping, or why the server closes the connection; a
  // frame of type 0 if it says neither.
  Frame NextAnswer() {
    while (true) {
      const std::string header = client_->ReadBytes(kHeaderBytes);
      if (header.size() < kHeaderBytes) return {};
      const auto byte = [&](int i) { return static_cast<uint8_t>(header[i]); };
      Frame frame{.type = header[3], .flags = header[4], .payload = {}};
      frame.payload =
          client_->ReadBytes(byte(0) << 16 | byte(1) << 8 | byte(2));
      const bool is_answer = frame.type == kPing && frame.flags == kAck;
      if (is_answer || frame.type == kGoAway) return frame;
    }
  }

  std::optional<HttpClient> client_;
};

TEST_F(KeepaliveTest, R18PingsAsFarApartAsAdmittedAreAnswered) {
  constexpr absl::Duration kInterval = absl::Milliseconds(2);
  options_.min_ping_interval = kInterval;
  ASSERT_TRUE(StartServer().ok());
  Connect();
  // gRPC closes a connection for the third ping that comes too soon.
  for (int i = 0; i < 10; ++i) {
    SendPing();
    ASSERT_EQ(NextAnswer().type, kPing) << "ping " << i;
    // gRPC counts in whole milliseconds.
    const absl::Time next = absl::Now() + 2 * kInterval;
    while (absl::Now() < next) std::this_thread::yield();
  }
}

TEST_F(KeepaliveTest, R18PingsThatComeTooSoonCloseTheConnection) {
  options_.min_ping_interval = absl::Hours(1);
  ASSERT_TRUE(StartServer().ok());
  Connect();
  for (int i = 0; i < 10; ++i) SendPing();
  Frame answer = NextAnswer();
  while (answer.type == kPing) answer = NextAnswer();
  ASSERT_EQ(answer.type, kGoAway);
  constexpr size_t kErrorCode = 7;  // its last byte
  ASSERT_GT(answer.payload.size(), kErrorCode);
  EXPECT_EQ(answer.payload[kErrorCode], kEnhanceYourCalm);
  EXPECT_THAT(answer.payload, HasSubstr("too_many_pings"));
}

TEST_F(KeepaliveTest, R18TheUsualTenSecondsAreAdmitted) {
  EXPECT_LT(ServerOptions().min_ping_interval, absl::Seconds(10));
}

}  // namespace
}  // namespace moevit
