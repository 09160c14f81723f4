#include "server/request_watch.h"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "tests/scheduler/fake_clock.h"

namespace moevit {
namespace {

class FakeRequest final : public WatchedRequest {
 public:
  bool cancelled() const override { return cancelled_; }

  void OnTime() override {
    if (extension_ == absl::ZeroDuration()) {
      return End(absl::DeadlineExceededError("time is up"));
    }
    time_ += std::exchange(extension_, absl::ZeroDuration());
    ticket_ = watch_->Move(ticket_, time_);
    extended_.set_value();
  }

  void End(const absl::Status& reason) override {
    watch_->Remove(ticket_);
    reason_.set_value(reason);
  }

  void Watch(RequestWatch* watch, absl::Time deadline,
             std::shared_ptr<WatchedRequest> self) {
    watch_ = watch;
    time_ = deadline;
    ticket_ = watch->Add(deadline, std::move(self));
  }

  // Once its time has come it wants so much more.
  void set_extension(absl::Duration extension) { extension_ = extension; }
  std::future<void> extended() { return extended_.get_future(); }

  void Cancel() { cancelled_ = true; }
  void Finish() { watch_->Remove(ticket_); }
  std::future<absl::Status> reason() { return reason_.get_future(); }

 private:
  RequestWatch* watch_ = nullptr;
  RequestWatch::Ticket ticket_;
  absl::Time time_;
  absl::Duration extension_;
  std::promise<void> extended_;
  bool cancelled_ = false;
  std::promise<absl::Status> reason_;
};

class RequestWatchTest : public ::testing::Test {
 protected:
  std::shared_ptr<FakeRequest> Watch(absl::Duration time) {
    auto request = std::make_shared<FakeRequest>();
    request->Watch(&watch_, clock_.Now() + time, request);
    return request;
  }

  FakeClock clock_;
  RequestWatch watch_{&clock_};
};

TEST_F(RequestWatchTest, TellsARequestThatItsTimeHasCome) {
  const auto later = Watch(absl::Seconds(9));
  const auto sooner = Watch(absl::Seconds(2));
  clock_.Advance(absl::Seconds(2));
  EXPECT_EQ(sooner->reason().get().code(), absl::StatusCode::kDeadlineExceeded);
  auto reason = later->reason();
  clock_.Advance(absl::Seconds(7));
  EXPECT_EQ(reason.get().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(RequestWatchTest, ARequestMayBeWatchedFurther) {
  const auto request = Watch(absl::Seconds(2));
  request->set_extension(absl::Seconds(3));
  clock_.Advance(absl::Seconds(2));
  request->extended().get();
  auto reason = request->reason();
  EXPECT_EQ(reason.wait_for(std::chrono::seconds(0)),
            std::future_status::timeout);
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(reason.get().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(RequestWatchTest, EndsTheCancelledAndNoOthers) {
  const auto cancelled = Watch(absl::Seconds(9));
  const auto other = Watch(absl::Seconds(8));
  cancelled->Cancel();
  watch_.EndCancelled();
  EXPECT_EQ(cancelled->reason().get().code(), absl::StatusCode::kCancelled);
  clock_.Advance(absl::Seconds(8));
  EXPECT_EQ(other->reason().get().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(RequestWatchTest, EndsARequestAfterAnEarlierOneHadItsAnswer) {
  Watch(absl::Seconds(2))->Finish();
  const auto later = Watch(absl::Seconds(5));
  auto reason = later->reason();
  clock_.Advance(absl::Seconds(2));
  clock_.Advance(absl::Seconds(3));
  EXPECT_EQ(reason.get().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(RequestWatchTest, LetsGoOfRequestsThatHaveTheirAnswer) {
  auto request = Watch(absl::Seconds(1));
  const std::weak_ptr<FakeRequest> left = request;
  request->Finish();
  request.reset();
  EXPECT_TRUE(left.expired());
}

TEST(RequestWatchEndTest, EndsWhatIsLeft) {
  FakeClock clock;
  auto watch = std::make_unique<RequestWatch>(&clock);
  const auto request = std::make_shared<FakeRequest>();
  request->Watch(watch.get(), absl::InfiniteFuture(), request);
  watch.reset();
  EXPECT_EQ(request->reason().get().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace moevit
