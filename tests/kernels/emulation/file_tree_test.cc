#include "kernels/emulation/file_tree.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"

namespace moevit::emulation {
namespace {

namespace fs = std::filesystem;

TEST(FileTreeTest, HoldsFilesUntilRemoved) {
  FileTree tree;
  ASSERT_EQ(tree.Create(), 0);
  tree.MakeDirectory("/sys/a/b");
  tree.Put("/sys/a/b/text", "one");
  tree.Put("/sys/a/b/text", "two");
  tree.PutNumber("/sys/a/number", -7);
  tree.Link("/nowhere", "/sys/a/link");
  EXPECT_EQ(*ReadFile(tree.root() + "/sys/a/b/text", 10), "two");
  EXPECT_EQ(*ReadFile(tree.root() + "/sys/a/number", 10), "-7\n");
  EXPECT_EQ(fs::read_symlink(tree.root() + "/sys/a/link"), "/nowhere");
  tree.Remove();
  EXPECT_FALSE(fs::exists(tree.root()));
}

TEST(FileTreeTest, RemovesWhatKilledProcessesLeft) {
  const fs::path parent = fs::path(::testing::TempDir()) / "file_tree_test";
  fs::create_directories(parent);
  setenv("TMPDIR", parent.c_str(), /*overwrite=*/1);
  const auto make_old = [&parent](const char* name, const char* lock) {
    const fs::path tree = parent / name;
    fs::create_directories(tree);
    EXPECT_TRUE(WriteFile((tree / lock).string(), "").ok());
    fs::last_write_time(
        tree, fs::file_time_type::clock::now() - std::chrono::hours(1));
    return tree;
  };
  const fs::path abandoned = make_old("moevit-emulated-cards.old", ".lock");
  const fs::path foreign = make_old("something else", ".lock");
  FileTree living;
  ASSERT_EQ(living.Create(), 0);
  fs::last_write_time(living.root(),
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  FileTree tree;
  ASSERT_EQ(tree.Create(), 0);
  EXPECT_FALSE(fs::exists(abandoned));
  EXPECT_TRUE(fs::exists(foreign));
  EXPECT_TRUE(fs::exists(living.root()));
  unsetenv("TMPDIR");
  fs::remove_all(parent);
}

TEST(FileTreeTest, FailsWhereItCannotBe) {
  setenv("TMPDIR", "/nonexistent", /*overwrite=*/1);
  FileTree tree;
  EXPECT_EQ(tree.Create(), ENOENT);
  unsetenv("TMPDIR");
}

}  // namespace
}  // namespace moevit::emulation
