#include "server/infer_response_encoder.h"

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "server/little_endian.h"
#include "server/scores.h"
#include "server/tensor_names.h"

namespace moevit {
namespace {

using Output = inference::ModelInferResponse::InferOutputTensor;

void AppendScores(const std::vector<float>& scores, std::string& raw) {
  for (const float score : scores) {
    AppendLittleEndian32(std::bit_cast<uint32_t>(score), raw);
  }
}

void AppendClasses(const ServedModel& model, const ImageResult& result,
                   const std::vector<float>& scores, int count,
                   std::string& raw) {
  for (const int index : TopIndices(result.logits, count)) {
    std::string element = absl::StrFormat("%f:%d", scores[index], index);
    const std::string name = model.class_name(index);
    if (!name.empty()) element += ":" + name;
    AppendLittleEndian32(static_cast<uint32_t>(element.size()), raw);
    raw += element;
  }
}

}  // namespace

void EncodeInferResponse(const ServedModel& model,
                         absl::Span<const ImageResult> results,
                         int64_t classification,
                         inference::ModelInferResponse* response) {
  const Program& program = model.model.program;
  const bool as_classes = classification > 0;
  const int per_image =
      as_classes
          ? static_cast<int>(std::min<int64_t>(classification, program.classes))
          : program.classes;
  response->set_model_name(model.name);
  response->set_model_version(model.version_text());
  Output* output = response->add_outputs();
  output->set_name(kScoresTensor);
  output->set_datatype(as_classes ? "BYTES" : "FP32");
  output->add_shape(static_cast<int64_t>(results.size()));
  output->add_shape(per_image);

  std::string& raw = *response->add_raw_output_contents();
  for (const ImageResult& result : results) {
    const std::vector<float> scores =
        Softmax(result.logits, program.logit_scale);
    if (as_classes) {
      AppendClasses(model, result, scores, per_image, raw);
    } else {
      AppendScores(scores, raw);
    }
  }
}

}  // namespace moevit
