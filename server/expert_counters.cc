#include "server/expert_counters.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace moevit {
namespace {

prometheus::Family<prometheus::Counter>& NewCounters(
    prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

void Increase(prometheus::Counter* counter, int64_t by) {
  counter->Increment(static_cast<double>(by));
}

}  // namespace

ExpertFamilies::ExpertFamilies(prometheus::Registry& registry)
    : tokens(NewCounters(
          registry, "moevit_expert_tokens_total",
          "Tokens that an expert received; layers are counted from 0 among "
          "the sparse ones.")),
      loads(NewCounters(
          registry, "moevit_expert_weight_loads_total",
          "Times that an expert's weights were read: once for all of its "
          "tokens of a layer of the images computed together.")),
      bytes(NewCounters(
          registry, "moevit_expert_weight_bytes_total",
          "Bytes of the weights counted by moevit_expert_weight_loads_total.")),
      misses(NewCounters(
          registry, "moevit_expert_weight_misses_total",
          "Of moevit_expert_weight_loads_total, those whose weights had to be "
          "brought into the device's memory first.")),
      rows(NewCounters(registry, "moevit_expert_rows_total",
                       "Rows that experts computed, one for each token of "
                       "each.")),
      rows_in_tiles(NewCounters(
          registry, "moevit_expert_tile_rows_total",
          "Rows counted by moevit_expert_rows_total, and those that fill up "
          "the tiles of rows which the device computes at a time.")),
      imbalance(prometheus::BuildGauge()
                    .Name("moevit_expert_imbalance")
                    .Help("Rows of the busiest over the mean of all that "
                          "share a layer's experts, the mean of the last "
                          "batch's layers; 1 for a device alone.")
                    .Register(registry)) {}

void ExpertCounters::Add(const std::string& device, const ExpertLoad& load) {
  MutexLock lock(&mutex_);
  AddTokens(load);
  if (load.layers == 0) return;
  const DeviceCounters& counters = CountersOf(device);
  Increase(counters.loads, load.weight_loads);
  Increase(counters.bytes, load.weight_bytes);
  Increase(counters.misses, load.weight_misses);
  Increase(counters.rows, load.rows);
  Increase(counters.rows_in_tiles, load.rows_in_tiles);
  counters.imbalance->Set(static_cast<double>(load.imbalance_sum) /
                          (1000.0 * static_cast<double>(load.layers)));
}

std::vector<std::vector<int64_t>> ExpertCounters::tokens() const {
  MutexLock lock(&mutex_);
  std::vector<std::vector<int64_t>> tokens;
  for (const std::vector<prometheus::Counter*>& layer : tokens_) {
    std::vector<int64_t>& counts = tokens.emplace_back();
    for (const prometheus::Counter* counter : layer) {
      counts.push_back(static_cast<int64_t>(counter->Value()));
    }
  }
  return tokens;
}

void ExpertCounters::AddTokens(const ExpertLoad& load) {
  tokens_.resize(std::max(tokens_.size(), load.tokens.size()));
  for (size_t layer = 0; layer < load.tokens.size(); ++layer) {
    std::vector<prometheus::Counter*>& counters = tokens_[layer];
    for (size_t expert = 0; expert < load.tokens[layer].size(); ++expert) {
      if (expert == counters.size()) {
        prometheus::Labels labels = labels_;
        labels.emplace("layer", std::to_string(layer));
        labels.emplace("expert", std::to_string(expert));
        counters.push_back(&families_.tokens.Add(labels));
      }
      Increase(counters[expert], load.tokens[layer][expert]);
    }
  }
}

const ExpertCounters::DeviceCounters& ExpertCounters::CountersOf(
    const std::string& device) {
  const auto found = devices_.find(device);
  if (found != devices_.end()) return found->second;
  prometheus::Labels labels = labels_;
  labels.emplace("device", device);
  const DeviceCounters counters = {
      &families_.loads.Add(labels),         &families_.bytes.Add(labels),
      &families_.misses.Add(labels),        &families_.rows.Add(labels),
      &families_.rows_in_tiles.Add(labels), &families_.imbalance.Add(labels)};
  return devices_.emplace(device, counters).first->second;
}

}  // namespace moevit
