// A directory of its own for a test, removed with the object.

#ifndef MOEVIT_TESTS_SERVER_TEMPORARY_DIRECTORY_H_
#define MOEVIT_TESTS_SERVER_TEMPORARY_DIRECTORY_H_

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "gtest/gtest.h"

namespace moevit {

class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(::testing::TempDir() + "moevit_XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << path_;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_TEMPORARY_DIRECTORY_H_
