#include "base/json.h"

#include <cstdint>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ParseError(absl::string_view text,
                       const JsonLimits& limits = JsonLimits()) {
  const absl::Status status = ParseJson(text, "test.json", limits).status();
  EXPECT_FALSE(status.ok());
  return std::string(status.message());
}

TEST(ParseJsonTest, RefusesWhatIsNotJson) {
  EXPECT_THAT(ParseError("{\"a\": 1,}"), HasSubstr("test.json: parse error"));
  EXPECT_THAT(ParseError("{\"a\": 1,}"), HasSubstr("line 1, column 9"));
  EXPECT_THAT(ParseError(""), HasSubstr("end of input"));
  EXPECT_THAT(ParseError("{} {}"), HasSubstr("expected end of input"));
  EXPECT_THAT(ParseError("\"\xff\""), HasSubstr("UTF-8"));
  EXPECT_THAT(ParseError("1e999"), HasSubstr("number overflow"));
}

TEST(ParseJsonTest, RefusesARepeatedKey) {
  EXPECT_THAT(ParseError(R"({"a": {"b": 1, "c": 2, "b": 3}})"),
              HasSubstr("\"b\" occurs twice"));
}

TEST(ParseJsonTest, AllowsOneKeyInTwoObjects) {
  EXPECT_TRUE(ParseJson(R"({"a": {"a": 1}, "b": {"a": 1}})", "t").ok());
}

TEST(ParseJsonTest, BoundsTheDepth) {
  EXPECT_TRUE(ParseJson("[[1]]", "t", {.max_depth = 2}).ok());
  EXPECT_THAT(ParseError("[[[1]]]", {.max_depth = 2}),
              HasSubstr("deeper than 2"));
  EXPECT_THAT(ParseError(std::string(1 << 20, '[')), HasSubstr("deeper than"));
}

TEST(ParseJsonTest, BoundsTheSize) {
  EXPECT_THAT(ParseError("[1, 2]", {.max_bytes = 5}),
              HasSubstr("6 bytes of JSON; at most 5"));
}

class JsonObjectTest : public ::testing::Test {
 protected:
  JsonObject Root(absl::string_view text) {
    document_ = ParseJson(text, "test.json").value();
    return JsonObject::Root(document_, "test.json").value();
  }

  Json document_;
};

template <typename T>
std::string ErrorOf(const absl::StatusOr<T>& result) {
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(result.status().message());
}

TEST_F(JsonObjectTest, ReadsEveryType) {
  const JsonObject root = Root(
      R"({"yes": true, "text": "t", "number": 1.5, "integer": -7,
          "object": {"inner": 1}, "objects": [{"inner": 2}],
          "strings": ["a", "b"], "numbers": [1, 2.5], "integers": [3, 4]})");
  EXPECT_EQ(root.Bool("yes").value(), true);
  EXPECT_EQ(root.String("text").value(), "t");
  EXPECT_EQ(root.Double("number").value(), 1.5);
  EXPECT_EQ(root.Integer<int8_t>("integer").value(), -7);
  EXPECT_EQ(root.Object("object")->Integer<int>("inner").value(), 1);
  EXPECT_EQ(root.Objects("objects")->at(0).Integer<int>("inner").value(), 2);
  EXPECT_THAT(root.Strings("strings").value(), ElementsAre("a", "b"));
  EXPECT_THAT(root.Doubles("numbers").value(), ElementsAre(1.0, 2.5));
  EXPECT_THAT(root.Integers<uint8_t>("integers").value(), ElementsAre(3, 4));
}

TEST_F(JsonObjectTest, NamesFieldValueAndExpectation) {
  EXPECT_EQ(ErrorOf(Root(R"({"a": "x"})").Integer<int>("a", 1, 9)),
            "test.json: \"a\" is \"x\"; expected an integer in [1, 9]");
  EXPECT_EQ(ErrorOf(Root(R"({"a": {"b": [true]}})").Object("a")->String("b")),
            "test.json: \"a.b\" is [true]; expected a string");
  EXPECT_EQ(ErrorOf(Root(R"({"a": [1, 300]})").Integers<uint8_t>("a")),
            "test.json: \"a[1]\" is 300; expected an integer in [0, 255]");
  EXPECT_EQ(ErrorOf(Root(R"({"a": [{}, 1]})").Objects("a")),
            "test.json: \"a[1]\" is 1; expected an object");
}

TEST_F(JsonObjectTest, TreatsNullAsMissing) {
  const JsonObject root = Root(R"({"a": null})");
  EXPECT_FALSE(root.Has("a"));
  EXPECT_EQ(ErrorOf(root.Bool("a")),
            "test.json: \"a\" is missing; expected true or false");
}

TEST_F(JsonObjectTest, RefusesNumbersThatDoNotFit) {
  const JsonObject root =
      Root(R"({"big": 18446744073709551615, "fraction": 1.5, "low": -1})");
  EXPECT_THAT(ErrorOf(root.Integer<int64_t>("big")),
              HasSubstr("18446744073709551615"));
  EXPECT_THAT(ErrorOf(root.Integer<int>("fraction")), HasSubstr("is 1.5"));
  EXPECT_THAT(ErrorOf(root.Integer<uint64_t>("low")), HasSubstr("is -1"));
}

TEST_F(JsonObjectTest, ShortensLongValues) {
  const std::string text = "{\"a\": \"" + std::string(10000, 'x') + "\"}";
  EXPECT_LT(ErrorOf(Root(text).Bool("a")).size(), 200u);
}

TEST_F(JsonObjectTest, RefusesUnknownFields) {
  const JsonObject root = Root(R"({"inner": {"a": 1, "b": 2}})");
  const JsonObject inner = root.Object("inner").value();
  EXPECT_TRUE(inner.RefuseUnknown({"a", "b"}).ok());
  EXPECT_EQ(inner.RefuseUnknown({"a"}).message(),
            "test.json: unknown field \"inner.b\"");
}

TEST_F(JsonObjectTest, RefusesADocumentThatIsNoObject) {
  document_ = ParseJson("[1]", "test.json").value();
  EXPECT_EQ(ErrorOf(JsonObject::Root(document_, "test.json")),
            "test.json: expected a JSON object, found array");
}

}  // namespace
}  // namespace moevit
