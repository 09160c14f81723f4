#include "server/repository_scan.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/temporary_directory.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class RepositoryScanTest : public ::testing::Test {
 protected:
  void MakeDirectory(const std::string& path) {
    std::filesystem::create_directories(root_.path() + "/" + path);
  }

  std::vector<std::string> Scan() {
    std::vector<std::string> found;
    const auto entries = ScanRepository(root_.path());
    if (!entries.ok()) return {std::string(entries.status().message())};
    for (const RepositoryEntry& entry : *entries) {
      EXPECT_EQ(entry.directory, absl::StrCat(root_.path(), "/", entry.model,
                                              "/", entry.version));
      found.push_back(absl::StrCat(entry.model, "/", entry.version));
      if (entry.readable.ok()) continue;
      absl::StrAppend(&found.back(), ": ", entry.readable.message());
    }
    return found;
  }

  TemporaryDirectory root_;
};

TEST_F(RepositoryScanTest, ListsVersionsInNumericalOrder) {
  for (const char* path : {"b/10", "b/9", "a/1"}) MakeDirectory(path);
  EXPECT_THAT(Scan(), ElementsAre("a/1", "b/9", "b/10"));
}

TEST_F(RepositoryScanTest, PassesOverWhatIsNotAVersion) {
  for (const char* path :
       {"a/1", "a/01", "a/0", "a/-1", "a/new", "a/.2", ".git/1"}) {
    MakeDirectory(path);
  }
  std::ofstream(root_.path() + "/a/3") << "a file";
  std::ofstream(root_.path() + "/README.md") << "a file";
  EXPECT_THAT(Scan(), ElementsAre("a/1"));
}

TEST_F(RepositoryScanTest, AMissingRepositoryIsNamed) {
  const std::string missing = root_.path() + "/missing";
  const absl::Status status = ScanRepository(missing).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr(missing));
}

TEST_F(RepositoryScanTest, AFileIsNotARepository) {
  const std::string file = root_.path() + "/file";
  std::ofstream(file) << "a file";
  EXPECT_FALSE(ScanRepository(file).ok());
}

TEST_F(RepositoryScanTest, AnEmptyRepositoryHoldsNothing) {
  MakeDirectory("model/without-version");
  EXPECT_THAT(Scan(), IsEmpty());
}

TEST_F(RepositoryScanTest, FollowsLinksThatStayInside) {
  MakeDirectory("a/1");
  MakeDirectory(".data");
  std::ofstream(root_.path() + "/.data/weights") << "a file";
  fs::create_symlink("../../.data/weights", root_.path() + "/a/1/weights");
  fs::create_directory_symlink("1", root_.path() + "/a/2");
  EXPECT_THAT(Scan(), ElementsAre("a/1", "a/2"));
}

// A link is no way out of the repository.
TEST_F(RepositoryScanTest, R10VersionsWithLinksThatLeadOutsideAreNotReadable) {
  const TemporaryDirectory outside;
  fs::create_directories(outside.path() + "/1");
  fs::create_directory_symlink(outside.path(), root_.path() + "/a");
  MakeDirectory("b");
  fs::create_directory_symlink(outside.path() + "/1", root_.path() + "/b/1");
  MakeDirectory("c/1");
  fs::create_symlink("/etc/passwd", root_.path() + "/c/1/config.json");
  MakeDirectory("d/1");
  EXPECT_THAT(
      Scan(),
      ElementsAre(HasSubstr("a/1 leads to " + outside.path() +
                            "/1, which is outside of the repository"),
                  HasSubstr("b/1 leads to"),
                  HasSubstr("leads to /etc/passwd, which is outside"), "d/1"));
}

TEST_F(RepositoryScanTest, LinksToNowhereAreNotReadable) {
  MakeDirectory("a/1");
  for (const char* link : {"/a/2", "/b"}) {
    fs::create_symlink("nowhere", root_.path() + link);
  }
  fs::create_symlink("3", root_.path() + "/a/3");
  fs::create_symlink("c", root_.path() + "/c");
  EXPECT_THAT(Scan(),
              ElementsAre("a/1", HasSubstr("No such file or directory"),
                          HasSubstr("Too many levels of symbolic links")));
}

TEST_F(RepositoryScanTest, RefusesNamesThatCannotBeLabels) {
  MakeDirectory("a model/1");
  const absl::Status status = ScanRepository(root_.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("'a model'"));
}

TEST_F(RepositoryScanTest, PassesOverSuchNamesWithoutVersions) {
  MakeDirectory("lost+found/inode");
  MakeDirectory("a/1");
  EXPECT_THAT(Scan(), ElementsAre("a/1"));
}

}  // namespace
}  // namespace moevit
