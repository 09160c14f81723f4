// What tests of models that come and go share: a server, and what clients see
// and ask of its models.

#ifndef MOEVIT_TESTS_SERVER_LIFE_CYCLE_FIXTURE_H_
#define MOEVIT_TESTS_SERVER_LIFE_CYCLE_FIXTURE_H_

#include <string>
#include <vector>

#include "grpcpp/support/status.h"
#include "tests/server/test_server.h"

namespace moevit {

class LifeCycleTest : public ServerTest {
 protected:
  using Health = grpc::health::v1::HealthCheckResponse;

  bool ServerReady();
  bool ServerLive();
  bool ModelReady(const std::string& name);
  int HealthOf(const std::string& service);

  grpc::Status ClassifyOne();
  grpc::Status Load(const std::string& name);
  grpc::Status Unload(const std::string& name);

  // Each version as "name/version STATE reason".
  std::vector<std::string> Index(bool ready = false);

  std::string DirectoryOf(const std::string& model, int version) const;

  // Changes what the server takes for a version's manifest.
  void WriteManifest(const std::string& model, int version,
                     const std::string& text);
};

// Clients say which models there are.
class ExplicitControlTest : public LifeCycleTest {
 protected:
  ExplicitControlTest() {
    options_.model_control.mode = ModelControlMode::kExplicit;
  }
};

}  // namespace moevit

#endif  // MOEVIT_TESTS_SERVER_LIFE_CYCLE_FIXTURE_H_
