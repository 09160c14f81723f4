// Models in real files, on the real processor.

#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "program/manifest.h"
#include "program/random_model.h"
#include "tests/server/life_cycle_fixture.h"

namespace moevit {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ModelFilesTest : public ExplicitControlTest {
 protected:
  ModelFilesTest() {
    fs::remove_all(repository_.path() + "/vehicles");
    const ServerDependencies real = ServerDependencies::Default(options_);
    dependencies_.read_model = real.read_model;
    dependencies_.new_executor = real.new_executor;
    options_.model_control.load_models = {"*"};
    Save(1);
  }

  void Save(int version) {
    const absl::Status saved =
        SaveQuantizedModel(RandomModel(), DirectoryOf("random", version));
    ASSERT_TRUE(saved.ok()) << saved;
  }

  // The second version as it may be found while somebody copies it.
  void CopyInPart(const std::vector<std::string>& files) {
    fs::create_directories(DirectoryOf("random", 2));
    for (const std::string& file : files) {
      fs::copy(DirectoryOf("random", 1) + "/" + file,
               DirectoryOf("random", 2) + "/" + file);
    }
  }
};

TEST_F(ModelFilesTest, R16AModelWithoutItsManifestIsNotServed) {
  ASSERT_TRUE(StartServer().ok());
  CopyInPart({"config.json", "program.json", "weights.safetensors"});
  const grpc::Status status = Load("random");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(),
              AllOf(HasSubstr("version 2 of model 'random'"),
                    HasSubstr("/random/2/manifest.json")));
  EXPECT_THAT(Index(/*ready=*/true), ElementsAre("random/1 READY "));
  fs::copy(DirectoryOf("random", 1) + "/manifest.json",
           DirectoryOf("random", 2) + "/manifest.json");
  EXPECT_TRUE(Load("random").ok());
  EXPECT_THAT(Index(), ElementsAre("random/1 READY ", "random/2 READY "));
}

TEST_F(ModelFilesTest, R16AModelThatIsTornIsNotServed) {
  ASSERT_TRUE(StartServer().ok());
  CopyInPart(
      {"config.json", "program.json", "weights.safetensors", "manifest.json"});
  const std::string weights = DirectoryOf("random", 2) + "/weights.safetensors";
  fs::resize_file(weights, fs::file_size(weights) / 2);
  const grpc::Status status = Load("random");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_THAT(status.error_message(), HasSubstr("/2/weights.safetensors has"));
  EXPECT_THAT(Index(/*ready=*/true), ElementsAre("random/1 READY "));
}

// A served model whose files are overwritten stays what it was.
TEST_F(ModelFilesTest, R16AModelThatIsTornWhileItIsServedIsServedOn) {
  ASSERT_TRUE(StartServer().ok());
  const std::string program = DirectoryOf("random", 1) + "/program.json";
  ASSERT_TRUE(WriteFile(program, "{}").ok());
  WriteManifest("random", 1, "{}");
  EXPECT_FALSE(Load("random").ok());
  EXPECT_TRUE(ModelReady("random"));
  EXPECT_THAT(Index(), ElementsAre(StartsWith("random/1 READY ")));
}

int Threads() {
  return static_cast<int>(std::distance(
      fs::directory_iterator("/proc/self/task"), fs::directory_iterator()));
}

TEST_F(ModelFilesTest, R17ThreadsAreThoseOfTheConfigurationForEachModel) {
  options_.threads_per_batch = 3;
  options_.concurrent_batches = 2;
  const ServerDependencies real = ServerDependencies::Default(options_);
  dependencies_.new_executor = real.new_executor;
  ASSERT_TRUE(StartServer().ok());
  const int per_model =
      options_.concurrent_batches * (options_.threads_per_batch - 1);
  const int with_one = Threads();
  Save(2);
  Save(3);
  ASSERT_TRUE(Load("random").ok());
  // gRPC may have started one or the other of its own.
  EXPECT_NEAR(Threads(), with_one + 2 * per_model, 2);
  ASSERT_TRUE(Unload("random").ok());
  EXPECT_LE(Threads(), with_one + 2);
}

}  // namespace
}  // namespace moevit
