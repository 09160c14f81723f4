#include "quantize/raw_dataset.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/mapped_file.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

class RawDataset : public Dataset {
 public:
  RawDataset(MappedFile file, const ModelConfig& config, LabelUse labels)
      : file_(std::move(file)),
        image_bytes_(config.image_bytes()),
        size_(file_.bytes().size() / (image_bytes_ + 1)),
        classes_(config.num_classes),
        has_labels_(labels == LabelUse::kRequired) {}

  int64_t size() const override { return size_; }
  bool has_labels() const override { return has_labels_; }
  size_t image_bytes() const override { return image_bytes_; }
  int classes() const override { return classes_; }

  absl::StatusOr<Sample> Load(int64_t index) const override {
    const absl::string_view pixels =
        file_.bytes().substr(index * image_bytes_, image_bytes_);
    Sample sample;
    sample.pixels.assign(pixels.begin(), pixels.end());
    if (has_labels_) sample.label = LabelOf(index);
    return sample;
  }

  int LabelOf(int64_t index) const {
    return static_cast<uint8_t>(file_.bytes()[size_ * image_bytes_ + index]);
  }

 private:
  const MappedFile file_;
  const size_t image_bytes_;
  const int64_t size_;
  const int classes_;
  const bool has_labels_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> OpenRawDataset(
    const std::string& path, const ModelConfig& config, LabelUse labels) {
  MOEVIT_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  const size_t bytes = file.bytes().size();
  const size_t sample_bytes = config.image_bytes() + 1;
  if (bytes == 0 || bytes % sample_bytes != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "dataset '", path, "' has ", bytes,
        " bytes, which is not a positive multiple of ", sample_bytes, " (",
        config.image_size, " x ", config.image_size, " x ", config.channels,
        " pixels and a label)"));
  }
  auto dataset = std::make_unique<RawDataset>(std::move(file), config, labels);
  for (int64_t i = 0; dataset->has_labels() && i < dataset->size(); ++i) {
    if (dataset->LabelOf(i) >= config.num_classes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "dataset '", path, "': image ", i, " has label ", dataset->LabelOf(i),
          ", the model has ", config.num_classes, " classes"));
    }
  }
  return dataset;
}

}  // namespace moevit
