// A model directory of either kind, float checkpoint or quantized, loaded for
// evaluation.

#ifndef MOEVIT_CLIENT_LOADED_MODEL_H_
#define MOEVIT_CLIENT_LOADED_MODEL_H_

#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "model/checkpoint.h"
#include "model/config.h"
#include "program/quantized_model.h"
#include "quantize/evaluation.h"

namespace moevit {

// Immutable; safe to use from any number of threads.
class LoadedModel {
 public:
  // A directory with a program.json is a quantized model, any other a
  // checkpoint. Returns the errors of LoadQuantizedModel and LoadCheckpoint.
  static absl::StatusOr<LoadedModel> Load(const std::string& directory);

  const ModelConfig& config() const;

  // A quantized model is run by the CPU executor. This object must
  // outlive the result and stay where it is.
  EvaluatedModel Evaluated() const;

 private:
  using Content = std::variant<Checkpoint, QuantizedModel>;

  LoadedModel(std::string directory, Content content)
      : directory_(std::move(directory)), content_(std::move(content)) {}

  std::string directory_;
  Content content_;
};

}  // namespace moevit

#endif  // MOEVIT_CLIENT_LOADED_MODEL_H_
