#include "client/loaded_model.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "kernels/cpu/cpu_executor.h"
#include "kernels/cpu/isa.h"
#include "quantize/classifier.h"

namespace moevit {

absl::StatusOr<LoadedModel> LoadedModel::Load(const std::string& directory) {
  std::error_code ignored;  // then the loaders say what is wrong
  if (std::filesystem::exists(directory + "/program.json", ignored)) {
    MOEVIT_RETURN_IF_ERROR(DefaultIsa().status());
    MOEVIT_ASSIGN_OR_RETURN(QuantizedModel model,
                            LoadQuantizedModel(directory));
    return LoadedModel(directory, std::move(model));
  }
  MOEVIT_ASSIGN_OR_RETURN(Checkpoint checkpoint, LoadCheckpoint(directory));
  return LoadedModel(directory, std::move(checkpoint));
}

const ModelConfig& LoadedModel::config() const {
  return std::visit(
      [](const auto& model) -> const ModelConfig& { return model.config; },
      content_);
}

EvaluatedModel LoadedModel::Evaluated() const {
  EvaluatedModel evaluated;
  evaluated.name = directory_;
  if (const auto* checkpoint = std::get_if<Checkpoint>(&content_)) {
    evaluated.new_classifier = [checkpoint] {
      return NewFloatClassifier(checkpoint);
    };
  } else {
    const Program* program = &std::get<QuantizedModel>(content_).program;
    evaluated.new_classifier = [program] {
      CpuExecutorOptions options;
      options.threads = 1;  // Evaluation has a thread per classifier already.
      return NewExecutorClassifier(program, NewCpuExecutor(program, options));
    };
  }
  return evaluated;
}

}  // namespace moevit
