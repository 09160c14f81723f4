// The state of one run of QuantizeModel (quantize/quantizer.h) and its steps.
//
// Internal to quantize/. The steps are spread over several files by the part
// of the model that they quantize.

#ifndef MOEVIT_QUANTIZE_MODEL_QUANTIZER_H_
#define MOEVIT_QUANTIZE_MODEL_QUANTIZER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "base/progress.h"
#include "base/thread_pool.h"
#include "model/checkpoint.h"
#include "program/program.h"
#include "quantize/attention_levels.h"
#include "quantize/calibration_images.h"
#include "quantize/channel_statistics.h"
#include "quantize/linear_quantizer.h"
#include "quantize/merged_statistics.h"
#include "quantize/quantization_report.h"
#include "quantize/quantize_options.h"
#include "quantize/tensor.h"

namespace moevit {

class ModelQuantizer {
 public:
  // `checkpoint` and `pool` must outlive this object.
  ModelQuantizer(const Checkpoint& checkpoint,
                 std::vector<std::vector<uint8_t>> pixels,
                 const QuantizeOptions& options, ThreadPool* pool);

  // Builds the whole program. Call once.
  void Run();

  Program& program() { return program_; }
  const Program& program() const { return program_; }
  const QuantizationReport& report() const { return report_; }
  // The real content of a program value other than a routing.
  Tensor ToReal(ValueId id, const reference::ValueData& data) const;

 private:
  // A value after a layer norm, and the norm it came through.
  struct Normalized {
    ValueId id = 0;
    ValueId input = 0;
    const LayerNormWeights* weights = nullptr;
  };

  // Which rows of an image a linear layer sees: all tokens, or an expert's.
  using RowsOf = absl::FunctionRef<std::vector<int>(int image)>;

  // An MLP with integer weights in the making.
  struct QuantizedMlp {
    CodeMatrix fc1;
    CodeScale hidden_scale;
    QuantizedLinear fc2;
  };

  // Ranges found for the outputs of qkv, and what was chosen for attention.
  struct AttentionPlan {
    CodeScale qkv;                        // [3 * width]
    std::vector<AttentionLevels> levels;  // per head
    CodeScale output;                     // [width]
    std::vector<double> output_mean;      // [width], real
  };

  // model_quantizer.cc
  ValueId AddValue(const std::string& name, ElementType type, int rows,
                   CodeScale scale);
  void AddOp(const std::string& name, OpVariant body);
  static std::string BlockName(int block);
  void Report(const std::string& name, const std::string& scheme, double min,
              double max);
  // The same for codes, with the range that they span.
  void Report(ValueId id, const std::string& scheme);
  Tensor Real(int image, ValueId id) const;
  double ResidualScale(ValueId id) const { return scales_[id].scale[0]; }
  // For a residual stream that starts with values of up to `largest`.
  CodeScale FirstResidualScale(double largest) const;
  // The shift that makes room for `largest` when adding to `residual`.
  int ResidualShift(ValueId residual, double largest) const;
  // Adds `linear` to the residual stream; `codes` is its input.
  ValueId AddToResidual(const std::string& op_name,
                        const std::string& value_name,
                        const QuantizedLinear& linear, ValueId codes,
                        ValueId residual);

  // norm_quantizer.cc
  Normalized QuantizeLayerNorm(const std::string& name,
                               const LayerNormWeights& weights, ValueId input);
  Tensor RealNormalized(int image, const Normalized& norm) const;
  CodeScale NormScale(const LayerNormWeights& weights,
                      const ChannelStatistics& all,
                      const ChannelStatistics& prefix) const;
  // The statistics of a linear layer that reads some rows of `norm`.
  LinearInput NormInput(const Normalized& norm, RowsOf rows_of);
  LinearInput NormInput(const Normalized& norm);
  std::vector<int> AllRows(ValueId id) const;
  std::vector<int8_t> GatherCodes(int image, ValueId id,
                                  const std::vector<int>& rows) const;

  // embedding_quantizer.cc
  ValueId QuantizeEmbedding();

  // attention_quantizer.cc
  ValueId QuantizeAttention(int block, ValueId residual);
  LinearInput MixedInput(const AttentionPlan& plan, ValueId mixed);
  AttentionOp MakeAttention(const AttentionPlan& plan, ValueId input,
                            ValueId output) const;

  // attention_plan.cc
  AttentionPlan PlanAttention(ValueId norm, const QuantizedLinear& qkv);
  void ScaleQueriesAndKeys(const ChannelStatistics& qkv,
                           CodeScale* scale) const;
  void ScaleValues(const ChannelStatistics& qkv, const ChannelStatistics& mixed,
                   AttentionPlan* plan) const;
  std::vector<AttentionLevels> ChooseLevels(ValueId norm,
                                            const QuantizedLinear& qkv,
                                            const CodeScale& scale);
  // The real outputs of qkv, with q and k as their codes will stand for them.
  Tensor RealQkv(int image, ValueId norm, const QuantizedLinear& qkv,
                 const CodeScale& scale) const;

  // mlp_quantizer.cc
  ValueId QuantizeMlp(int block, ValueId residual);
  ValueId QuantizeExperts(int block, ValueId residual);
  QuantizedMlp QuantizeOneMlp(const MlpWeights& weights, const Normalized& norm,
                              RowsOf rows_of);
  CodeMoments HiddenMoments(const CodeMatrix& fc1, const Normalized& norm,
                            RowsOf rows_of);
  ValueId CombineExperts(const std::string& name,
                         const std::vector<QuantizedLinear>& experts,
                         ValueId hidden, ValueId routing, ValueId residual);
  ResidualStatistics CombinedStatistics(
      int image, const std::vector<QuantizedLinear>& experts, ValueId hidden,
      ValueId routing, ValueId residual) const;
  // The positions token * top_k + slot that the gate gave to `expert`.
  std::vector<int> PositionsOf(int image, ValueId routing, int expert) const;

  // gate_quantizer.cc
  ValueId QuantizeGate(const std::string& name, const LinearWeights& gate,
                       const Normalized& norm);

  // head_quantizer.cc
  void QuantizeHead(ValueId residual);
  ValueId PoolTokens(ValueId residual);
  ValueId PoolCodes(ValueId norm);
  LinearInput PooledInput(const Normalized& norm, ValueId pooled);
  // inputs: one per row of `features`.
  void QuantizeClassifier(ValueId features,
                          const std::vector<LinearInput>& inputs);

  const Checkpoint& checkpoint_;
  const ModelConfig& config_;
  const QuantizeOptions options_;
  const Techniques techniques_;
  Program program_;
  // By ValueId. All channels of an int16 value have one scale and centre 0.
  std::vector<CodeScale> scales_;
  CalibrationImages images_;
  ProgressMeter progress_;
  QuantizationReport report_;
};

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_MODEL_QUANTIZER_H_
