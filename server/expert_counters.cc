#include "server/expert_counters.h"

#include <algorithm>
#include <string>

namespace moevit {

void ExpertCounters::Add(const ExpertLoad& load) {
  MutexLock lock(&mutex_);
  counters_.resize(std::max(counters_.size(), load.tokens.size()));
  for (size_t layer = 0; layer < load.tokens.size(); ++layer) {
    std::vector<prometheus::Counter*>& counters = counters_[layer];
    for (size_t expert = 0; expert < load.tokens[layer].size(); ++expert) {
      if (expert == counters.size()) {
        prometheus::Labels labels = labels_;
        labels.emplace("layer", std::to_string(layer));
        labels.emplace("expert", std::to_string(expert));
        counters.push_back(&family_->Add(labels));
      }
      counters[expert]->Increment(
          static_cast<double>(load.tokens[layer][expert]));
    }
  }
}

}  // namespace moevit
