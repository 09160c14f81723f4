// How evenly experts of skewed popularity are placed over several devices:
// the busiest device of a layer over the mean, batch by batch.
//
//   placement_balance --experts=16 --room=1.5 --json
//
// For every number of devices and every Zipf exponent s: first the experts are
// placed as if all were equally popular, then batches are drawn and measured,
// then the placement is planned again on what was measured, and other batches
// are drawn. No device takes part: what is computed is how the tokens of each
// batch divide. Seeded.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "base/json.h"
#include "base/status_macros.h"
#include "scheduler/experts/expert_placement.h"
#include "scheduler/experts/expert_plan.h"

ABSL_FLAG(int, experts, 16, "experts per layer");
ABSL_FLAG(int, layers, 6, "sparse layers");
ABSL_FLAG(int, tokens, 32 * 197, "tokens per batch");
ABSL_FLAG(int, top_k, 2, "experts per token");
ABSL_FLAG(double, room, 0,
          "devices' memory, all together, in copies of the model; 0: one copy "
          "and one more expert per layer and device");
ABSL_FLAG(int, batches, 50, "batches before and after planning again");
ABSL_FLAG(uint32_t, seed, 1, "of everything random");
ABSL_FLAG(bool, json, false, "print JSON instead of a table");

namespace moevit {
namespace {

constexpr int64_t kExpertBytes = 1000;

// Experts' popularity by layer: in proportion to 1 / rank^s, ranks at random.
std::vector<std::vector<double>> Popularity(double s, std::mt19937& random) {
  std::vector<std::vector<double>> layers(absl::GetFlag(FLAGS_layers));
  for (std::vector<double>& layer : layers) {
    for (int rank = 1; rank <= absl::GetFlag(FLAGS_experts); ++rank) {
      layer.push_back(std::pow(rank, -s));
    }
    std::shuffle(layer.begin(), layer.end(), random);
  }
  return layers;
}

// The groups of one batch: every token chooses top_k different experts, each
// in proportion to its popularity.
std::vector<int32_t> DrawGroups(const std::vector<double>& popularity,
                                std::mt19937& random) {
  std::vector<int32_t> first(popularity.size() + 1);
  const int top_k = absl::GetFlag(FLAGS_top_k);
  std::discrete_distribution<size_t> draw(popularity.begin(), popularity.end());
  std::vector<size_t> chosen;
  for (int token = 0; token < absl::GetFlag(FLAGS_tokens); ++token) {
    chosen.clear();
    while (static_cast<int>(chosen.size()) < top_k) {
      const size_t expert = draw(random);
      if (std::count(chosen.begin(), chosen.end(), expert) > 0) continue;
      chosen.push_back(expert);
      ++first[expert + 1];
    }
  }
  for (size_t e = 1; e < first.size(); ++e) first[e] += first[e - 1];
  return first;
}

class BalanceBenchmark {
 public:
  BalanceBenchmark(int devices, double s)
      : random_(absl::GetFlag(FLAGS_seed)),
        popularity_(Popularity(s, random_)),
        planner_(std::vector<double>(devices, 1), {}) {
    const int experts = absl::GetFlag(FLAGS_experts);
    const int layers = absl::GetFlag(FLAGS_layers);
    double copies = absl::GetFlag(FLAGS_room);
    if (copies <= 0) copies = 1 + 1.0 * devices / experts;
    const auto memory = static_cast<int64_t>(copies * experts * layers *
                                             kExpertBytes / devices);
    problem_.devices.assign(devices, {.memory_bytes = memory, .speed = 1});
    problem_.layers.assign(layers,
                           {kExpertBytes, std::vector<double>(experts)});
  }

  absl::StatusOr<Json> Measure() {
    MOEVIT_ASSIGN_OR_RETURN(PlacementPlan plan, PlanPlacement(problem_));
    const Result before = RunBatches(plan.placement);
    MOEVIT_ASSIGN_OR_RETURN(plan, ReplanPlacement(problem_, plan.placement));
    const Result after = RunBatches(plan.placement);
    return Json{{"before", before.mean},
                {"after", after.mean},
                {"worst_after", after.worst},
                {"moves", plan.moves}};
  }

 private:
  struct Result {
    double mean = 0;   // over layers and batches
    double worst = 0;  // of all
  };

  // Draws batches, divides them, and keeps the loads in problem_.
  Result RunBatches(const ExpertPlacement& placement) {
    Result result;
    const int batches = absl::GetFlag(FLAGS_batches);
    for (size_t l = 0; l < popularity_.size(); ++l) {
      std::vector<double>& loads = problem_.layers[l].loads;
      std::fill(loads.begin(), loads.end(), 0.0);
      for (int batch = 0; batch < batches; ++batch) {
        const std::vector<int32_t> first = DrawGroups(popularity_[l], random_);
        for (size_t e = 0; e < loads.size(); ++e) {
          loads[e] += first[e + 1] - first[e];
        }
        planner_.Plan(first, placement.replicas[l]);
        const double imbalance = planner_.Imbalance();
        result.mean += imbalance / (batches * popularity_.size());
        result.worst = std::max(result.worst, imbalance);
      }
    }
    return result;
  }

  std::mt19937 random_;
  const std::vector<std::vector<double>> popularity_;
  PlacementProblem problem_;
  ExpertPlanner planner_;
};

int Main() {
  Json all = Json::array();
  for (int devices : {2, 4, 8}) {
    for (double s : {0.0, 0.5, 1.0, 1.5}) {
      absl::StatusOr<Json> row = BalanceBenchmark(devices, s).Measure();
      if (!row.ok()) {
        absl::FPrintF(stderr, "%s\n", row.status().ToString());
        return 1;
      }
      (*row)["devices"] = devices;
      (*row)["s"] = s;
      all.push_back(*std::move(row));
    }
  }
  if (absl::GetFlag(FLAGS_json)) {
    absl::PrintF("%s\n", all.dump(2));
    return 0;
  }
  absl::PrintF(
      "| devices | Zipf s | imbalance before | after planning again | worst "
      "batch and layer | copies moved |\n|---:|---:|---:|---:|---:|---:|\n");
  for (const Json& row : all) {
    absl::PrintF("| %d | %.1f | %.3f | %.3f | %.3f | %d |\n",
                 row["devices"].get<int>(), row["s"].get<double>(),
                 row["before"].get<double>(), row["after"].get<double>(),
                 row["worst_after"].get<double>(), row["moves"].get<int>());
  }
  return 0;
}

}  // namespace
}  // namespace moevit

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Measures how evenly experts are placed.");
  absl::ParseCommandLine(argc, argv);
  return moevit::Main();
}
