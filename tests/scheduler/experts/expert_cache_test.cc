#include "scheduler/experts/expert_cache.h"

#include <algorithm>
#include <cstdint>
#include <list>
#include <random>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/scheduler/experts/zipf.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Uses and releases; returns whether it was there.
bool Use(ExpertCache& cache, int expert) {
  std::vector<int> evicted;
  const absl::StatusOr<bool> hit = cache.Acquire(expert, &evicted);
  EXPECT_TRUE(hit.ok()) << hit.status();
  if (!hit.ok()) return false;
  cache.Release(expert);
  return *hit;
}

// What a cache by recency of `size` experts would hit.
int LruHits(const std::vector<int>& stream, size_t size) {
  std::list<int> recent;
  int hits = 0;
  for (int expert : stream) {
    const auto found = std::find(recent.begin(), recent.end(), expert);
    if (found != recent.end()) {
      ++hits;
      recent.erase(found);
    } else if (recent.size() == size) {
      recent.pop_back();
    }
    recent.push_front(expert);
  }
  return hits;
}

TEST(ExpertCacheTest, CountsHitsMissesBytesAndEvictions) {
  ExpertCache cache({.budget_bytes = 25}, {10, 10, 10});
  EXPECT_FALSE(Use(cache, 0));
  EXPECT_FALSE(Use(cache, 1));
  EXPECT_TRUE(Use(cache, 0));
  EXPECT_FALSE(Use(cache, 2));
  EXPECT_EQ(cache.statistics().hits, 1);
  EXPECT_EQ(cache.statistics().misses, 3);
  EXPECT_EQ(cache.statistics().bytes_loaded, 30);
  EXPECT_EQ(cache.statistics().evictions, 1);
  EXPECT_EQ(cache.used_bytes(), 20);
}

TEST(ExpertCacheTest, KeepsWhatIsUsedMoreOften) {
  ExpertCache cache({.budget_bytes = 2}, {1, 1, 1});
  for (int epoch = 0; epoch < 10; ++epoch) {
    Use(cache, 0);
    if (epoch % 4 == 0) Use(cache, 1);
    cache.NextEpoch();
  }
  std::vector<int> evicted;
  ASSERT_TRUE(cache.Acquire(2, &evicted).ok());
  EXPECT_THAT(evicted, ElementsAre(1));
}

TEST(ExpertCacheTest, OldFameFades) {
  ExpertCache cache({.budget_bytes = 2, .decay = 0.5}, {1, 1, 1});
  for (int i = 0; i < 100; ++i) Use(cache, 0);
  for (int epoch = 0; epoch < 20; ++epoch) {
    cache.NextEpoch();
    Use(cache, 1);
  }
  cache.NextEpoch();
  std::vector<int> evicted;
  ASSERT_TRUE(cache.Acquire(2, &evicted).ok());
  EXPECT_THAT(evicted, ElementsAre(0));
}

TEST(ExpertCacheTest, ASweepOverEverythingKeepsAsManyAsThereIsRoomFor) {
  // Every expert once per batch: by recency, nothing would ever be hit. Here
  // one place serves all that pass through, and the others stay.
  constexpr int kExperts = 24;
  constexpr int kRoom = 8;
  ExpertCache cache({.budget_bytes = kRoom}, std::vector<int64_t>(kExperts, 1));
  std::vector<int> stream;
  for (int batch = 0; batch < 20; ++batch) {
    const int64_t before = cache.statistics().hits;
    for (int e = 0; e < kExperts; ++e) {
      Use(cache, e);
      stream.push_back(e);
    }
    cache.NextEpoch();
    const int64_t hits = cache.statistics().hits - before;
    EXPECT_GE(hits, batch == 0 ? 0 : kRoom - 1);
  }
  EXPECT_EQ(LruHits(stream, kRoom), 0);
}

TEST(ExpertCacheTest, BeatsRecencyOnSkewedStreams) {
  for (double s : {0.6, 0.9, 1.2, 1.5}) {
    for (unsigned seed : {1, 2, 3}) {
      std::mt19937 random(seed);
      const std::vector<double> popularity = ZipfPopularity(96, s, random);
      std::discrete_distribution<int> draw(popularity.begin(),
                                           popularity.end());
      ExpertCache cache({.budget_bytes = 24}, std::vector<int64_t>(96, 1));
      std::vector<int> stream;
      for (int i = 0; i < 20000; ++i) {
        stream.push_back(draw(random));
        Use(cache, stream.back());
        if (i % 64 == 63) cache.NextEpoch();
      }
      EXPECT_GT(cache.statistics().hits, LruHits(stream, 24))
          << "s " << s << " seed " << seed;
    }
  }
}

TEST(ExpertCacheTest, AnExpertLargerThanTheBudgetIsRefusedByName) {
  ExpertCache cache({.budget_bytes = 9}, {5, 10});
  std::vector<int> evicted;
  Use(cache, 0);
  const absl::Status status = cache.Acquire(1, &evicted).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(
      status.message(),
      "expert 1 takes 10 bytes, more than the budget of 9 bytes"))
      << status;
  EXPECT_THAT(evicted, IsEmpty());
  EXPECT_TRUE(cache.resident(0));
}

