#include "client/plan_report.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "base/json.h"
#include "kernels/hls/card_budget.h"

namespace moevit {
namespace {

using planner::BudgetLine;
using planner::OpPlan;
using planner::Plan;
using planner::Stage;

constexpr double kMilli = 1e-3;
constexpr double kMicro = 1e-6;
constexpr double kMega = 1e6;
constexpr double kGiga = 1e9;

// What others report of accelerators for the same models. Images per second
// are the inverse of the latency: they run one image at a time.
struct Published {
  const char* source;
  const char* card;
  const char* model;
  const char* bits;
  double latency_ms;
  double gops;
  double watts;
  int dsps;
  int megahertz;
};
constexpr Published kPublished[] = {
    {"CoQMoE, arXiv 2506.08496", "U280", "M3ViT-S", "W8A8", 9.16, 1004.3, 33.7,
     2635, 250},
    {"CoQMoE, arXiv 2506.08496", "ZCU102", "M3ViT-T", "W8A8", 6.47, 386.3, 9.83,
     1754, 300},
    {"UbiMoE, arXiv 2502.05602", "U280", "M3ViT", "W16A32", 10.33, 242.01,
     32.49, 3413, 200},
    {"Edge-MoE, arXiv 2305.18691", "ZCU102", "M3ViT-T", "W16A32", 34.64, 72.15,
     14.54, 0, 300},
};

double Gops(const Plan& plan) { return 2 * plan.ProductsPerSecond() / kGiga; }

double GopPerImage(const Plan& plan) {
  return 2 * static_cast<double>(plan.products) / plan.batch / kGiga;
}

double ProductsPerDspAndCycle(const PlanReport& report) {
  const hls::CardSizes& sizes = report.card.sizes;
  return report.plan.ProductsPerSecond() /
         (hls::CardResources(sizes).dsp * (sizes.megahertz * kMega));
}

// Of a batch among as many others as are in flight.
double LoadedLatency(const Plan& plan) {
  return plan.period_seconds * plan.batches_in_flight;
}

std::string Heading(const PlanReport& report) {
  const hls::CardSizes& sizes = report.card.sizes;
  std::string text = absl::StrFormat(
      "MODELLED: %s on a %s at %d MHz, batch %d, %d batches in flight.\n"
      "%d linear units of %d rows x %d channels x 64 inputs, %d attention "
      "units "
      "of %d queries, %d vector units.\n",
      report.model, report.card.name, sizes.megahertz, report.plan.batch,
      report.plan.batches_in_flight, sizes.units.linear,
      sizes.linear.token_lanes, sizes.linear.out_lanes, sizes.units.attention,
      sizes.attention_queries, sizes.units.vector);
  if (report.considered > 0) {
    absl::StrAppendFormat(&text, "Best of %d configurations that fit.\n",
                          report.considered);
  }
  return text;
}

// Ops that multiply nothing keep no multipliers busy.
std::string Busy(const OpPlan& op) {
  return op.multiplier_cycles == 0
             ? "-"
             : absl::StrFormat("%.1f %%", 100 * op.Utilization());
}

std::vector<OpPlan> Rows(const PlanReport& report) {
  return report.each_op ? report.plan.ops : planner::SumByKind(report.plan.ops);
}

std::string OpTable(const PlanReport& report) {
  const std::vector<OpPlan> rows = Rows(report);
  size_t width = absl::string_view("op").size();
  for (const OpPlan& op : rows) width = std::max(width, op.name.size());
  const int name_width = static_cast<int>(width);
  std::string text = absl::StrFormat(
      "\nMODELLED, one batch:\n\n"
      "| %-*s | launches | cycles      | multipliers | weights | rows    | "
      "PCIe    | ms       | bound   |\n"
      "|:%s-|---------:|------------:|------------:|--------:|--------:|"
      "--------:|---------:|:--------|\n",
      name_width, "op", std::string(width, '-'));
  for (const OpPlan& op : rows) {
    absl::StrAppendFormat(
        &text,
        "| %-*s | %8d | %11d | %11s | %7.2f | %7.2f | %7.2f | %8.3f | %-7s |\n",
        name_width, op.name, op.launches, op.cycles, Busy(op),
        static_cast<double>(op.weight_bytes) / kMega,
        static_cast<double>(op.activation_bytes) / kMega,
        static_cast<double>(op.copied_bytes) / kMega, op.seconds / kMilli,
        planner::BoundName(op.bound));
  }
  absl::StrAppend(&text,
                  "\nMultipliers: the part of the cycles in which those of the "
                  "linear or the attention unit do what was asked for. Bytes "
                  "in MB.\n");
  return text;
}

std::string StageTable(const Plan& plan) {
  std::string text =
      "\nMODELLED, what a batch keeps busy; the longest sets the pace:\n\n"
      "| stage               | ms per batch | busy    |\n"
      "|:--------------------|-------------:|--------:|\n";
  for (const Stage& stage : plan.stages) {
    absl::StrAppendFormat(&text, "| %-19s | %12.3f | %5.1f %% |\n", stage.name,
                          stage.seconds / kMilli,
                          100 * stage.seconds / plan.period_seconds);
  }
  return text;
}

std::string Summary(const PlanReport& report) {
  const Plan& plan = report.plan;
  return absl::StrFormat(
      "\nMODELLED:\n\n"
      "| images/s | limited by | latency alone | latency loaded | GOP/image | "
      "GOP/s | products/(DSP x cycle) | W | images/J |\n"
      "|---:|:---|---:|---:|---:|---:|---:|---:|---:|\n"
      "| %.1f | %s | %.2f ms | %.2f ms | %.2f | %.1f | %.2f | %.1f | %.2f |\n",
      plan.ImagesPerSecond(), plan.Limit().name, plan.latency_seconds / kMilli,
      LoadedLatency(plan) / kMilli, GopPerImage(plan), Gops(plan),
      ProductsPerDspAndCycle(report), plan.watts,
      plan.ImagesPerSecond() / plan.watts);
}

std::string BudgetTable(const PlanReport& report) {
  std::string text =
      "\nMODELLED, of the card after its shell:\n\n"
      "| resource | units need | limit | of the card |\n"
      "|:---|---:|---:|---:|\n";
  for (const BudgetLine& line : report.budget) {
    const std::string share =
        line.after_shell == 0
            ? "-"
            : absl::StrFormat("%.1f %%",
                              100.0 * static_cast<double>(line.need) /
                                  static_cast<double>(line.after_shell));
    absl::StrAppendFormat(&text, "| %s | %d | %d | %s |\n", line.resource,
                          line.need, line.limit, share);
  }
  return text;
}

std::string PublishedTable() {
  std::string text =
      "\nPUBLISHED by others, on their cards, one image at a time:\n\n"
      "| source | card | model | bits | images/s | GOP/s | W | DSP | MHz |\n"
      "|:---|:---|:---|:---|---:|---:|---:|---:|---:|\n";
  for (const Published& one : kPublished) {
    absl::StrAppendFormat(
        &text, "| %s | %s | %s | %s | %.1f | %.1f | %.2f | %s | %d |\n",
        one.source, one.card, one.model, one.bits, 1 / kMilli / one.latency_ms,
        one.gops, one.watts, one.dsps == 0 ? "-" : absl::StrCat(one.dsps),
        one.megahertz);
  }
  return text;
}

Json ConfigurationJson(const planner::CardDescription& card) {
  const hls::CardSizes& sizes = card.sizes;
  return {{"name", card.name},
          {"megahertz", sizes.megahertz},
          {"linear",
           {{"units", sizes.units.linear},
            {"token_lanes", sizes.linear.token_lanes},
            {"out_lanes", sizes.linear.out_lanes},
            {"weight_words", sizes.linear.weight_words}}},
          {"attention",
           {{"units", sizes.units.attention},
            {"queries", sizes.attention_queries}}},
          {"vector", {{"units", sizes.units.vector}}}};
}

Json ToJson(const OpPlan& op) {
  return {{"name", op.name},
          {"kind", op.kind},
          {"launches", op.launches},
          {"cycles", op.cycles},
          {"products", op.products},
          {"multipliers_busy", op.Utilization()},
          {"weight_bytes", op.weight_bytes},
          {"activation_bytes", op.activation_bytes},
          {"pcie_bytes", op.copied_bytes},
          {"microseconds", op.seconds / kMicro},
          {"bound", planner::BoundName(op.bound)}};
}

Json ToJson(const Published& one) {
  return {{"source", one.source},
          {"card", one.card},
          {"model", one.model},
          {"bits", one.bits},
          {"images_per_second", 1 / kMilli / one.latency_ms},
          {"gops", one.gops},
          {"watts", one.watts},
          {"dsps", one.dsps == 0 ? Json() : Json(one.dsps)},
          {"megahertz", one.megahertz}};
}

Json ResultJson(const PlanReport& report) {
  const Plan& plan = report.plan;
  Json stages = Json::array();
  for (const Stage& stage : plan.stages) {
    stages.push_back({{"name", stage.name},
                      {"microseconds", stage.seconds / kMicro},
                      {"busy", stage.seconds / plan.period_seconds}});
  }
  return {{"images_per_second", plan.ImagesPerSecond()},
          {"limited_by", plan.Limit().name},
          {"latency_ms", plan.latency_seconds / kMilli},
          {"loaded_latency_ms", LoadedLatency(plan) / kMilli},
          {"gop_per_image", GopPerImage(plan)},
          {"gops", Gops(plan)},
          {"products_per_dsp_and_cycle", ProductsPerDspAndCycle(report)},
          {"watts", plan.watts},
          {"images_per_joule", plan.ImagesPerSecond() / plan.watts},
          {"stages", std::move(stages)}};
}

}  // namespace

std::string PlanReportToText(const PlanReport& report) {
  return absl::StrCat(Heading(report), OpTable(report), StageTable(report.plan),
                      Summary(report), BudgetTable(report), PublishedTable());
}

std::string PlanReportToJson(const PlanReport& report) {
  Json ops = Json::array();
  for (const OpPlan& op : Rows(report)) ops.push_back(ToJson(op));
  Json budget = Json::array();
  for (const BudgetLine& line : report.budget) {
    budget.push_back({{"resource", line.resource},
                      {"need", line.need},
                      {"limit", line.limit}});
  }
  Json published = Json::array();
  for (const Published& one : kPublished) published.push_back(ToJson(one));
  const nlohmann::ordered_json json = {
      {"model", report.model},
      {"card", ConfigurationJson(report.card)},
      {"batch", report.plan.batch},
      {"batches_in_flight", report.plan.batches_in_flight},
      {"configurations_considered", report.considered},
      {"MODELLED",
       {{"result", ResultJson(report)},
        {"ops", std::move(ops)},
        {"budget", std::move(budget)}}},
      {"PUBLISHED", std::move(published)}};
  return json.dump(/*indent=*/2) + "\n";
}

}  // namespace moevit
