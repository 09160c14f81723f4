// main() of the tests. What a run writes under testing::TempDir() lies in a
// directory of its own, which goes with the run: two at the same time, of other
// builds or by other users, do not meet there.

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  ::testing::InitGoogleMock(&argc, argv);
  std::string directory = ::testing::TempDir() + "moevit_test_XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) {
    std::perror(directory.c_str());
    return 1;
  }
  std::error_code ignored;
  // Tests that give up their privileges go on reading in it.
  fs::permissions(directory, fs::perms(0755), ignored);
  setenv("TEST_TMPDIR", directory.c_str(), /*overwrite=*/1);
  const int result = RUN_ALL_TESTS();
  fs::remove_all(directory, ignored);
  return result;
}
