#include "tests/server/life_cycle_fixture.h"

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "grpcpp/client_context.h"
#include "gtest/gtest.h"
#include "program/manifest.h"
#include "tests/server/test_model.h"

namespace moevit {

namespace fs = std::filesystem;

bool LifeCycleTest::ServerReady() {
  grpc::ClientContext context;
  inference::ServerReadyResponse response;
  EXPECT_TRUE(open_->ServerReady(&context, {}, &response).ok());
  return response.ready();
}

bool LifeCycleTest::ServerLive() {
  grpc::ClientContext context;
  inference::ServerLiveResponse response;
  EXPECT_TRUE(open_->ServerLive(&context, {}, &response).ok());
  return response.live();
}

bool LifeCycleTest::ModelReady(const std::string& name) {
  grpc::ClientContext context;
  inference::ModelReadyRequest request;
  request.set_name(name);
  inference::ModelReadyResponse response;
  EXPECT_TRUE(open_->ModelReady(&context, request, &response).ok());
  return response.ready();
}

int LifeCycleTest::HealthOf(const std::string& service) {
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  Health response;
  EXPECT_TRUE(health_->Check(&context, request, &response).ok());
  return response.status();
}

grpc::Status LifeCycleTest::ClassifyOne() {
  v1::ClassifyResponse response;
  return Classify(ClassifyRequestOf({TestImage(1)}), &response);
}

grpc::Status LifeCycleTest::Load(const std::string& name) {
  grpc::ClientContext context;
  inference::RepositoryModelLoadRequest request;
  request.set_model_name(name);
  inference::RepositoryModelLoadResponse response;
  return open_->RepositoryModelLoad(&context, request, &response);
}

grpc::Status LifeCycleTest::Unload(const std::string& name) {
  grpc::ClientContext context;
  inference::RepositoryModelUnloadRequest request;
  request.set_model_name(name);
  (*request.mutable_parameters())["unload_dependents"].set_bool_param(false);
  inference::RepositoryModelUnloadResponse response;
  return open_->RepositoryModelUnload(&context, request, &response);
}

std::vector<std::string> LifeCycleTest::Index(bool ready) {
  grpc::ClientContext context;
  inference::RepositoryIndexRequest request;
  request.set_ready(ready);
  inference::RepositoryIndexResponse response;
  EXPECT_TRUE(open_->RepositoryIndex(&context, request, &response).ok());
  std::vector<std::string> index;
  for (const auto& model : response.models()) {
    index.push_back(absl::StrCat(model.name(), "/", model.version(), " ",
                                 model.state(), " ", model.reason()));
  }
  return index;
}

std::string LifeCycleTest::DirectoryOf(const std::string& model,
                                       int version) const {
  return absl::StrCat(repository_.path(), "/", model, "/", version);
}

void LifeCycleTest::WriteManifest(const std::string& model, int version,
                                  const std::string& text) {
  const std::string directory = DirectoryOf(model, version);
  fs::create_directories(directory);
  EXPECT_TRUE(
      WriteFile(absl::StrCat(directory, "/", kManifestFile), text).ok());
}

}  // namespace moevit
