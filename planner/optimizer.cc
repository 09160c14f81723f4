#include "planner/optimizer.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "kernels/hls/attention_model.h"
#include "kernels/hls/linear_model.h"
#include "planner/budget.h"

namespace moevit::planner {
namespace {

// What the kernels' code admits, from small to what fills a region.
constexpr int kTokenLanes[] = {2, 4, 6, 8, 10};
constexpr int kOutLanes[] = {4, 8, 16};
constexpr int kWeightWords[] = {1024, 2048, 4096};
constexpr int kQueries[] = {2, 4, 6, 8, 12, 16};
constexpr int kMaxVectorUnits = 2;

// One look of a kernel, and how long its launches of a batch take on one unit.
template <typename Sizes>
struct Choice {
  Sizes sizes;
  hls::Resources resources;
  double seconds;
};

template <typename Sizes>
bool Dominates(const Choice<Sizes>& a, const Choice<Sizes>& b) {
  return a.seconds <= b.seconds && hls::Fits(a.resources, b.resources);
}

// Adds `candidate` unless another one is no slower and takes no more; removes
// those of which that is now true.
template <typename Sizes>
void AddChoice(const Choice<Sizes>& candidate,
               std::vector<Choice<Sizes>>& choices) {
  for (const Choice<Sizes>& choice : choices) {
    if (Dominates(choice, candidate)) return;
  }
  std::vector<Choice<Sizes>> kept = {candidate};
  for (const Choice<Sizes>& choice : choices) {
    if (!Dominates(candidate, choice)) kept.push_back(choice);
  }
  choices = std::move(kept);
}

// Seconds of the kernel's launches on one unit.
absl::StatusOr<double> KernelSeconds(const Program& program,
                                     CardDescription card, CardKernel kernel,
                                     const PlanOptions& options) {
  card.sizes.units = {1, 1, 1};
  MOEVIT_ASSIGN_OR_RETURN(const Plan plan, MakePlan(program, card, options));
  return plan.stages[static_cast<size_t>(kernel)].seconds;
}

// First stage, linear kernel. Looks that cannot run the program are left out;
// if all are, the error of the last one.
absl::StatusOr<std::vector<Choice<hls::LinearTiles>>> LinearChoices(
    const Program& program, CardDescription card, const PlanOptions& options) {
  std::vector<Choice<hls::LinearTiles>> choices;
  absl::Status error;
  for (const int token_lanes : kTokenLanes) {
    for (const int out_lanes : kOutLanes) {
      for (const int weight_words : kWeightWords) {
        hls::LinearTiles& tiles = card.sizes.linear;
        tiles.token_lanes = token_lanes;
        tiles.out_lanes = out_lanes;
        tiles.weight_words = weight_words;
        const absl::StatusOr<double> seconds =
            KernelSeconds(program, card, CardKernel::kLinear, options);
        if (seconds.ok()) {
          AddChoice({tiles, hls::LinearResources(tiles), *seconds}, choices);
        } else {
          error = seconds.status();
        }
      }
    }
  }
  if (choices.empty()) return error;
  return choices;
}

// First stage, attention kernel.
absl::StatusOr<std::vector<Choice<int>>> AttentionChoices(
    const Program& program, CardDescription card, const PlanOptions& options) {
  std::vector<Choice<int>> choices;
  for (const int queries : kQueries) {
    card.sizes.attention_queries = queries;
    MOEVIT_ASSIGN_OR_RETURN(
        const double seconds,
        KernelSeconds(program, card, CardKernel::kAttention, options));
    AddChoice({queries, hls::AttentionResources(queries), seconds}, choices);
  }
  return choices;
}

// All numbers of units that the regions hold.
std::vector<hls::CardUnits> UnitChoices(int regions) {
  std::vector<hls::CardUnits> choices;
  for (int linear = 1; linear <= regions; ++linear) {
    for (int attention = 1; attention <= regions; ++attention) {
      for (int vector = 1; vector <= kMaxVectorUnits; ++vector) {
        choices.push_back({linear, attention, vector});
      }
    }
  }
  return choices;
}

// Second stage: keeps the best of what fits.
class Balance {
 public:
  Balance(const Program& program, const OptimizerOptions& options)
      : program_(program), options_(options) {}

  absl::Status Consider(const CardDescription& card) {
    if (!CheckBudget(card, options_.dsp_limit).ok()) return absl::OkStatus();
    MOEVIT_ASSIGN_OR_RETURN(Plan plan, MakePlan(program_, card, options_.plan));
    ++considered_;
    if (!best_.has_value() || IsBetter(card, plan)) {
      best_ = OptimizedCard{card, std::move(plan), 0};
    }
    return absl::OkStatus();
  }

  absl::StatusOr<OptimizedCard> Best() const {
    if (!best_.has_value()) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "no configuration fits the card within ",
          options_.dsp_limit == 0 ? "its" : absl::StrCat(options_.dsp_limit),
          " DSPs"));
    }
    OptimizedCard best = *best_;
    best.considered = considered_;
    return best;
  }

 private:
  bool IsBetter(const CardDescription& card, const Plan& plan) const {
    const double rate = plan.ImagesPerSecond();
    const double best_rate = best_->plan.ImagesPerSecond();
    if (rate != best_rate) return rate > best_rate;
    return hls::CardResources(card.sizes).dsp <
           hls::CardResources(best_->card.sizes).dsp;
  }

  const Program& program_;
  const OptimizerOptions& options_;
  std::optional<OptimizedCard> best_;
  int considered_ = 0;
};

}  // namespace

absl::StatusOr<OptimizedCard> OptimizeCard(const Program& program,
                                           const CardDescription& card,
                                           const OptimizerOptions& options) {
  MOEVIT_ASSIGN_OR_RETURN(
      const std::vector<Choice<hls::LinearTiles>> linear_choices,
      LinearChoices(program, card, options.plan));
  CardDescription candidate = card;
  candidate.sizes.linear = linear_choices.front().sizes;
  MOEVIT_ASSIGN_OR_RETURN(const std::vector<Choice<int>> attention_choices,
                          AttentionChoices(program, candidate, options.plan));
  Balance balance(program, options);
  for (const hls::CardUnits& units : UnitChoices(card.sizes.regions)) {
    candidate.sizes.units = units;
    for (const Choice<hls::LinearTiles>& linear : linear_choices) {
      candidate.sizes.linear = linear.sizes;
      for (const Choice<int>& attention : attention_choices) {
        candidate.sizes.attention_queries = attention.sizes;
        MOEVIT_RETURN_IF_ERROR(balance.Consider(candidate));
      }
    }
  }
  return balance.Best();
}

}  // namespace moevit::planner
