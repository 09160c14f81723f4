#include "kernels/executor.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace moevit {
namespace {

constexpr absl::string_view kNotBegunMark = "moevit/batch-not-begun";

}  // namespace

absl::Status Executor::RunCancellable(int images,
                                      absl::Span<const uint8_t> pixels,
                                      absl::Span<int32_t> logits,
                                      ExpertLoad* load,
                                      absl::FunctionRef<bool()> cancelled) {
  if (cancelled()) return BatchCancelledError();
  return Run(images, pixels, logits, load);
}

absl::Status BatchCancelledError() {
  return absl::CancelledError("the batch was cancelled while it ran");
}

absl::Status BatchNotBegunError(absl::Status error) {
  error.SetPayload(kNotBegunMark, absl::Cord());
  return error;
}

bool IsBatchNotBegun(const absl::Status& status) {
  return status.GetPayload(kNotBegunMark).has_value();
}

absl::Status CheckBatch(const Program& program, int images,
                        absl::Span<const uint8_t> pixels,
                        absl::Span<int32_t> logits) {
  if (images < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the number of images is ", images, ", less than 0"));
  }
  const int64_t pixel_bytes = images * program.image_bytes();
  if (static_cast<int64_t>(pixels.size()) != pixel_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(images, " images take ", pixel_bytes,
                     " bytes of pixels, not ", pixels.size()));
  }
  const int64_t logit_count = int64_t{images} * program.classes;
  if (static_cast<int64_t>(logits.size()) != logit_count) {
    return absl::InvalidArgumentError(absl::StrCat(
        images, " images give ", logit_count, " logits, not ", logits.size()));
  }
  return absl::OkStatus();
}

}  // namespace moevit
