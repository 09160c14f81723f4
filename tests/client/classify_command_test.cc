#include "client/classify_command.h"

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "proto/moevit/v1/inference.grpc.pb.h"
#include "tests/client/command_test.h"

namespace moevit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct SeenRequest {
  std::string model;
  std::string version;
  int top_k = 0;
  int images = 0;
  std::string authorization;
};

// Classifies an image as its own bytes; an image "bad" is an image error, and
// a request with an image "refuse" or "drain" fails as a whole.
class FakeService final : public v1::InferenceService::Service {
 public:
  grpc::Status Classify(grpc::ServerContext* context,
                        const v1::ClassifyRequest* request,
                        v1::ClassifyResponse* response) override {
    requests.push_back({request->model_name(), request->model_version(),
                        request->top_k(), request->images_size(), ""});
    const auto authorization = context->client_metadata().find("authorization");
    if (authorization != context->client_metadata().end()) {
      requests.back().authorization.assign(authorization->second.data(),
                                           authorization->second.size());
    }
    for (const std::string& image : request->images()) {
      if (image == "refuse") {
        return {grpc::StatusCode::RESOURCE_EXHAUSTED, "queue is full"};
      }
      if (image == "drain") {
        return {grpc::StatusCode::UNAVAILABLE, "shutting down"};
      }
      AddResult(image, response->add_results());
    }
    if (drop_results) response->clear_results();
    return grpc::Status::OK;
  }

  std::vector<SeenRequest> requests;
  bool drop_results = false;

 private:
  static void AddResult(const std::string& image, v1::ImageResult* result) {
    if (image == "bad") {
      result->mutable_error()->set_code(grpc::StatusCode::INVALID_ARGUMENT);
      result->mutable_error()->set_message("not an image");
      return;
    }
    v1::ScoredClass* scored = result->mutable_classification()->add_classes();
    scored->set_label(image.substr(0, 20));
    scored->set_score(1);
  }
};

class ClassifyCommandTest : public CommandTest<ClassifyCommand> {
 protected:
  ClassifyCommandTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }

  ~ClassifyCommandTest() override {
    server_->Shutdown();
    for (const std::string& path : files_) std::remove(path.c_str());
  }

  // Writes a file that is removed after the test; returns its path.
  std::string File(const std::string& content) {
    const std::string path =
        absl::StrCat(::testing::TempDir(), "/classify_command_test_",
                     ::testing::UnitTest::GetInstance()->random_seed(), "_",
                     reinterpret_cast<uintptr_t>(this), "_", files_.size());
    std::ofstream(path, std::ios::binary) << content;
    files_.push_back(path);
    return path;
  }

  // Runs `moevit classify` against the fake service.
  ExitCode Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     absl::StrCat("--server=127.0.0.1:", port_));
    return CommandTest::Run(std::move(arguments));
  }

  FakeService service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::string> files_;
};

