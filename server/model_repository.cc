#include "server/model_repository.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/catch_exceptions.h"
#include "base/status_macros.h"
#include "server/error_mapping.h"
#include "server/log.h"

namespace moevit {
namespace {

constexpr size_t kMaxCommands = 64;  // that wait

absl::Status Stopping() {
  return absl::UnavailableError("the server is shutting down");
}

absl::Status NoOrders() {
  return absl::FailedPreconditionError(
      "this server does not load and unload models on request: it was started "
      "without --model_control=explicit");
}

}  // namespace

void ModelRepository::Stop() {
  RequestStop();
  if (thread_.joinable()) thread_.join();
}

absl::Status ModelRepository::Check() const {
  MOEVIT_ASSIGN_OR_RETURN(const Wanted wanted, FindWanted());
  if (options_.mode == ModelControlMode::kNone && wanted.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the model repository ", root_,
        " holds no model: <model>/<version>/ directories are expected"));
  }
  return absl::OkStatus();
}

void ModelRepository::Start(
    std::function<void(const absl::Status&)> on_loaded) {
  on_loaded_ = std::move(on_loaded);
  thread_ = std::thread([this] { Run(); });
}

void ModelRepository::RequestStop() {
  std::deque<Command> refused;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    refused.swap(commands_);
    changed_.SignalAll();
  }
  for (Command& command : refused) {
    if (command.done) std::move(command.done)(Stopping());
  }
}

bool ModelRepository::stopping() const {
  MutexLock lock(&mutex_);
  return stopping_;
}

void ModelRepository::Poll() {
  if (options_.mode != ModelControlMode::kPoll) return;
  Command command;
  command.retry = true;
  Give(std::move(command));
}

void ModelRepository::Load(const std::string& name, Done done) {
  if (!takes_orders()) return std::move(done)(NoOrders());
  Command command;
  command.kind = Command::Kind::kLoad;
  command.name = name;
  command.done = std::move(done);
  Give(std::move(command));
}

void ModelRepository::Unload(const std::string& name, Done done) {
  if (!takes_orders()) return std::move(done)(NoOrders());
  Command command;
  command.kind = Command::Kind::kUnload;
  command.name = name;
  command.done = std::move(done);
  Give(std::move(command));
}

void ModelRepository::Give(Command command) {
  absl::Status refusal;
  {
    MutexLock lock(&mutex_);
    if (stopping_) {
      refusal = Stopping();
    } else if (commands_.size() >= kMaxCommands) {
      refusal = absl::ResourceExhaustedError(absl::StrFormat(
          "%d requests to load or unload models wait already", kMaxCommands));
    } else {
      commands_.push_back(std::move(command));
      changed_.SignalAll();
      return;
    }
  }
  if (command.done) std::move(command.done)(std::move(refusal));
}

void ModelRepository::Run() {
  on_loaded_(
      CatchExceptions("load the models", [this] { return LoadInitially(); }));
  while (std::optional<Command> command = NextCommand()) {
    const absl::Status executed =
        CatchExceptions("do as asked", [&] { return Execute(*command); });
    if (command->done) std::move(command->done)(executed);
  }
}

absl::Status ModelRepository::LoadInitially() {
  MOEVIT_ASSIGN_OR_RETURN(const Wanted wanted, FindWanted());
  std::vector<std::string> names = options_.load_models;
  const bool named = takes_orders() &&
                     std::find(names.begin(), names.end(), "*") == names.end();
  if (!named) {
    names.clear();
    for (const auto& [name, versions] : wanted) names.push_back(name);
  }
  models_.Announce(names, /*loading=*/true);
  absl::Status first_error;
  for (const std::string& name : names) {
    if (stopping()) return Stopping();
    first_error.Update(LoadNamed(name));
    if (!first_error.ok() && options_.exit_on_error) break;
  }
  models_.Announce(names, /*loading=*/false);
  return first_error;
}

// None when the thread is to end.
std::optional<ModelRepository::Command> ModelRepository::NextCommand() {
  const absl::Time poll_time = options_.mode == ModelControlMode::kPoll
                                   ? clock_->Now() + options_.poll_interval
                                   : absl::InfiniteFuture();
  MutexLock lock(&mutex_);
  while (!stopping_ && commands_.empty() && clock_->Now() < poll_time) {
    clock_->WaitUntil(&mutex_, &changed_, poll_time);
  }
  if (stopping_) return std::nullopt;
  if (commands_.empty()) return Command();
  Command command = std::move(commands_.front());
  commands_.pop_front();
  return command;
}

absl::Status ModelRepository::Execute(const Command& command) {
  switch (command.kind) {
    case Command::Kind::kPoll:
      Follow(command.retry);
      return absl::OkStatus();
    case Command::Kind::kLoad:
      return LoadNamed(command.name);
    case Command::Kind::kUnload:
      return models_.Remove(command.name);
  }
  return absl::InternalError("an unknown order");
}

// What goes wrong is logged, and shown by the index.
void ModelRepository::Follow(bool retry) {
  absl::StatusOr<Wanted> wanted = FindWanted();
  if (wanted.status() != last_scan_ && !wanted.ok()) {
    LogError(absl::StrCat("what is served stays as it is: ",
                          wanted.status().message()));
  }
  last_scan_ = wanted.status();
  if (!wanted.ok()) return;
  for (const std::string& name : models_.names()) (*wanted)[name];
  for (const auto& [name, versions] : *wanted) {
    if (stopping()) return;
    models_.Update(name, versions, retry, [this] { return stopping(); })
        .IgnoreError();
  }
}

absl::Status ModelRepository::LoadNamed(const std::string& name) {
  MOEVIT_ASSIGN_OR_RETURN(const Wanted wanted, FindWanted());
  const auto found = wanted.find(name);
  if (found == wanted.end()) {
    return absl::NotFoundError(
        absl::StrFormat("the repository has no model %s", Quoted(name)));
  }
  if (found->second.empty()) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the version policy %s admits no version that model '%s' has",
        options_.version_policies.Of(name).ToString(), name));
  }
  return models_.Update(name, found->second, /*retry=*/true,
                        [this] { return stopping(); });
}

absl::StatusOr<ModelRepository::Wanted> ModelRepository::FindWanted() const {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<RepositoryEntry> entries,
                          ScanRepository(root_));
  Wanted wanted;
  for (const RepositoryEntry& entry : entries) {
    wanted[entry.model].push_back(entry);
  }
  for (auto& [name, versions] : wanted) {
    std::vector<int64_t> numbers;
    for (const RepositoryEntry& entry : versions) {
      numbers.push_back(entry.version);
    }
    const std::vector<int64_t> selected =
        options_.version_policies.Of(name).Select(numbers);
    versions.erase(std::remove_if(versions.begin(), versions.end(),
                                  [&selected](const RepositoryEntry& entry) {
                                    return !std::binary_search(selected.begin(),
                                                               selected.end(),
                                                               entry.version);
                                  }),
                   versions.end());
  }
  return wanted;
}

}  // namespace moevit
