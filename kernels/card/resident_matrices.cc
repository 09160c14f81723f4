#include "kernels/card/resident_matrices.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "kernels/hls/word.h"

namespace moevit::card {
namespace {

hls::Word* Words(CardBuffer& buffer) {
  return reinterpret_cast<hls::Word*>(buffer.host().data());
}

std::string ChecksumOf(CardBuffer& buffer) {
  return Sha256Hex(
      absl::string_view(reinterpret_cast<const char*>(buffer.host().data()),
                        buffer.host().size()));
}

}  // namespace

absl::StatusOr<ResidentMatrices> ResidentMatrices::Load(
    const CardContext& context, absl::Span<const MatrixUse> uses,
    const ValueLayout& input, const ValueLayout& output) {
  ResidentMatrices resident;
  int64_t words = 0;
  for (const MatrixUse& use : uses) {
    MOEVIT_ASSIGN_OR_RETURN(
        resident.items_.emplace_back(),
        PlanItems(context.tiles(), use, input, output, &words));
    resident.item_count_ += static_cast<int>(resident.items_.back().size());
  }
  for (int port = 0; port < 2; ++port) {
    MOEVIT_ASSIGN_OR_RETURN(resident.ports_[port],
                            context.Allocate(port == 0 ? LinearPort::kWeights0
                                                       : LinearPort::kWeights1,
                                             words * hls::kWordBytes));
  }
  for (size_t i = 0; i < uses.size(); ++i) {
    WriteImage(uses[i], input, output, resident.items_[i],
               Words(*resident.ports_[0]), Words(*resident.ports_[1]));
  }
  for (int port = 0; port < 2; ++port) {
    CardBuffer& buffer = *resident.ports_[port];
    resident.checksums_[port] = ChecksumOf(buffer);
    MOEVIT_RETURN_IF_ERROR(context.Store(&buffer));
  }
  return resident;
}

absl::Status ResidentMatrices::Run(const CardContext& context,
                                   CardBuffer* schedule, int items,
                                   CardBuffer* input, CardBuffer* residual,
                                   CardBuffer* output) const {
  return context.RunLinear(schedule, ports_[0].get(), ports_[1].get(), input,
                           residual, output, items);
}

absl::Status ResidentMatrices::Verify(const CardContext& context) const {
  for (int port = 0; port < 2; ++port) {
    CardBuffer& buffer = *ports_[port];
    MOEVIT_RETURN_IF_ERROR(context.CopyFromCard(
        &buffer, static_cast<int64_t>(buffer.host().size())));
    if (ChecksumOf(buffer) != checksums_[port]) {
      return absl::DataLossError(
          absl::StrCat("weights in the memory of ", context.card().name(),
                       ", port ", port, ", are no longer what was loaded"));
    }
  }
  return absl::OkStatus();
}

}  // namespace moevit::card