TEST_F(ClassifyCommandTest, PrintsOneLinePerFileInOrder) {
  const std::string ship = File("ship");
  const std::string frog = File("frog");
  EXPECT_EQ(Run({ship, frog}), kExitSuccess);
  EXPECT_EQ(out_.str(),
            absl::StrCat(ship, ": ship 100.0%\n", frog, ": frog 100.0%\n"));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(ClassifyCommandTest, PassesFlagsToTheServer) {
  EXPECT_EQ(Run({"--model=m", "--version=3", "--top=7", File("ship")}),
            kExitSuccess);
  ASSERT_THAT(service_.requests, SizeIs(1));
  EXPECT_EQ(service_.requests[0].model, "m");
  EXPECT_EQ(service_.requests[0].version, "3");
  EXPECT_EQ(service_.requests[0].top_k, 7);
}

TEST_F(ClassifyCommandTest, SendsTheTokenOfAFile) {
  const std::string token = "--token_file=" + File("secret-token\n");
  EXPECT_EQ(Run({token, File("ship")}), kExitSuccess);
  ASSERT_THAT(service_.requests, SizeIs(1));
  EXPECT_EQ(service_.requests[0].authorization, "Bearer secret-token");
}

TEST_F(ClassifyCommandTest, RefusesATokenFileWithoutOneToken) {
  for (const char* content : {"", "two words", "two\nlines", "not\x01 one"}) {
    const std::string file = File(content);
    EXPECT_NE(Run({"--token_file=" + file, File("ship")}), kExitSuccess);
    EXPECT_THAT(err_.str(), HasSubstr(file));
  }
  EXPECT_THAT(service_.requests, IsEmpty());
}

TEST_F(ClassifyCommandTest, RefusesHalfOfWhatTlsNeeds) {
  EXPECT_NE(Run({"--tls_ca=ca.pem", File("ship")}), kExitSuccess);
  EXPECT_THAT(err_.str(), HasSubstr("need --tls"));
  EXPECT_NE(Run({"--tls", "--tls_key=key.pem", File("ship")}), kExitSuccess);
  EXPECT_THAT(err_.str(), HasSubstr("go together"));
  EXPECT_NE(Run({"--tls", "--tls_ca=no/such/ca.pem", File("ship")}),
            kExitSuccess);
  EXPECT_THAT(err_.str(), HasSubstr("no/such/ca.pem"));
}

TEST_F(ClassifyCommandTest, WithTlsItDoesNotTalkToAServerWithout) {
  EXPECT_NE(Run({"--tls", "--timeout=5s", File("ship")}), kExitSuccess);
  EXPECT_THAT(service_.requests, IsEmpty());
}

TEST_F(ClassifyCommandTest, ReadsStandardInput) {
  in_.str("horse");
  EXPECT_EQ(Run({"-"}), kExitSuccess);
  EXPECT_EQ(out_.str(), "-: horse 100.0%\n");
}

TEST_F(ClassifyCommandTest, SplitsManyImagesOverRequests) {
  std::vector<std::string> files;
  for (int i = 0; i < 19; ++i) files.push_back(File(absl::StrCat("image", i)));
  EXPECT_EQ(Run(files), kExitSuccess);
  std::vector<int> sizes;
  for (const SeenRequest& request : service_.requests) {
    sizes.push_back(request.images);
  }
  EXPECT_THAT(sizes, ElementsAre(8, 8, 3));
  EXPECT_THAT(out_.str(), HasSubstr("image18"));
}

TEST_F(ClassifyCommandTest, KeepsRequestsBelowTheMessageLimit) {
  const std::string two_mib(size_t{2} << 20, 'x');
  EXPECT_EQ(Run({File(two_mib), File(two_mib), File("ship")}), kExitSuccess);
  ASSERT_THAT(service_.requests, SizeIs(2));
  EXPECT_EQ(service_.requests[0].images, 1);
  EXPECT_EQ(service_.requests[1].images, 2);
}

TEST_F(ClassifyCommandTest, FailsWhenOneImageFailsButShowsTheOthers) {
  const std::string bad = File("bad");
  EXPECT_EQ(Run({bad, File("ship")}), kExitFailure);
  EXPECT_THAT(out_.str(), HasSubstr(": ship 100.0%"));
  EXPECT_THAT(err_.str(), HasSubstr(absl::StrCat(bad, ": not an image")));
  EXPECT_THAT(err_.str(), HasSubstr("1 of 2 images failed"));
}

TEST_F(ClassifyCommandTest, NamesFileThatCannotBeRead) {
  EXPECT_EQ(Run({"/nonexistent/cat.jpg", File("ship")}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("/nonexistent/cat.jpg"));
  EXPECT_THAT(out_.str(), HasSubstr(": ship 100.0%"));
}

TEST_F(ClassifyCommandTest, GoesOnAfterARequestThatTheServerRefuses) {
  std::vector<std::string> files = {File("refuse")};
  for (int i = 0; i < 8; ++i) files.push_back(File("ship"));
  EXPECT_EQ(Run(files), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("RESOURCE_EXHAUSTED: queue is full"));
  EXPECT_THAT(err_.str(), HasSubstr("8 of 9 images failed"));
  EXPECT_THAT(out_.str(), HasSubstr(absl::StrCat(files[8], ": ship")));
}

TEST_F(ClassifyCommandTest, StopsWhenTheServerGoesAway) {
  std::vector<std::string> files = {File("drain")};
  for (int i = 0; i < 8; ++i) files.push_back(File("ship"));
  EXPECT_EQ(Run(files), kExitFailure);
  EXPECT_THAT(service_.requests, SizeIs(1));
  EXPECT_THAT(err_.str(), HasSubstr("shutting down"));
}

TEST_F(ClassifyCommandTest, NamesTheAddressOfAServerThatIsAway) {
  server_->Shutdown();
  EXPECT_EQ(Run({File("ship")}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr(absl::StrCat("127.0.0.1:", port_)));
  EXPECT_THAT(err_.str(), HasSubstr("is moevit-server running there?"));
}

TEST_F(ClassifyCommandTest, RefusesAnAnswerWithMissingResults) {
  service_.drop_results = true;
  EXPECT_EQ(Run({File("ship")}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("0 results for 1 images"));
}

TEST_F(ClassifyCommandTest, WritesResultsAndErrorsAsJsonLines) {
  EXPECT_EQ(Run({"--json", File("ship"), File("bad")}), kExitFailure);
  std::istringstream lines(out_.str());
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(Json::parse(line)["classes"][0]["label"], "ship");
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(Json::parse(line)["error"]["message"], "not an image");
}

TEST_F(ClassifyCommandTest, RefusesArgumentsThatMakeNoSense) {
  EXPECT_EQ(Run({}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("no FILE is given"));
  EXPECT_EQ(Run({"--top=0", "x"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("--top is 0"));
  EXPECT_EQ(Run({"--timeout=-1s", "x"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("--timeout is -1s"));
  EXPECT_THAT(service_.requests, IsEmpty());
}

}  // namespace
}  // namespace moevit
