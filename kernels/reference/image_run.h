// The ops of a program, run one after the other on one image.
//
// This is the reference executor's inner part, public because calibration runs
// a program op by op while it is being built.

#ifndef MOEVIT_KERNELS_REFERENCE_IMAGE_RUN_H_
#define MOEVIT_KERNELS_REFERENCE_IMAGE_RUN_H_

#include <cstdint>
#include <vector>

#include "program/program.h"

namespace moevit::reference {

// The content of one program value; only the member of its type is in use.
struct ValueData {
  std::vector<int8_t> codes;      // kCode: [rows, channels]
  std::vector<int16_t> wide;      // kInt16: [rows, channels]
  std::vector<int> experts;       // kRouting: [rows, top_k]
  std::vector<uint16_t> weights;  // kRouting: [rows, top_k], units of 2^-15
};

// Thread-compatible.
class ImageRun {
 public:
  // `program` may grow between calls of Run; it and `pixels`,
  // [image_size, image_size, channels], must outlive this object.
  ImageRun(const Program* program, const uint8_t* pixels)
      : program_(*program), pixels_(pixels) {}

  // Runs one op of the program, whose inputs must have been computed.
  // REQUIRES: the op would pass VerifyProgram.
  void Run(const Op& op);

  // The content of a value that an op has written and nobody has released.
  const ValueData& value(ValueId id) const { return values_[id]; }

  // Frees the memory of a value that no later op reads.
  void Release(ValueId id) { values_[id] = ValueData(); }

  // [classes], after the head has run.
  const std::vector<int32_t>& logits() const { return logits_; }

 private:
  void RunOp(const PatchEmbedOp& op);
  void RunOp(const LayerNormOp& op);
  void RunOp(const LinearOp& op);
  void RunOp(const LinearAddOp& op);
  void RunOp(const AttentionOp& op);
  void RunOp(const GateOp& op);
  void RunOp(const ExpertLinearOp& op);
  void RunOp(const ExpertCombineOp& op);
  void RunOp(const PoolOp& op);
  void RunOp(const HeadOp& op);

  // Makes room for the content of value `id`.
  ValueData& Allocate(ValueId id);

  const Program& program_;
  const uint8_t* const pixels_;
  std::vector<ValueData> values_;  // by ValueId
  std::vector<int32_t> logits_;
};

}  // namespace moevit::reference

#endif  // MOEVIT_KERNELS_REFERENCE_IMAGE_RUN_H_
