#include "server/model_registry.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ModelRegistry::ModelPointer Model(const std::string& name, int64_t version) {
  auto model = std::make_shared<ServedModel>();
  model->name = name;
  model->version = version;
  return model;
}

class ModelRegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const int64_t version : {2, 10, 1}) {
      EXPECT_EQ(registry_.Put(Model("birds", version)), nullptr);
    }
  }

  ModelRegistry registry_;
};

TEST_F(ModelRegistryTest, TheHighestVersionIsTheDefault) {
  const auto found = registry_.Find("birds", "");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->version, 10);
}

TEST_F(ModelRegistryTest, FindsANamedVersion) {
  const auto found = registry_.Find("birds", "2");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->version, 2);
}

TEST_F(ModelRegistryTest, SaysWhatThereIsInsteadOfAnUnknownModel) {
  const absl::Status status = registry_.Find("fish", "").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("'fish'; this server has birds"));
}

TEST_F(ModelRegistryTest, SaysWhatThereIsInsteadOfAnUnknownVersion) {
  const absl::Status status = registry_.Find("birds", "3").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("no version 3; it has 1, 2, 10"));
}

TEST_F(ModelRegistryTest, HostileNamesAreJustUnknown) {
  for (const std::string& name :
       {std::string("../birds"), std::string("/etc/passwd"),
        std::string("birds\0", 6), std::string(65536, 'x'), std::string()}) {
    EXPECT_EQ(registry_.Find(name, "").status().code(),
              absl::StatusCode::kNotFound);
  }
}

TEST_F(ModelRegistryTest, RefusesVersionsThatAreNotNumbers) {
  for (const char* version : {"latest", "-1", "0", "01", "1 ", " 1", "+1",
                              "1.0", "99999999999999999999", "../1"}) {
    EXPECT_EQ(registry_.Find("birds", version).status().code(),
              absl::StatusCode::kInvalidArgument)
        << version;
  }
}

TEST_F(ModelRegistryTest, AVersionIsReplacedUnderItsName) {
  const auto held = *registry_.Find("birds", "2");
  const auto successor = Model("birds", 2);
  EXPECT_EQ(registry_.Put(successor), held);
  EXPECT_EQ(*registry_.Find("birds", "2"), successor);
}

TEST_F(ModelRegistryTest, WhatIsRemovedIsNotFoundAndStaysValid) {
  const auto held = *registry_.Find("birds", "10");
  EXPECT_EQ(registry_.Remove("birds", 10), held);
  EXPECT_EQ(registry_.Remove("birds", 10), nullptr);
  EXPECT_EQ(registry_.Remove("fish", 1), nullptr);
  EXPECT_EQ((*registry_.Find("birds", ""))->version, 2);
  EXPECT_EQ(held->version, 10);
  registry_.Remove("birds", 1);
  registry_.Remove("birds", 2);
  EXPECT_EQ(registry_.Find("birds", "").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ModelRegistryTest, AModelThatIsBeingLoadedIsWorthAnotherTry) {
  registry_.SetLoading("cats", true);
  EXPECT_EQ(registry_.Find("cats", "").status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(registry_.FindOnly("").ok());
  registry_.SetLoading("cats", false);
  EXPECT_EQ(registry_.Find("cats", "").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ModelRegistryTest, TheOnlyModelNeedsNoName) {
  ASSERT_TRUE(registry_.FindOnly("").ok());
  EXPECT_EQ((*registry_.FindOnly(""))->version, 10);
  EXPECT_EQ((*registry_.FindOnly("2"))->version, 2);
  EXPECT_THAT(registry_.FindOnly("7").status().message(),
              HasSubstr("birds' has no version 7"));
  registry_.Put(Model("cats", 1));
  const absl::Status status = registry_.FindOnly("").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("birds, cats"));
}

TEST_F(ModelRegistryTest, ListsInOrder) {
  registry_.Put(Model("ants", 5));
  EXPECT_THAT(registry_.All(), SizeIs(4));
  EXPECT_EQ(registry_.All()[0]->name, "ants");
  std::vector<int64_t> versions;
  for (const auto& model : registry_.Versions("birds")) {
    versions.push_back(model->version);
  }
  EXPECT_THAT(versions, ElementsAre(1, 2, 10));
  EXPECT_THAT(registry_.Versions("fish"), IsEmpty());
}

TEST(EmptyModelRegistryTest, HasNoOnlyModel) {
  ModelRegistry registry;
  EXPECT_EQ(registry.FindOnly("").status().code(),
            absl::StatusCode::kInvalidArgument);
  registry.SetLoading("birds", true);
  EXPECT_EQ(registry.FindOnly("").status().code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace moevit
