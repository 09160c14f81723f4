#include "kernels/card/xrt_unit.h"

#include <algorithm>
#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/card/xrt_status.h"

namespace moevit {
namespace {

size_t BytesOf(const KernelArgument& argument) {
  return std::visit(
      [](const auto& value) -> size_t {
        if constexpr (std::is_pointer_v<std::decay_t<decltype(value)>>) {
          return 0;
        } else {
          return sizeof(value);
        }
      },
      argument);
}

// What the driver has written into the command of `run`: once that is an end,
// everything that the launch wrote is there too.
ert_cmd_state StateOf(const xrt::run& run) {
  constexpr uint32_t kStateMask = 0xf;
  const uint32_t header =
      __atomic_load_n(&run.get_ert_packet()->header, __ATOMIC_ACQUIRE);
  return static_cast<ert_cmd_state>(header & kStateMask);
}

bool IsUnderWay(ert_cmd_state state) {
  return state == ERT_CMD_STATE_NEW || state == ERT_CMD_STATE_QUEUED ||
         state == ERT_CMD_STATE_RUNNING || state == ERT_CMD_STATE_SUBMITTED;
}

}  // namespace

std::shared_ptr<XrtUnit> XrtUnit::Create(const xrt::device& device,
                                         const xrt::uuid& image,
                                         ComputeUnit description) {
  const std::string name =
      absl::StrCat(description.kernel, ":{", description.instance, "}");
  std::shared_ptr<XrtUnit> unit(new XrtUnit(std::move(description)));
  unit->kernel_ = xrt::kernel(device, image, name);
  std::vector<KernelParameter>& parameters = unit->description_.parameters;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].is_pointer) {
      parameters[i].bank = unit->kernel_.group_id(static_cast<int>(i));
    }
  }
  return unit;
}

absl::Status XrtUnit::CheckArgument(size_t index,
                                    const KernelArgument& argument) const {
  const KernelParameter& parameter = description_.parameters[index];
  const auto wrong = [&](auto... what) {
    return absl::InvalidArgumentError(absl::StrCat(
        description_.instance, ": argument ", parameter.name, what...));
  };
  const size_t bytes = BytesOf(argument);
  if (!parameter.is_pointer) {
    if (bytes == parameter.bytes) return absl::OkStatus();
    return wrong(" takes a scalar of ", parameter.bytes, " bytes, not ",
                 bytes == 0 ? "a buffer" : absl::StrCat("one of ", bytes));
  }
  if (bytes != 0) return wrong(" takes a buffer, not a scalar");
  auto* const buffer =
      dynamic_cast<XrtBuffer*>(std::get<CardBuffer*>(argument));
  if (buffer == nullptr) return wrong(" takes a buffer of this card");
  if (buffer->bank() != parameter.bank) {
    return wrong(" reaches bank ", parameter.bank, ", but its buffer is in ",
                 buffer->bank());
  }
  if (buffer->memory()->object()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(description_.instance, ": the buffer for argument ",
                   parameter.name, " is from before a reset"));
}

absl::Status XrtUnit::Check(absl::Span<const KernelArgument> arguments) {
  {
    MutexLock lock(&mutex_);
    if (late_) {
      return absl::UnavailableError(absl::StrCat(
          description_.instance,
          " takes no launches until reset: one has not ended in time"));
    }
  }
  if (arguments.size() != description_.parameters.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        description_.instance, " takes ", description_.parameters.size(),
        " arguments, not ", arguments.size()));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    MOEVIT_RETURN_IF_ERROR(CheckArgument(i, arguments[i]));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<XrtUnit::Run>> XrtUnit::TakeRun() {
  {
    MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Run> run = std::move(idle_.back());
      idle_.pop_back();
      return run;
    }
  }
  auto run = std::make_unique<Run>();
  MOEVIT_RETURN_IF_ERROR(
      WithoutExceptions("preparing a launch", [&]() -> absl::Status {
        run->object = xrt::run(kernel_);
        return absl::OkStatus();
      }));
  return run;
}

void XrtUnit::SetArguments(absl::Span<const KernelArgument> arguments,
                           Run* run) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const int index = static_cast<int>(i);
    if (auto* const* buffer = std::get_if<CardBuffer*>(&arguments[i])) {
      const auto& memory = static_cast<XrtBuffer*>(*buffer)->memory();
      run->object.set_arg(index, memory->object());
      run->buffers.push_back(memory);
    } else {
      std::visit([&](const auto& value) { run->object.set_arg(index, value); },
                 arguments[i]);
    }
  }
}

absl::StatusOr<std::shared_ptr<OperationState>> XrtUnit::Launch(
    absl::Span<const KernelArgument> arguments) {
  MOEVIT_RETURN_IF_ERROR(Check(arguments));
  MOEVIT_ASSIGN_OR_RETURN(std::unique_ptr<Run> run, TakeRun());
  auto state = std::make_shared<OperationState>(
      absl::StrCat("launch of ", description_.instance),
      [weak = weak_from_this()] {
        const std::shared_ptr<XrtUnit> unit = weak.lock();
        if (unit == nullptr) return;
        MutexLock lock(&unit->mutex_);
        unit->late_ = true;
      });
  run->state = state;
  // XRT starts a run that has failed to start no more: it is dropped.
  MOEVIT_RETURN_IF_ERROR(WithoutExceptions(
      absl::StrCat("starting ", description_.instance), [&]() -> absl::Status {
        SetArguments(arguments, run.get());
        run->object.start();
        return absl::OkStatus();
      }));
  {
    MutexLock lock(&mutex_);
    running_.push_back(std::move(run));
  }
  CollectEnded();  // it may have ended before anybody else could know of it
  return state;
}

bool XrtUnit::CollectEnded() {
  std::vector<std::unique_ptr<Run>> ended;
  bool others = false;
  {
    MutexLock lock(&mutex_);
    const auto first_ended = std::stable_partition(
        running_.begin(), running_.end(),
        [](const auto& run) { return IsUnderWay(StateOf(run->object)); });
    ended.assign(std::make_move_iterator(first_ended),
                 std::make_move_iterator(running_.end()));
    running_.erase(first_ended, running_.end());
    others = !running_.empty();
  }
  for (std::unique_ptr<Run>& run : ended) End(std::move(run));
  return others;
}

void XrtUnit::End(std::unique_ptr<Run> run) {
  const std::shared_ptr<OperationState> state = std::move(run->state);
  run->buffers.clear();
  absl::Status status = WithoutExceptions(
      absl::StrCat("ending ", description_.instance), [&]() -> absl::Status {
        // Asking XRT lets it know that the run may start again.
        return LaunchStatus(description_.instance, run->object.state());
      });
  {
    MutexLock lock(&mutex_);
    idle_.push_back(std::move(run));
  }
  state->End(status);
}

bool XrtUnit::Abort() {
  CollectEnded();
  std::vector<xrt::run> running;
  {
    MutexLock lock(&mutex_);
    late_ = true;  // nothing new
    for (const auto& run : running_) running.push_back(run->object);
  }
  for (xrt::run& run : running) {
    // Whatever comes of it, its state tells whether the run is over.
    WithoutExceptions("aborting", [&]() -> absl::Status {
      run.abort();
      return absl::OkStatus();
    }).IgnoreError();
  }
  return !CollectEnded();
}

}  // namespace moevit
