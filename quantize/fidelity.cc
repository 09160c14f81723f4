#include "quantize/fidelity.h"

#include <cmath>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "kernels/reference/image_run.h"
#include "quantize/activation_observer.h"
#include "quantize/float_model.h"

namespace moevit {
namespace {

// The program's name for what the float model reports at a site.
std::string ValueName(const Observation& observation) {
  const absl::string_view site = observation.site;
  if (site == "pooled_norm") return "norm";
  // A dense block's MLP is expert 0 of one to the float model. Experts choose
  // their rows, so theirs cannot be compared.
  constexpr absl::string_view kDenseHidden = ".mlp.0.hidden";
  if (absl::EndsWith(site, kDenseHidden) && observation.tokens.empty()) {
    return absl::StrCat(absl::StripSuffix(site, kDenseHidden), ".mlp.hidden");
  }
  return std::string(site);
}

// Compares each activation that the float model reports with the program's
// value for the same.
class Comparison : public ActivationObserver {
 public:
  Comparison(const ModelQuantizer& quantizer, const reference::ImageRun& run,
             Fidelity* fidelity)
      : quantizer_(quantizer), run_(run), fidelity_(*fidelity) {}

  void Observe(const Observation& observation) override {
    if (observation.site == "logits") {
      fidelity_.Add("logits", observation.values, RealLogits());
      return;
    }
    const std::string name = ValueName(observation);
    const std::vector<Value>& values = quantizer_.program().values;
    for (size_t id = 0; id < values.size(); ++id) {
      const Value& value = values[id];
      if (value.name != name || value.rows != observation.values.rows ||
          value.channels != observation.values.channels) {
        continue;
      }
      fidelity_.Add(value.name, observation.values,
                    quantizer_.ToReal(static_cast<ValueId>(id),
                                      run_.value(static_cast<ValueId>(id))));
    }
  }

 private:
  Tensor RealLogits() const {
    Tensor real(1, static_cast<int>(run_.logits().size()));
    for (size_t i = 0; i < real.values.size(); ++i) {
      real.values[i] = static_cast<float>(quantizer_.program().logit_scale *
                                          run_.logits()[i]);
    }
    return real;
  }

  const ModelQuantizer& quantizer_;
  const reference::ImageRun& run_;
  Fidelity& fidelity_;
};

}  // namespace

void Fidelity::Add(const std::string& site, const Tensor& exact,
                   const Tensor& got) {
  Energies& energies = sites_[site];
  for (size_t i = 0; i < exact.values.size(); ++i) {
    const double signal = exact.values[i];
    const double error = got.values[i] - signal;
    energies.signal += signal * signal;
    energies.error += error * error;
  }
}

void Fidelity::Merge(const Fidelity& other) {
  for (const auto& [site, energies] : other.sites_) {
    sites_[site].signal += energies.signal;
    sites_[site].error += energies.error;
  }
}

double Fidelity::SnrDb(const std::string& site) const {
  const auto found = sites_.find(site);
  if (found == sites_.end()) return std::numeric_limits<double>::quiet_NaN();
  return 10 * std::log10(found->second.signal / found->second.error);
}

Fidelity MeasureFidelity(const Checkpoint& checkpoint,
                         const std::vector<std::vector<uint8_t>>& pixels,
                         const ModelQuantizer& quantizer, ThreadPool& pool) {
  std::vector<Fidelity> results(pixels.size());
  pool.ParallelFor(
      static_cast<int64_t>(pixels.size()), [&](int64_t i, int /*worker*/) {
        reference::ImageRun run(&quantizer.program(), pixels[i].data());
        for (const Op& op : quantizer.program().ops) run.Run(op);
        Comparison comparison(quantizer, run, &results[i]);
        Forward(checkpoint, pixels[i], &comparison);
      });
  Fidelity sum;
  for (const Fidelity& result : results) sum.Merge(result);
  return sum;
}

}  // namespace moevit
