#include "kernels/cpu/cpu_expert_device.h"

#include <algorithm>
#include <new>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/cpu/aligned_memory.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/packed_matrix.h"
#include "kernels/cpu/product_split.h"
#include "kernels/cpu/worker_team.h"

namespace moevit {
namespace {

using cpu::RoundUp;

// Rows that go through both linears in one task: their hidden codes stay in
// the second cache between the two.
constexpr int32_t kRowsPerTask = 96;

struct PackedExpert {
  // Exactly what it needs, so that evicting gives all of it back.
  explicit PackedExpert(int64_t bytes) : memory(bytes) {}

  cpu::MemoryArena memory;
  cpu::PackedMatrix first;
  cpu::PackedMatrix second;
};

struct Layer {
  const ExpertLinearOp* linear = nullptr;
  const ExpertCombineOp* combine = nullptr;
  int64_t expert_bytes = 0;
  int64_t hidden_stride = 0;
  std::vector<std::unique_ptr<PackedExpert>> experts;  // null: not loaded
};

class CpuExpertDevice : public ExpertDevice {
 public:
  CpuExpertDevice(const Program& program, const std::vector<ExpertLayer>& found,
                  const CpuExpertDeviceOptions& options)
      : name_(options.name),
        memory_bytes_(options.memory_bytes),
        kernels_(cpu::KernelsFor(ChooseIsa(options.isa))),
        team_(options.threads) {
    for (const ExpertLayer& ops : found) {
      Layer layer;
      layer.linear = &std::get<ExpertLinearOp>(program.ops[ops.linear].body);
      layer.combine = &std::get<ExpertCombineOp>(program.ops[ops.combine].body);
      layer.experts.resize(layer.linear->experts.size());
      layer.hidden_stride =
          RoundUp(layer.linear->experts[0].matrix.out, cpu::kRowPadding);
      layer.expert_bytes =
          Pack(layer, 0, /*bytes=*/0)->memory.allocated_bytes();
      hidden_bytes_ =
          std::max(hidden_bytes_, kRowsPerTask * layer.hidden_stride);
      layers_.push_back(std::move(layer));
    }
    // Kernels read a little past the last row.
    hidden_bytes_ += cpu::kAlignment;
    hidden_ = scratch_.AllocateArray<uint8_t>(hidden_bytes_ * team_.workers());
  }

  absl::string_view name() const override { return name_; }
  int64_t memory_bytes() const override { return memory_bytes_; }
  int64_t ExpertBytes(int layer) const override {
    return layers_[layer].expert_bytes;
  }

  absl::Status Load(int layer_number, int expert) override {
    Layer& layer = layers_[layer_number];
    if (layer.experts[expert] != nullptr) return absl::OkStatus();
    if (layer.expert_bytes > memory_bytes_ - used_bytes_) {
      return absl::ResourceExhaustedError(
          absl::StrCat(name_, ": expert ", expert, " of layer ", layer_number,
                       " takes ", layer.expert_bytes, " bytes; ", used_bytes_,
                       " of ", memory_bytes_, " are in use"));
    }
    try {
      layer.experts[expert] = Pack(layer, expert, layer.expert_bytes);
    } catch (const std::bad_alloc&) {
      return absl::ResourceExhaustedError(absl::StrCat(
          name_, ": the system has no ", layer.expert_bytes,
          " bytes for expert ", expert, " of layer ", layer_number));
    }
    used_bytes_ += layer.expert_bytes;
    return absl::OkStatus();
  }

  void Evict(int layer_number, int expert) override {
    Layer& layer = layers_[layer_number];
    if (layer.experts[expert] == nullptr) return;
    layer.experts[expert].reset();
    used_bytes_ -= layer.expert_bytes;
  }

  absl::Status Run(const ExpertLayerCall& call,
                   absl::Span<const ExpertPart> parts) override {
    const Layer& layer = layers_[call.layer];
    tasks_.clear();
    for (const ExpertPart& part : parts) {
      if (layer.experts[part.expert] == nullptr) {
        return absl::InternalError(absl::StrCat(name_, ": expert ", part.expert,
                                                " of layer ", call.layer,
                                                " was never loaded"));
      }
      for (int32_t row = 0; row < part.rows; row += kRowsPerTask) {
        tasks_.push_back({part.expert, part.first + row,
                          std::min(kRowsPerTask, part.rows - row)});
      }
    }
    team_.Run(
        static_cast<int64_t>(tasks_.size()), [&](int64_t task, int worker) {
          RunTask(call, layer, tasks_[task], hidden_ + worker * hidden_bytes_);
        });
    return absl::OkStatus();
  }

 private:
  std::unique_ptr<PackedExpert> Pack(const Layer& layer, int expert,
                                     int64_t bytes) const {
    auto packed = std::make_unique<PackedExpert>(bytes);
    packed->first = cpu::PackMatrix(layer.linear->experts[expert].matrix,
                                    kernels_.lanes, &packed->memory);
    packed->second = cpu::PackMatrix(layer.combine->experts[expert],
                                     kernels_.lanes, &packed->memory);
    return packed;
  }

  void RunTask(const ExpertLayerCall& call, const Layer& layer,
               const ExpertPart& rows, uint8_t* hidden) const {
    const PackedExpert& packed = *layer.experts[rows.expert];
    const CodeMatrix& linear = layer.linear->experts[rows.expert];
    cpu::CodeProductCall first;
    first.product.matrix = &packed.first;
    first.product.end_panel = packed.first.panels;
    first.product.rows = rows.rows;
    first.product.input = {call.codes, call.code_stride,
                           call.tokens.data() + rows.first};
    first.activation = cpu::TableOf(linear.activation);
    first.output_zero = linear.output_zero;
    first.output = {hidden, layer.hidden_stride};
    kernels_.code_product(first);

    cpu::WideProductCall second;
    second.product.matrix = &packed.second;
    second.product.end_panel = packed.second.panels;
    second.product.rows = rows.rows;
    second.product.input = {hidden, layer.hidden_stride};
    second.output = {call.outputs, call.output_stride,
                     call.order.data() + rows.first};
    kernels_.wide_product(second);
  }

  const std::string name_;
  const int64_t memory_bytes_;
  const cpu::KernelTable& kernels_;
  cpu::WorkerTeam team_;
  cpu::MemoryArena scratch_;
  uint8_t* hidden_ = nullptr;  // hidden_bytes_ for each worker
  int64_t hidden_bytes_ = 0;
  int64_t used_bytes_ = 0;
  std::vector<Layer> layers_;
  std::vector<ExpertPart> tasks_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ExpertDevice>> NewCpuExpertDevice(
    const Program* program, const CpuExpertDeviceOptions& options) {
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<ExpertLayer> layers,
                          FindExpertLayers(*program));
  return std::make_unique<CpuExpertDevice>(*program, layers, options);
}

}  // namespace moevit
