#include "scheduler/queue_budget.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/retry_after.h"
#include "base/status_macros.h"

namespace moevit {
namespace {

absl::Status CheckShareOption(absl::string_view whose, double share) {
  if (share > 0 && share <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat(
      "the share of one %s must be above 0 and at most 1, not %g", whose,
      share));
}

// One of the two things that are bounded.
struct Resource {
  absl::string_view unit;
  int64_t limit = 0;
  int64_t used = 0;  // by all
  const DrainRate& rate;
};

// `excess` units have to leave first.
absl::Status TryLater(const Resource& resource, double excess,
                      absl::string_view message) {
  return WithRetryAfter(absl::ResourceExhaustedError(message),
                        resource.rate.TimeFor(excess));
}

absl::Status CheckRoom(const Resource& resource, int64_t need) {
  // Subtracting from what is free cannot overflow, whatever was asked for.
  const int64_t excess = need - (resource.limit - resource.used);
  if (excess <= 0) return absl::OkStatus();
  const std::string message = absl::StrFormat(
      "the queue is full: it holds %d %s, the request has %d, the limit is %d",
      resource.used, resource.unit, need, resource.limit);
  if (need > resource.limit) return absl::ResourceExhaustedError(message);
  return TryLater(resource, static_cast<double>(excess), message);
}

// Whether somebody who holds `held` may hold `need` more: `factor` times what
// is free then, at most. REQUIRES: there is room for it.
absl::Status CheckFairness(const Resource& resource, absl::string_view who,
                           int64_t held, int64_t need, double factor) {
  if (held == 0) return absl::OkStatus();
  const auto then = static_cast<double>(held + need);
  const auto free = static_cast<double>(resource.limit - resource.used - need);
  if (then <= factor * free) return absl::OkStatus();
  // Each unit that leaves adds one to what is free, too.
  const double excess = (then - factor * free) / (1 + factor);
  return TryLater(
      resource, excess,
      absl::StrFormat("this %s holds %d %s of the %d that the queue has room "
                      "for; %d more are not its fair share",
                      who, held, resource.unit, resource.limit, need));
}

}  // namespace

absl::Status QueueLimits::Validate() const {
  if (max_images < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the queue must admit at least 1 image, not %d", max_images));
  }
  if (max_bytes < 1) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "the queue must admit at least 1 byte, not %d", max_bytes));
  }
  MOEVIT_RETURN_IF_ERROR(CheckShareOption("client", max_client_share));
  return CheckShareOption("model", max_model_share);
}

QueueBudget::Claim::Claim(Claim&& other) noexcept { *this = std::move(other); }

QueueBudget::Claim& QueueBudget::Claim::operator=(Claim&& other) noexcept {
  if (this != &other) {
    Release();
    budget_ = std::exchange(other.budget_, nullptr);
    amount_ = other.amount_;
    client_ = other.client_;
    model_ = other.model_;
  }
  return *this;
}

void QueueBudget::Claim::Release() {
  if (budget_ != nullptr) std::exchange(budget_, nullptr)->GiveBack(*this);
}

absl::StatusOr<QueueBudget::Claims> QueueBudget::Reserve(const Demand& demand,
                                                         absl::Time now) {
  MutexLock lock(&mutex_);
  image_rate_.Update(now, given_back_.images);
  byte_rate_.Update(now, given_back_.bytes);
  MOEVIT_RETURN_IF_ERROR(CheckWhole(demand));
  const auto held_by = [](const Holders& holders, absl::string_view name) {
    const auto found = holders.find(name);
    return found == holders.end() ? Usage() : found->second;
  };
  MOEVIT_RETURN_IF_ERROR(CheckShare(demand, "client",
                                    held_by(clients_, demand.client),
                                    limits_.max_client_share));
  MOEVIT_RETURN_IF_ERROR(CheckShare(demand, "model",
                                    held_by(models_, demand.model),
                                    limits_.max_model_share));
  const auto client = clients_.try_emplace(std::string(demand.client)).first;
  const auto model = models_.try_emplace(std::string(demand.model)).first;
  Claims claims;
  claims.places.reserve(demand.images);
  if (demand.bytes > 0) {
    claims.memory = Take({.images = 0, .bytes = demand.bytes}, client, model);
  }
  for (int64_t i = 0; i < demand.images; ++i) {
    claims.places.push_back(Take({.images = 1, .bytes = 0}, client, model));
  }
  return claims;
}

absl::Status QueueBudget::CheckWhole(const Demand& demand) const {
  MOEVIT_RETURN_IF_ERROR(
      CheckRoom({"images", limits_.max_images, usage_.images, image_rate_},
                demand.images));
  return CheckRoom({"bytes", limits_.max_bytes, usage_.bytes, byte_rate_},
                   demand.bytes);
}

absl::Status QueueBudget::CheckShare(const Demand& demand,
                                     absl::string_view who, const Usage& held,
                                     double share) const {
  if (share >= 1) return absl::OkStatus();
  // Alone, its holder reaches `share` of the whole.
  const double factor = share / (1 - share);
  MOEVIT_RETURN_IF_ERROR(
      CheckFairness({"images", limits_.max_images, usage_.images, image_rate_},
                    who, held.images, demand.images, factor));
  return CheckFairness({"bytes", limits_.max_bytes, usage_.bytes, byte_rate_},
                       who, held.bytes, demand.bytes, factor);
}

QueueBudget::Claim QueueBudget::Take(Usage amount, Holders::iterator client,
                                     Holders::iterator model) {
  for (Usage* usage : {&usage_, &client->second, &model->second}) {
    usage->images += amount.images;
    usage->bytes += amount.bytes;
  }
  Claim claim;
  claim.budget_ = this;
  claim.amount_ = amount;
  claim.client_ = client;
  claim.model_ = model;
  return claim;
}

QueueBudget::Usage QueueBudget::usage() const {
  MutexLock lock(&mutex_);
  return usage_;
}

void QueueBudget::GiveBack(const Claim& claim) {
  MutexLock lock(&mutex_);
  for (Usage* usage :
       {&usage_, &claim.client_->second, &claim.model_->second}) {
    usage->images -= claim.amount_.images;
    usage->bytes -= claim.amount_.bytes;
  }
  given_back_.images += claim.amount_.images;
  given_back_.bytes += claim.amount_.bytes;
  // Who holds nothing is forgotten: names come from strangers.
  const auto forget = [](Holders& holders, Holders::iterator holder) {
    if (holder->second.images == 0 && holder->second.bytes == 0) {
      holders.erase(holder);
    }
  };
  forget(clients_, claim.client_);
  forget(models_, claim.model_);
}

}  // namespace moevit
