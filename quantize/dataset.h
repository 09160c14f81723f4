// Images for calibration and evaluation, already prepared as the model wants
// them, from one of
//   a raw file     uint8 images [n, image_size, image_size, 3], then n uint8
//                  labels; no header
//   class folders  one subfolder of JPEG and PNG files per class
//   a flat folder  JPEG and PNG files, without labels
//
// Opening makes an index; images are read and decoded one by one, so a dataset
// may be far larger than memory.

#ifndef MOEVIT_QUANTIZE_DATASET_H_
#define MOEVIT_QUANTIZE_DATASET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/config.h"

namespace moevit {

struct Sample {
  std::vector<uint8_t> pixels;  // [image_size, image_size, channels]
  std::optional<int> label;     // in [0, classes()); always there or never
};

// Thread safe.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual int64_t size() const = 0;  // images, at least 1
  virtual bool has_labels() const = 0;
  virtual size_t image_bytes() const = 0;  // of Sample::pixels
  virtual int classes() const = 0;

  // REQUIRES: 0 <= index < size(). For a file that cannot be read or decoded,
  // returns the error with the file's path.
  virtual absl::StatusOr<Sample> Load(int64_t index) const = 0;
};

enum class LabelUse {
  kRequired,  // a flat folder and labels that do not fit are errors
  kIgnored,   // samples have no label
};

// Opens `path` for the model that `config` describes. With labels required,
// each subfolder is the class of that name in config.class_names; without
// names there, the sorted subfolders are the classes and must be as many as
// the model has. Files other than *.jpg, *.jpeg and *.png and names that begin
// with a dot are passed over. Returns
//   kNotFound         when there is nothing at `path`
//   kInvalidArgument  for a file whose size does not fit the model, a label
//                     beyond its classes, a folder without images or with
//                     images beside subfolders, a subfolder that names no
//                     class, and a flat folder when labels are required
absl::StatusOr<std::unique_ptr<Dataset>> OpenDataset(const std::string& path,
                                                     const ModelConfig& config,
                                                     LabelUse labels);

// min(count, size) indices in [0, size), ascending and evenly spread: in class
// folders, the first few images would be all of one class.
std::vector<int64_t> SpreadIndices(int64_t size, int64_t count);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_DATASET_H_
