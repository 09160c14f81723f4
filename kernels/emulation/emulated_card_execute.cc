// The part of EmulatedCard that takes commands: what the kernel scheduler of
// the driver (KDS) does.

#include <cerrno>
#include <utility>

#include "kernels/emulation/emulated_card.h"

namespace moevit::emulation {
namespace {

constexpr uint32_t kUnitsPerMask = 32;

// The words of a start packet behind its header: masks of units, then the
// registers.
struct StartPacket {
  const uint32_t* masks;
  uint32_t mask_count;
  std::vector<uint32_t> registers;

  bool Names(uint32_t unit) const {
    return unit / kUnitsPerMask < mask_count &&
           ((masks[unit / kUnitsPerMask] >> (unit % kUnitsPerMask)) & 1) != 0;
  }
};

bool ReadStartPacket(const BufferObject& buffer, StartPacket* packet) {
  const auto* start =
      reinterpret_cast<const ert_start_kernel_cmd*>(buffer.host());
  packet->masks = &start->cu_mask;
  packet->mask_count = 1 + start->extra_cu_masks;
  if (start->count < packet->mask_count) return false;
  packet->registers.assign(packet->masks + packet->mask_count,
                           packet->masks + start->count);
  return true;
}

}  // namespace

int EmulatedCard::Execute(const std::shared_ptr<OpenFile>& file,
                          uint32_t packet_handle) {
  if (IsOffline()) return ENODEV;
  std::shared_ptr<BufferObject> packet = file->buffer(packet_handle);
  if (packet == nullptr) return ENOENT;
  if (!packet->is_packet() || packet->bytes() < sizeof(ert_packet)) {
    return EINVAL;
  }
  const auto* header = reinterpret_cast<const ert_packet*>(packet->host());
  const uint64_t bytes =
      sizeof(header->header) + uint64_t{header->count} * sizeof(uint32_t);
  if (bytes > packet->bytes()) return EINVAL;
  switch (header->opcode) {
    case ERT_START_CU:
      return Start(file, std::move(packet));
    case ERT_ABORT:
      Abort(file.get(), {file, std::move(packet), {}});
      return 0;
    case ERT_CONFIGURE:
    case ERT_CU_STAT:
      Command{file, std::move(packet), {}}.End(ERT_CMD_STATE_COMPLETED);
      return 0;
    default:
      return EINVAL;
  }
}

int EmulatedCard::Start(const std::shared_ptr<OpenFile>& file,
                        std::shared_ptr<BufferObject> packet) {
  StartPacket start;
  if (!ReadStartPacket(*packet, &start)) return EINVAL;
  MutexLock lock(&mutex_);
  if (state_.needs_reset) return EDEADLK;
  if (image_ == nullptr) return EINVAL;
  ComputeUnit* idlest = nullptr;
  int64_t lowest_load = 0;
  for (const auto& unit : image_->units()) {
    const auto index = static_cast<uint32_t>(unit->options().index);
    if (!start.Names(index) || !file->HasContext(index)) continue;
    const int64_t load = unit->load();
    if (idlest == nullptr || load < lowest_load) {
      idlest = unit.get();
      lowest_load = load;
    }
  }
  if (idlest == nullptr) return EINVAL;
  ++state_.launches;
  idlest->Submit(std::make_shared<const Command>(
      Command{file, std::move(packet), std::move(start.registers)}));
  return 0;
}

void EmulatedCard::Abort(OpenFile* file, Command abort) {
  const auto* request =
      reinterpret_cast<const ert_abort_cmd*>(abort.packet->host());
  const std::shared_ptr<BufferObject> packet =
      file->buffer(static_cast<uint32_t>(request->exec_bo_handle));
  ert_cmd_state state = ERT_CMD_STATE_ERROR;  // nothing was aborted
  {
    MutexLock lock(&mutex_);
    for (size_t i = 0; image_ != nullptr && i < image_->units().size(); ++i) {
      const auto result = image_->units()[i]->Cancel(packet.get());
      if (result == ComputeUnit::Cancelled::kNotHere) continue;
      if (result == ComputeUnit::Cancelled::kGoesOn) break;
      ++state_.failed;
      state = result == ComputeUnit::Cancelled::kStopped
                  ? ERT_CMD_STATE_COMPLETED
                  : ERT_CMD_STATE_ABORT;
      break;
    }
  }
  abort.End(state);
}

}  // namespace moevit::emulation
