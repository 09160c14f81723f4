#include "kernels/card/xrt_unit.h"

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

}  // namespace

std::shared_ptr<XrtUnit> XrtUnit::Create(const xrt::device& device,
                                         const xrt::uuid& image,
                                         ComputeUnit description,
                                         std::shared_ptr<Mutex> start_mutex) {
  const std::string name =
      absl::StrCat(description.kernel, ":{", description.instance, "}");
  std::shared_ptr<XrtUnit> unit(
      new XrtUnit(std::move(description), std::move(start_mutex)));
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

absl::StatusOr<XrtUnit::Slot*> XrtUnit::TakeSlot() {
  {
    MutexLock lock(&mutex_);
    for (const auto& slot : slots_) {
      if (slot->in_use) continue;
      slot->in_use = true;
      return slot.get();
    }
  }
  auto created = std::make_unique<Slot>();
  Slot* const slot = created.get();
  slot->in_use = true;
  MOEVIT_RETURN_IF_ERROR(
      WithoutExceptions("preparing a launch", [&]() -> absl::Status {
        slot->run = xrt::run(kernel_);
        AddCallback(slot);
        return absl::OkStatus();
      }));
  MutexLock lock(&mutex_);
  slots_.push_back(std::move(created));
  return slot;
}

// A plain wait with a timeout would keep the launches of other units waiting:
// XRT holds a lock of the card meanwhile. Callbacks do not.
void XrtUnit::AddCallback(Slot* slot) {
  slot->run.add_callback(
      ERT_CMD_STATE_COMPLETED,  // in fact called for every state that is final
      [weak = weak_from_this(), slot](const void*, ert_cmd_state state, void*) {
        const std::shared_ptr<XrtUnit> unit = weak.lock();
        if (unit == nullptr) return;
        unit->End(slot, LaunchStatus(unit->description_.instance, state));
      },
      nullptr);
}

absl::Status XrtUnit::SetArguments(absl::Span<const KernelArgument> arguments,
                                   Slot* slot) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    const int index = static_cast<int>(i);
    if (auto* const* buffer = std::get_if<CardBuffer*>(&arguments[i])) {
      const auto& memory = static_cast<XrtBuffer*>(*buffer)->memory();
      slot->run.set_arg(index, memory->object());
      slot->buffers.push_back(memory);
    } else {
      std::visit([&](const auto& value) { slot->run.set_arg(index, value); },
                 arguments[i]);
    }
  }
  return absl::OkStatus();
}

void XrtUnit::End(Slot* slot, const absl::Status& status) {
  std::shared_ptr<OperationState> state;
  std::vector<std::shared_ptr<XrtMemory>> buffers;
  {
    MutexLock lock(&mutex_);
    state = std::move(slot->state);
    buffers = std::move(slot->buffers);
    slot->buffers.clear();
    slot->in_use = false;
  }
  buffers.clear();
  if (state != nullptr) state->End(status);
}

absl::StatusOr<std::shared_ptr<OperationState>> XrtUnit::Launch(
    absl::Span<const KernelArgument> arguments) {
  MOEVIT_RETURN_IF_ERROR(Check(arguments));
  MOEVIT_ASSIGN_OR_RETURN(Slot* const slot, TakeSlot());
  auto state = std::make_shared<OperationState>(
      absl::StrCat("launch of ", description_.instance),
      [weak = weak_from_this()] {
        const std::shared_ptr<XrtUnit> unit = weak.lock();
        if (unit == nullptr) return;
        MutexLock lock(&unit->mutex_);
        unit->late_ = true;
      });
  slot->state = state;  // no other thread looks at it before start()
  const absl::Status started = WithoutExceptions(
      absl::StrCat("starting ", description_.instance), [&]() -> absl::Status {
        MOEVIT_RETURN_IF_ERROR(SetArguments(arguments, slot));
        MutexLock lock(start_mutex_.get());
        slot->run.start();
        return absl::OkStatus();
      });
  if (started.ok()) return state;
  Retire(slot);
  return started;
}

// XRT takes such a run for one that has never ended, and starts it no more. If
// the thread in which XRT waits for launches had just taken it over, it looks
// at it again when the next one ends: it must find an end then and let go.
void XrtUnit::Retire(Slot* slot) {
  if (slot->run) slot->run.get_ert_packet()->state = ERT_CMD_STATE_ERROR;
  MutexLock lock(&mutex_);
  slot->state = nullptr;
  slot->buffers.clear();
}

void XrtUnit::Abort() {
  std::vector<xrt::run> running;
  {
    MutexLock lock(&mutex_);
    late_ = true;  // nothing new
    for (const auto& slot : slots_) {
      if (slot->state != nullptr) running.push_back(slot->run);
    }
  }
  for (xrt::run& run : running) {
    // A run that cannot be aborted is one that has ended, or lost anyway.
    WithoutExceptions("aborting", [&]() -> absl::Status {
      run.abort();
      return absl::OkStatus();
    }).IgnoreError();
  }
}

}  // namespace moevit
