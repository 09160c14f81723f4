#include "kernels/emulation/faults.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

namespace moevit::emulation {
namespace {

constexpr int64_t kAlways = std::numeric_limits<int64_t>::max();

constexpr std::pair<std::string_view, FaultKind> kKinds[] = {
    {"hang", FaultKind::kHang},
    {"stuck", FaultKind::kStuck},
    {"timeout", FaultKind::kTimeout},
    {"error", FaultKind::kError},
    {"abort", FaultKind::kAbort},
    {"delay", FaultKind::kDelay},
    {"bit_flip", FaultKind::kBitFlip},
    {"copy_error", FaultKind::kCopyError},
    {"copy_corruption", FaultKind::kCopyCorruption},
    {"allocation", FaultKind::kAllocation},
    {"load", FaultKind::kLoad},
    {"open", FaultKind::kOpen},
    {"offline", FaultKind::kOffline},
    {"no_sensor", FaultKind::kNoSensor},
};

// Takes everything up to `separator` off the front of `*text`.
std::string_view Next(std::string_view* text, char separator) {
  const size_t end = text->find(separator);
  const std::string_view part = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  return part;
}

template <typename T>
bool ParseNumber(std::string_view text, int64_t min, T* number) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() &&
         *number >= min;
}

std::string Quoted(std::string_view text) {
  std::string quoted(1, '"');
  quoted += text;
  quoted += '"';
  return quoted;
}

}  // namespace

std::string FaultPlan::ParseSetting(std::string_view text, Rule* rule) {
  std::string_view value = text;
  const std::string_view key = Next(&value, '=');
  bool good = false;
  if (key == "card") {
    good = ParseNumber(value, 0, &rule->card);
  } else if (key == "unit") {
    good = ParseNumber(value, 0, &rule->unit);
  } else if (key == "kernel") {
    rule->kernel = std::string(value);
    good = !value.empty();
  } else if (key == "direction") {
    rule->direction =
        value == "to" ? CopyDirection::kToCard : CopyDirection::kFromCard;
    good = value == "to" || value == "from";
  } else if (key == "nth") {
    good = ParseNumber(value, 1, &rule->nth);
  } else if (key == "every") {
    good = ParseNumber(value, 1, &rule->every);
  } else if (key == "count") {
    good = value == "inf" || ParseNumber(value, 1, &rule->count);
    if (value == "inf") rule->count = kAlways;
  } else if (key == "ms") {
    good = ParseNumber(value, 0, &rule->fault.delay_ms);
  } else if (key == "errno") {
    good = ParseNumber(value, 1, &rule->fault.error_number);
  }
  return good ? "" : "bad setting " + Quoted(text);
}

std::string FaultPlan::ParseRule(std::string_view text, Rule* rule) {
  std::string_view settings = text;
  const std::string_view name = Next(&settings, ':');
  const auto* kind = std::begin(kKinds);
  while (kind != std::end(kKinds) && kind->first != name) ++kind;
  if (kind == std::end(kKinds)) return "unknown fault " + Quoted(name);
  rule->kind = kind->second;
  if (rule->kind == FaultKind::kOffline || rule->kind == FaultKind::kOpen ||
      rule->kind == FaultKind::kNoSensor) {
    rule->count = kAlways;
  }
  while (!settings.empty()) {
    std::string wrong = ParseSetting(Next(&settings, ','), rule);
    if (!wrong.empty()) return wrong + " of fault " + Quoted(name);
  }
  return "";
}

std::string FaultPlan::Add(std::string_view rules) {
  std::vector<Rule> added;
  while (!rules.empty()) {
    std::string wrong = ParseRule(Next(&rules, ';'), &added.emplace_back());
    if (!wrong.empty()) return wrong;
  }
  MutexLock lock(&mutex_);
  rules_.insert(rules_.end(), added.begin(), added.end());
  any_ = !rules_.empty();
  return "";
}

void FaultPlan::Clear() {
  MutexLock lock(&mutex_);
  rules_.clear();
  any_ = false;
  ++clears_;
}

bool FaultPlan::Matches(const Rule& rule, const FaultEvent& event) {
  return rule.kind == event.kind &&
         (rule.card < 0 || rule.card == event.card) &&
         (rule.unit < 0 || rule.unit == event.unit) &&
         (rule.kernel.empty() || rule.kernel == event.kernel) &&
         (rule.direction == CopyDirection::kNone ||
          rule.direction == event.direction);
}

std::optional<Fault> FaultPlan::Fires(const FaultEvent& event) {
  if (!any_.load(std::memory_order_relaxed)) return std::nullopt;
  MutexLock lock(&mutex_);
  std::optional<Fault> fires;
  for (Rule& rule : rules_) {
    if (!Matches(rule, event)) continue;
    ++rule.seen;
    if (fires || rule.seen < rule.nth || rule.fired >= rule.count ||
        (rule.seen - rule.nth) % rule.every != 0) {
      continue;
    }
    ++rule.fired;
    fires = rule.fault;
  }
  if (fires && event.card >= 0) {
    const size_t card = static_cast<size_t>(event.card);
    if (fired_.size() <= card) fired_.resize(card + 1);
    ++fired_[card];
  }
  return fires;
}

int64_t FaultPlan::fired(int card) {
  MutexLock lock(&mutex_);
  return static_cast<size_t>(card) < fired_.size() ? fired_[card] : 0;
}

}  // namespace moevit::emulation
