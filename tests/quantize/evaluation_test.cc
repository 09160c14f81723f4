#include "quantize/evaluation.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/thread_pool.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "quantize/classifier.h"
#include "quantize/dataset.h"

namespace moevit {
namespace {

using ::testing::HasSubstr;

// One-byte images: image i is byte i, with the given label.
class ByteDataset : public Dataset {
 public:
  explicit ByteDataset(std::vector<int> labels, bool has_labels = true)
      : labels_(std::move(labels)), has_labels_(has_labels) {}

  int64_t size() const override { return labels_.size(); }
  bool has_labels() const override { return has_labels_; }
  size_t image_bytes() const override { return 1; }
  int classes() const override { return 7; }

  absl::StatusOr<Sample> Load(int64_t index) const override {
    if (index >= unreadable_from) {
      return absl::DataLossError(absl::StrCat("image ", index));
    }
    Sample sample;
    sample.pixels = {static_cast<uint8_t>(index)};
    if (has_labels_) sample.label = labels_[index];
    return sample;
  }

  int64_t unreadable_from = std::numeric_limits<int64_t>::max();

 private:
  const std::vector<int> labels_;
  const bool has_labels_;
};

// Answers image i with a fixed row of logits.
class TableClassifier : public Classifier {
 public:
  using Table = std::vector<std::vector<float>>;

  explicit TableClassifier(const Table* table) : table_(*table) {}

  size_t image_bytes() const override { return 1; }
  int classes() const override { return static_cast<int>(table_[0].size()); }

  absl::Status Classify(int images, absl::Span<const uint8_t> pixels,
                        absl::Span<float> logits) override {
    float* out = logits.data();
    for (int i = 0; i < images; ++i) {
      for (float logit : table_[pixels[i]]) *out++ = logit;
    }
    return absl::OkStatus();
  }

 private:
  const Table& table_;
};

EvaluatedModel TableModel(const TableClassifier::Table* table,
                          std::string name = "table") {
  return {std::move(name),
          [table] { return std::make_unique<TableClassifier>(table); }};
}

// A row whose largest logit is that of `predicted`.
std::vector<float> Predicting(int predicted) {
  std::vector<float> row(7, 0.0f);
  row[predicted] = 1.0f;
  return row;
}

class EvaluateTest : public ::testing::Test {
 protected:
  absl::StatusOr<Evaluation> Run(const TableClassifier::Table& table,
                                 const Dataset& dataset) {
    return Evaluate(TableModel(&table), dataset, options_, pool_);
  }

  EvaluationOptions options_ = [] {
    EvaluationOptions options;
    options.batch_size = 2;
    return options;
  }();
  ThreadPool pool_{/*workers=*/3};
};

TEST_F(EvaluateTest, CountsTop1AndTop5) {
  // Ranks of the label: 0, 4, 5.
  const TableClassifier::Table table(3, {7, 6, 5, 4, 3, 2, 1});
  const auto evaluation = Run(table, ByteDataset({0, 4, 5}));
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->images, 3);
  EXPECT_EQ(evaluation->threads, 3);
  EXPECT_EQ(evaluation->model.name, "table");
  EXPECT_EQ(evaluation->model.top1_right, 1);
  EXPECT_EQ(evaluation->model.top5_right, 2);
  EXPECT_FALSE(evaluation->against.has_value());
  EXPECT_FALSE(evaluation->comparison.has_value());
}

TEST_F(EvaluateTest, PutsTheLowerClassFirstAmongEqualLogits) {
  const TableClassifier::Table table(7, std::vector<float>(7, 1.0f));
  const auto evaluation = Run(table, ByteDataset({0, 1, 2, 3, 4, 5, 6}));
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->model.top1_right, 1);
  EXPECT_EQ(evaluation->model.top5_right, 5);
}

TEST_F(EvaluateTest, AveragesTheCrossEntropy) {
  const TableClassifier::Table table = {std::vector<float>(7, 3.0f),
                                        {1000, 0, 0, 0, 0, 0, 0}};
  const auto evaluation = Run(table, ByteDataset({6, 1}));
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_NEAR(evaluation->model.cross_entropy, (std::log(7.0) + 1000) / 2,
              1e-9);
}

