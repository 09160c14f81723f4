// The tensors of a checkpoint under their canonical names, each taken at most
// once, so that what nobody asked for can be reported.

#ifndef MOEVIT_MODEL_TENSOR_SOURCE_H_
#define MOEVIT_MODEL_TENSOR_SOURCE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/safetensors_reader.h"

namespace moevit {

// Thread-compatible.
class TensorSource {
 public:
  // Strips the prefixes "module." and "backbone." from all names. `reader`
  // must outlive the source. Returns kInvalidArgument when two names become
  // equal.
  static absl::StatusOr<TensorSource> Create(const SafetensorsReader* reader);

  bool Has(absl::string_view name) const { return names_.contains(name); }

  // The names that begin with `prefix` and end with `suffix`, ascending.
  std::vector<std::string> Matching(absl::string_view prefix,
                                    absl::string_view suffix) const;

  // The finite values of a tensor that must have exactly this shape. Returns
  // kInvalidArgument naming the tensor, and what is wrong with it.
  absl::StatusOr<std::vector<float>> Take(absl::string_view name,
                                          absl::Span<const int64_t> shape);

  // kInvalidArgument when a tensor was not taken, naming the first few. Those
  // that serve only training are not counted.
  absl::Status RefuseUntaken() const;

 private:
  // Canonical name to the name in the file.
  using Names = std::map<std::string, std::string, std::less<>>;

  TensorSource(const SafetensorsReader* reader, Names names)
      : reader_(reader), names_(std::move(names)) {}

  const SafetensorsReader* reader_;
  Names names_;
  absl::flat_hash_set<std::string> taken_;  // canonical names
};

}  // namespace moevit

#endif  // MOEVIT_MODEL_TENSOR_SOURCE_H_