TEST(ExpertCacheTest, ABudgetOfZeroHoldsNothing) {
  ExpertCache cache({.budget_bytes = 0}, {1});
  std::vector<int> evicted;
  EXPECT_FALSE(cache.Acquire(0, &evicted).ok());
  EXPECT_EQ(cache.PinHottest(0), 0);
}

TEST(ExpertCacheTest, NeverEvictsWhatIsHeld) {
  ExpertCache cache({.budget_bytes = 2}, {1, 1, 2});
  std::vector<int> evicted;
  ASSERT_TRUE(cache.Acquire(0, &evicted).ok());
  ASSERT_TRUE(cache.Acquire(1, &evicted).ok());  // the next, prefetched
  EXPECT_EQ(cache.Acquire(2, &evicted).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(evicted, IsEmpty());
  cache.Release(0);
  EXPECT_FALSE(cache.Acquire(2, &evicted).ok());
  cache.Release(1);
  EXPECT_TRUE(cache.Acquire(2, &evicted).ok());
  EXPECT_EQ(evicted.size(), 2u);
}

TEST(ExpertCacheTest, WhatWasLostIsLoadedAgain) {
  ExpertCache cache({.budget_bytes = 1}, {1});
  Use(cache, 0);
  cache.Drop(0);
  cache.Drop(0);
  EXPECT_EQ(cache.used_bytes(), 0);
  EXPECT_FALSE(Use(cache, 0));
}

TEST(ExpertCacheTest, PinningLeavesRoomForTheLargestOther) {
  ExpertCache cache({.budget_bytes = 10}, {4, 4, 4});
  EXPECT_TRUE(cache.Pin(0).ok());
  EXPECT_TRUE(cache.Pin(0).ok());
  const absl::Status status = cache.Pin(1);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(absl::StrContains(status.message(), "pin 8 bytes of 10"))
      << status;
  cache.Unpin(0);
  EXPECT_TRUE(cache.Pin(1).ok());
}

TEST(ExpertCacheTest, PinsTheHottest) {
  ExpertCache cache({.budget_bytes = 3}, {1, 1, 1, 1, 1});
  for (int i = 0; i < 9; ++i) Use(cache, 3);
  for (int i = 0; i < 4; ++i) Use(cache, 1);
  Use(cache, 0);
  EXPECT_EQ(cache.PinHottest(2), 0);  // counts when the epoch is over
  cache.NextEpoch();
  EXPECT_EQ(cache.PinHottest(2), 2);
  EXPECT_TRUE(cache.pinned(3));
  EXPECT_TRUE(cache.pinned(1));
  EXPECT_EQ(cache.PinHottest(1), 1);
  EXPECT_FALSE(cache.pinned(1));
}

TEST(ExpertCacheTest, KeepsItsPromisesUnderRandomUse) {
  std::mt19937 random(5);
  for (int run = 0; run < 20; ++run) {
    std::vector<int64_t> bytes(30);
    for (int64_t& b : bytes) b = 1 + static_cast<int64_t>(random() % 9);
    ExpertCache cache({.budget_bytes = 40, .decay = 0.7}, bytes);
    std::vector<bool> there(bytes.size());
    std::vector<int> held;
    for (int i = 0; i < 2000; ++i) {
      const int expert = static_cast<int>(random() % bytes.size());
      std::vector<int> evicted;
      const absl::StatusOr<bool> hit = cache.Acquire(expert, &evicted);
      for (int e : evicted) {
        EXPECT_FALSE(cache.pinned(e));
        EXPECT_THAT(held, ::testing::Not(::testing::Contains(e)));
        EXPECT_TRUE(there[e]);
        there[e] = false;
      }
      if (hit.ok()) {
        EXPECT_EQ(*hit, there[expert]);
        there[expert] = true;
        held.push_back(expert);
      }
      int64_t used = 0;
      for (size_t e = 0; e < bytes.size(); ++e) {
        EXPECT_EQ(cache.resident(static_cast<int>(e)), there[e]);
        if (there[e]) used += bytes[e];
      }
      EXPECT_EQ(cache.used_bytes(), used);
      EXPECT_LE(used, 40);
      while (!held.empty() && random() % 3 != 0) {
        cache.Release(held.back());
        held.pop_back();
      }
      if (random() % 20 == 0) cache.NextEpoch();
      if (random() % 100 == 0) cache.PinHottest(20);
    }
  }
}

TEST(ExpertCacheTest, ALostMemoryIsEmptyButWhatWasUsedIsKnown) {
  ExpertCache cache({.budget_bytes = 20}, {10, 10, 10});
  std::vector<int> evicted;
  for (int epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(Use(cache, 0), epoch > 0);
    cache.NextEpoch();
  }
  EXPECT_FALSE(*cache.Acquire(1, &evicted));  // held
  cache.Clear();
  EXPECT_EQ(cache.used_bytes(), 0);
  EXPECT_FALSE(cache.resident(0));
  // Nothing is held any more, and the most used one stays.
  for (const int expert : {0, 1, 2}) EXPECT_FALSE(Use(cache, expert));
  EXPECT_TRUE(cache.resident(0));
}

}  // namespace
}  // namespace moevit