TEST_F(EvaluateTest, ComparesImageByImage) {
  const TableClassifier::Table model = {Predicting(0), Predicting(1),
                                        Predicting(3), Predicting(4),
                                        Predicting(5)};
  const TableClassifier::Table other = {Predicting(0), Predicting(2),
                                        Predicting(2), Predicting(4),
                                        Predicting(6)};
  options_.against = TableModel(&other, "other");
  const auto evaluation = Run(model, ByteDataset({0, 1, 2, 3, 3}));
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  ASSERT_TRUE(evaluation->comparison.has_value());
  EXPECT_EQ(evaluation->comparison->both_right, 1);
  EXPECT_EQ(evaluation->comparison->only_model_right, 1);
  EXPECT_EQ(evaluation->comparison->only_other_right, 1);
  EXPECT_EQ(evaluation->comparison->both_wrong, 2);
  EXPECT_EQ(evaluation->comparison->same_prediction, 2);
  ASSERT_TRUE(evaluation->against.has_value());
  EXPECT_EQ(evaluation->against->name, "other");
  EXPECT_EQ(evaluation->against->top1_right, 2);
}

TEST_F(EvaluateTest, SpreadsTheLimitOverTheDataset) {
  // Only images 0, 3 and 6 are predicted right.
  TableClassifier::Table table(9, Predicting(1));
  for (int i : {0, 3, 6}) table[i] = Predicting(0);
  options_.limit = 3;
  const auto evaluation = Run(table, ByteDataset(std::vector<int>(9, 0)));
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->images, 3);
  EXPECT_EQ(evaluation->model.top1_right, 3);
}

TEST_F(EvaluateTest, GivesTheSameForAnyNumberOfThreads) {
  TableClassifier::Table table;
  std::vector<int> labels;
  for (int i = 0; i < 101; ++i) {
    table.push_back({});
    for (int c = 0; c < 7; ++c) table[i].push_back(std::sin(7.0f * i + c));
    labels.push_back(i % 7);
  }
  const ByteDataset dataset(labels);
  const auto expected = Run(table, dataset);
  ASSERT_TRUE(expected.ok());
  for (int workers : {1, 2, 5}) {
    ThreadPool pool(workers);
    const auto evaluation =
        Evaluate(TableModel(&table), dataset, options_, pool);
    ASSERT_TRUE(evaluation.ok());
    EXPECT_EQ(evaluation->model.top1_right, expected->model.top1_right);
    EXPECT_EQ(evaluation->model.cross_entropy, expected->model.cross_entropy);
  }
}

TEST_F(EvaluateTest, MeasuresTheTimeInsideTheClassifier) {
  // Each reading of the clock is a second after the last: one per batch and
  // two for the whole, besides those of the progress meter.
  ThreadPool one_thread(/*workers=*/1);
  int64_t now = 0;
  options_.clock = [&] { return absl::FromUnixSeconds(now++); };
  const TableClassifier::Table table(5, Predicting(0));
  const auto evaluation = Evaluate(
      TableModel(&table), ByteDataset({0, 0, 0, 0, 0}), options_, one_thread);
  ASSERT_TRUE(evaluation.ok());
  EXPECT_EQ(evaluation->model.compute_time, absl::Seconds(3));
  EXPECT_GT(evaluation->elapsed, absl::Seconds(3));
  EXPECT_NEAR(ImagesPerSecond(*evaluation, evaluation->model), 5.0 / 3, 1e-9);
}

TEST_F(EvaluateTest, ReportsTheFirstUnreadableImage) {
  const TableClassifier::Table table(50, Predicting(0));
  ByteDataset dataset(std::vector<int>(50, 0));
  dataset.unreadable_from = 7;
  EXPECT_EQ(Run(table, dataset).status(), absl::DataLossError("image 7"));
}

TEST_F(EvaluateTest, RefusesALogitThatIsNotFinite) {
  TableClassifier::Table table(3, Predicting(0));
  table[1][4] = std::numeric_limits<float>::quiet_NaN();
  const absl::Status status = Run(table, ByteDataset({0, 0, 0})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'table'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("image 1"));
}

TEST_F(EvaluateTest, RefusesADatasetWithoutLabels) {
  const TableClassifier::Table table(1, Predicting(0));
  EXPECT_EQ(Run(table, ByteDataset({0}, /*has_labels=*/false)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(EvaluateTest, RefusesAModelWithOtherClasses) {
  const TableClassifier::Table table(1, Predicting(0));
  const TableClassifier::Table other(1, {1, 2, 3});
  options_.against = TableModel(&other, "other");
  const absl::Status status = Run(table, ByteDataset({0})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("'other' has 3 classes, the dataset has 7"));
}

TEST_F(EvaluateTest, RefusesOptionsOutOfRange) {
  const TableClassifier::Table table(1, Predicting(0));
  options_.batch_size = 0;
  EXPECT_EQ(Run(table, ByteDataset({0})).status().code(),
            absl::StatusCode::kInvalidArgument);
  options_.batch_size = 1;
  options_.limit = -1;
  EXPECT_EQ(Run(table, ByteDataset({0})).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace moevit
