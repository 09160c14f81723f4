#include "kernels/hls/sim/stream.h"

#include "gtest/gtest.h"
#include "kernels/hls/sim/hls.h"

namespace moevit {
namespace hls {
namespace {

void Produce(int count, Stream<int>& out) {
  for (int i = 0; i < count; ++i) out.write(i);
}

void Copy(int count, Stream<int>& in, Stream<int>& out) {
  for (int i = 0; i < count; ++i) out.write(in.read());
}

void Sum(int count, Stream<int>& in, int* sum) {
  for (int i = 0; i < count; ++i) *sum += in.read();
}

void FirstThenSecond(int count, Stream<int>& first, Stream<int>& second) {
  Produce(count, first);
  Produce(count, second);
}

void SecondThenFirst(int count, Stream<int>& first, Stream<int>& second,
                     int* sum) {
  Sum(count, second, sum);
  Sum(count, first, sum);
}

int SumOfCopies(int count) {
  Stream<int, 2> first("first");
  Stream<int, 3> second("second");
  int sum = 0;
  {
    MOEVIT_DATAFLOW;
    MOEVIT_PROCESS(Produce, count, first);
    MOEVIT_PROCESS(Copy, count, first, second);
    MOEVIT_PROCESS(Sum, count, second, &sum);
  }
  return sum;
}

TEST(StreamTest, KeepsOrderAndCountsInSequence) {
  EXPECT_EQ(SumOfCopies(10000), 10000 * 9999 / 2);
}

TEST(StreamTest, KeepsOrderAcrossThreads) {
  const sim::ScopedThreads threads;
  EXPECT_EQ(SumOfCopies(2000), 2000 * 1999 / 2);
}

TEST(StreamTest, IsAsDeepAsDeclaredUnlessLimited) {
  EXPECT_EQ((Stream<int, 7>("seven").depth()), 7);
  const sim::ScopedThreads threads(/*max_depth=*/3);
  EXPECT_EQ((Stream<int, 7>("seven").depth()), 3);
  EXPECT_EQ((Stream<int, 2>("two").depth()), 2);
}

TEST(StreamDeathTest, NamesTheStreamThatIsReadWhileEmpty) {
  Stream<int, 2> lonely("lonely");
  EXPECT_DEATH(lonely.read(), "stream lonely is read while it is empty");
}

void LeaveThreeElements() {
  Stream<int, 4> full("full");
  Produce(3, full);
}

TEST(StreamDeathTest, NamesTheStreamThatIsNotReadToItsEnd) {
  EXPECT_DEATH(LeaveThreeElements(), "stream full ends with 3 elements");
}

// The producer and the consumer of one stream, which want different counts.
void RunUnbalanced(int written, int read) {
  const sim::ScopedThreads threads;
  Stream<int, 2> between("between");
  int sum = 0;
  MOEVIT_DATAFLOW;
  MOEVIT_PROCESS(Produce, written, between);
  MOEVIT_PROCESS(Sum, read, between, &sum);
}

TEST(StreamDeathTest, NamesWhoWaitsForAnEmptyStream) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(RunUnbalanced(5, 6),
               "deadlock; Sum waits for stream between, which is empty");
}

TEST(StreamDeathTest, NamesWhoWaitsForAFullStream) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(RunUnbalanced(9, 6),
               "deadlock; Produce waits for stream between, which is full "
               "with 2 elements");
}

// The first stream must hold everything until the second has been read.
int SumOfBoth(int count) {
  const sim::ScopedThreads threads;
  Stream<int, 4> first("first");
  Stream<int, 1> second("second");
  int sum = 0;
  {
    MOEVIT_DATAFLOW;
    MOEVIT_PROCESS(FirstThenSecond, count, first, second);
    MOEVIT_PROCESS(SecondThenFirst, count, first, second, &sum);
  }
  return sum;
}

TEST(StreamTest, HoldsWhatIsReadLaterIfDeepEnough) {
  EXPECT_EQ(SumOfBoth(4), 2 * (0 + 1 + 2 + 3));
}

TEST(StreamDeathTest, NamesAllWhoWaitForEachOther) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(SumOfBoth(5),
               "FirstThenSecond waits for stream first, which is "
               "full with 4 elements");
  EXPECT_DEATH(SumOfBoth(5),
               "SecondThenFirst waits for stream second, which is empty");
}

}  // namespace
}  // namespace hls
}  // namespace moevit
