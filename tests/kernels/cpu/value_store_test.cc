#include "kernels/cpu/value_store.h"

#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/cpu/schedule.h"
#include "kernels/cpu/step_use.h"
#include "kernels/cpu/value_layout.h"
#include "program/program.h"

namespace moevit::cpu {
namespace {

constexpr int kMaxImages = 5;
constexpr int kWorkers = 3;
constexpr int kRows = 7;

// Four values of 7 rows; the first two in turn are codes and 16 bits wide.
Program FourValues() {
  Program program;
  for (int i = 0; i < 4; ++i) {
    Value value;
    value.type = i % 2 == 0 ? ElementType::kCode : ElementType::kInt16;
    value.rows = kRows;
    value.channels = 65;
    program.values.push_back(value);
  }
  return program;
}

StepUse Rows(std::vector<ValueId> values) {
  return {Scope::kRows, kRows, values};
}

// From 0 to 1 to 2 by rows, from 2 to 3 over the batch, then 3 by rows.
class ValueStoreTest : public ::testing::Test {
 protected:
  const Program program_ = FourValues();
  const ValueLayouts layouts_{program_};
  const std::vector<StepUse> steps_ = {{Scope::kImages, 0, {0}},
                                       Rows({0, 1}),
                                       Rows({1, 2}),
                                       {Scope::kBatch, 0, {2, 3}},
                                       Rows({3})};
  const std::vector<Segment> schedule_ = MakeSchedule(steps_);
  const ValueStore store_{program_,  layouts_,   steps_,
                          schedule_, kMaxImages, kWorkers};

  bool Overlap(const uint8_t* a, ValueId id_a, int images_a, const uint8_t* b,
               ValueId id_b, int images_b) const {
    return a < b + layouts_.image_bytes(id_b) * images_b &&
           b < a + layouts_.image_bytes(id_a) * images_a;
  }
};

TEST_F(ValueStoreTest, RowsArePaddedToPanels) {
  EXPECT_EQ(layouts_.stride(0), 128);
  EXPECT_EQ(layouts_.image_bytes(0), kRows * 128);
  EXPECT_EQ(layouts_.image_bytes(1), kRows * 128 * 2);
}

TEST_F(ValueStoreTest, KeepsWhatSegmentsShare) {
  EXPECT_EQ(store_.kept(0, 0), nullptr);
  EXPECT_EQ(store_.kept(1, 0), nullptr);
  EXPECT_NE(store_.kept(2, 0), nullptr);
  EXPECT_NE(store_.kept(3, 0), nullptr);
}

TEST_F(ValueStoreTest, KeptImagesFollowEachOther) {
  EXPECT_EQ(store_.kept(2, 4) - store_.kept(2, 0), 4 * layouts_.image_bytes(2));
  EXPECT_FALSE(Overlap(store_.kept(2, 0), 2, kMaxImages, store_.kept(3, 0), 3,
                       kMaxImages));
}

TEST_F(ValueStoreTest, WorkersHaveFramesOfTheirOwn) {
  const int images = store_.slice_images();
  ASSERT_GE(images, 1);
  for (int a = 0; a < kWorkers; ++a) {
    const Frame frame = store_.OwnFrame(a, images);
    EXPECT_FALSE(Overlap(frame[0], 0, images, frame[1], 1, images));
    for (int b = 0; b < a; ++b) {
      const Frame other = store_.OwnFrame(b, images);
      EXPECT_FALSE(Overlap(frame[0], 0, images, other[0], 0, images));
      EXPECT_FALSE(Overlap(frame[0], 0, images, other[1], 1, images));
      EXPECT_FALSE(Overlap(frame[1], 1, images, other[1], 1, images));
    }
  }
}

TEST(ValueStorePlanTest, OnlyStagesSideBySideForbidSharingAPlace) {
  // 0 is dead when 2 is written, but in the same stage.
  const Program program = FourValues();
  const ValueLayouts layouts(program);
  const std::vector<StepUse> steps = {Rows({0}), Rows({0, 1}), Rows({1, 2}),
                                      Rows({2, 3})};
  const ValueStore store(program, layouts, steps, MakeSchedule(steps),
                         kMaxImages, kWorkers);
  const Frame own = store.OwnFrame(0, 1);
  EXPECT_EQ(own[0], own[2]);
  const Frame common = store.CommonFrame(1);
  EXPECT_NE(common[0], common[2]);
}

TEST(ValueStorePlanTest, AFrameOfSmallValuesHasRoomForTheWholeBatch) {
  const Program program = FourValues();
  const ValueLayouts layouts(program);
  const std::vector<StepUse> steps = {Rows({0, 1})};
  const ValueStore store(program, layouts, steps, MakeSchedule(steps),
                         kMaxImages, kWorkers);
  EXPECT_EQ(store.slice_images(), kMaxImages);
}

TEST(ValueStorePlanTest, AnImageLargerThanTheCacheStillHasAFrame) {
  Program program = FourValues();
  program.values[0].rows = 100000;
  const ValueLayouts layouts(program);
  const std::vector<StepUse> steps = {{Scope::kImages, 0, {0, 1}}};
  const ValueStore store(program, layouts, steps, MakeSchedule(steps),
                         kMaxImages, kWorkers);
  EXPECT_EQ(store.slice_images(), 1);
}

}  // namespace
}  // namespace moevit::cpu
