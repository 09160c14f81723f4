// A directory of models, served over the server's life: loads them in the
// background, follows changes or clients' wishes, one after the other.

#ifndef MOEVIT_SERVER_MODEL_REPOSITORY_H_
#define MOEVIT_SERVER_MODEL_REPOSITORY_H_

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "scheduler/clock.h"
#include "server/model_control.h"
#include "server/model_set.h"
#include "server/repository_scan.h"

namespace moevit {

// Thread safe. Names come from clients: they are compared with what the
// directory holds and never used to build a path.
class ModelRepository {
 public:
  // Called exactly once, on any thread. Must not throw.
  using Done = absl::AnyInvocable<void(absl::Status) &&>;

  // Serves <root>/<model>/<version>/ directories through `registry`. The
  // pointers must outlive this. `on_change` is called after what is served has
  // changed, on another thread. REQUIRES: options.Validate().ok().
  ModelRepository(std::string root, const ModelControlOptions& options,
                  ModelLoader loader, ModelRegistry* registry, Clock* clock,
                  std::function<void()> on_change)
      : root_(std::move(root)),
        options_(options),
        clock_(clock),
        models_(std::move(loader), registry, std::move(on_change)) {}

  ~ModelRepository() { Stop(); }

  // Returns why the directory cannot be read, or that there is no model
  // although all there are would be served for good.
  absl::Status Check() const;

  // Begins to load what is there at the start, then does what it is asked to.
  // `on_loaded` is called once, on another thread, with the first error.
  void Start(std::function<void(const absl::Status&)> on_loaded);

  // Refuses what it is asked from now on, and gives up what it was. Does not
  // block.
  void RequestStop();

  // The same, and waits until the load in progress has noticed: it looks up
  // after each executor. No callback is called after that.
  void Stop();

  // Looks at the directory now, and tries again what failed, if it polls.
  void Poll();

  // Loads what is new or has changed of model `name`. `done` gets kNotFound
  // when there is no such model, kFailedPrecondition when the server does not
  // take orders or serves none of the model's versions, kResourceExhausted
  // when too many wait, kUnavailable when it stops, or why it cannot be loaded.
  void Load(const std::string& name, Done done);

  // Stops serving model `name`: answers what was accepted, then frees its
  // memory; `done` does not wait for that. The errors are Load's.
  void Unload(const std::string& name, Done done);

  bool takes_orders() const {
    return options_.mode == ModelControlMode::kExplicit;
  }
  const ModelSet& models() const { return models_; }

 private:
  struct Command {
    enum class Kind { kPoll, kLoad, kUnload };
    Kind kind = Kind::kPoll;
    bool retry = false;  // of kPoll
    std::string name;
    Done done;
  };
  // The versions that are to be served, by model.
  using Wanted = std::map<std::string, std::vector<RepositoryEntry>>;

  void Run();
  absl::Status LoadInitially();
  std::optional<Command> NextCommand();
  void Give(Command command);
  absl::Status Execute(const Command& command);
  void Follow(bool retry);
  absl::Status LoadNamed(const std::string& name);
  absl::StatusOr<Wanted> FindWanted() const;
  bool stopping() const;

  const std::string root_;
  const ModelControlOptions options_;
  Clock* const clock_;
  ModelSet models_;
  std::function<void(const absl::Status&)> on_loaded_;
  absl::Status last_scan_;  // of the thread

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Command> commands_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace moevit

#endif  // MOEVIT_SERVER_MODEL_REPOSITORY_H_
