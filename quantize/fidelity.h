// How far the integer program's activations are from the float model's, layer
// by layer.

#ifndef MOEVIT_QUANTIZE_FIDELITY_H_
#define MOEVIT_QUANTIZE_FIDELITY_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "model/checkpoint.h"
#include "quantize/model_quantizer.h"

namespace moevit {

// Energies of signal and error per site (quantize/activation_observer.h).
class Fidelity {
 public:
  // Both row-major and of one shape.
  void Add(const std::string& site, const Tensor& exact, const Tensor& got);
  void Merge(const Fidelity& other);

  // 10 log10(signal / error); NaN for a site that was not measured.
  double SnrDb(const std::string& site) const;

 private:
  struct Energies {
    double signal = 0;
    double error = 0;
  };
  std::map<std::string, Energies> sites_;
};

// Runs `quantizer`'s finished program and the float model on the same images
// and compares all values that both have under one name.
Fidelity MeasureFidelity(const Checkpoint& checkpoint,
                         const std::vector<std::vector<uint8_t>>& pixels,
                         const ModelQuantizer& quantizer, ThreadPool& pool);

}  // namespace moevit

#endif  // MOEVIT_QUANTIZE_FIDELITY_H_
