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
      bytes(NewCounters(
          registry, "moevit_expert_weight_bytes_total",
          "Bytes of weights of experts that were read: once for all of an "
          "expert's tokens of a layer of the images computed together.")),
      imbalance(prometheus::BuildGauge()
                    .Name("moevit_expert_imbalance")
                    .Help("Rows of the busiest over the mean of all that "
                          "share a layer's experts, the mean of the last "
                          "batch's layers; 1 for a device alone.")
                    .Register(registry)),
      loads(NewCounters(
          registry, "moevit_expert_weight_loads_total",
          "Times that an expert's weights were read: once for all of its "
          "tokens of a layer of the images computed together.")),
      misses(NewCounters(
          registry, "moevit_expert_weight_misses_total",
          "Of moevit_expert_weight_loads_total, those whose weights had to be "
          "brought into the device's memory first.")),
      moved_bytes(NewCounters(
          registry, "moevit_expert_moved_bytes_total",
          "Bytes of the weights that were brought into the device's memory "
          "for moevit_expert_weight_misses_total.")),
      rows(NewCounters(registry, "moevit_expert_rows_total",
                       "Rows that experts computed, one for each token of "
                       "each.")),
      rows_in_tiles(NewCounters(
          registry, "moevit_expert_tile_rows_total",
          "Rows counted by moevit_expert_rows_total, and those that fill up "
          "the tiles of rows which the device computes at a time.")),
      losses(NewCounters(
          registry, "moevit_expert_device_losses_total",
          "Times that one of several devices which share a model's experts "
          "was lost in a batch, and its part done by others.")),
      lost(prometheus::BuildGauge()
               .Name("moevit_expert_device_lost")
               .Help("1 if one of several devices which share a model's "
                     "experts is lost, as of the model's last batch.")
               .Register(registry)) {}

void ExpertCounters::Add(const std::string& device, const ExpertLoad& load) {
  MutexLock lock(&mutex_);
  AddTokens(load);
  if (load.layers == 0) return;
  AddBatch(device, load);
  for (const ExpertDeviceLoad& each : load.devices) AddDevice(each);
  if (!load.devices.empty()) return;
  ExpertDeviceLoad alone;
  alone.device = device;
  alone.loads = load.weight_loads;
  alone.misses = load.weight_misses;
  alone.bytes = load.moved_bytes;
  alone.rows = load.rows;
  alone.rows_in_tiles = load.rows_in_tiles;
  AddDevice(alone);
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

void ExpertCounters::AddBatch(const std::string& device,
                              const ExpertLoad& load) {
  auto found = batches_.find(device);
  if (found == batches_.end()) {
    const prometheus::Labels labels = With(device);
    const BatchCounters counters = {&families_.bytes.Add(labels),
                                    &families_.imbalance.Add(labels)};
    found = batches_.emplace(device, counters).first;
  }
  const BatchCounters& counters = found->second;
  Increase(counters.bytes, load.weight_bytes);
  counters.imbalance->Set(static_cast<double>(load.imbalance_sum) /
                          (1000.0 * static_cast<double>(load.layers)));
}

void ExpertCounters::AddDevice(const ExpertDeviceLoad& load) {
  auto found = devices_.find(load.device);
  if (found == devices_.end()) {
    const prometheus::Labels labels = With(load.device);
    const DeviceCounters counters = {
        &families_.loads.Add(labels),         &families_.misses.Add(labels),
        &families_.moved_bytes.Add(labels),   &families_.rows.Add(labels),
        &families_.rows_in_tiles.Add(labels), &families_.losses.Add(labels),
        &families_.lost.Add(labels)};
    found = devices_.emplace(load.device, counters).first;
  }
  const DeviceCounters& counters = found->second;
  Increase(counters.loads, load.loads);
  Increase(counters.misses, load.misses);
  Increase(counters.moved_bytes, load.bytes);
  Increase(counters.rows, load.rows);
  Increase(counters.rows_in_tiles, load.rows_in_tiles);
  Increase(counters.losses, load.losses);
  counters.lost->Set(load.lost ? 1 : 0);
}

prometheus::Labels ExpertCounters::With(const std::string& device) const {
  prometheus::Labels labels = labels_;
  labels.emplace("device", device);
  return labels;
}

}  // namespace moevit
