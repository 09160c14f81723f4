#include "planner/roofline.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/hls/attention_model.h"
#include "kernels/hls/linear_model.h"

namespace moevit::planner {
namespace {

constexpr int kWidth = 760;
constexpr int kHeight = 460;
constexpr int kLeft = 70;
constexpr int kRight = 30;
constexpr int kTop = 50;
constexpr int kBottom = 60;
// Decades of both axes.
constexpr int kMinIntensity = 0;  // 1 operation per byte
constexpr int kMaxIntensity = 4;
constexpr int kMinRate = 1;  // 10 giga-operations per second
constexpr int kMaxRate = 5;
constexpr double kGiga = 1e9;

double PositionX(double operations_per_byte) {
  const double part = (std::log10(operations_per_byte) - kMinIntensity) /
                      (kMaxIntensity - kMinIntensity);
  return kLeft + std::clamp(part, 0.0, 1.0) * (kWidth - kLeft - kRight);
}

double PositionY(double giga_operations) {
  const double part =
      (std::log10(giga_operations) - kMinRate) / (kMaxRate - kMinRate);
  return kHeight - kBottom -
         std::clamp(part, 0.0, 1.0) * (kHeight - kTop - kBottom);
}

std::string Line(double x1, double y1, double x2, double y2,
                 absl::string_view style) {
  return absl::StrFormat(
      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1,
      x2, y2, style);
}

std::string Text(double x, double y, absl::string_view text,
                 absl::string_view style) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", x, y,
                         style, text);
}

std::string Grid() {
  std::string svg;
  for (int decade = kMinIntensity; decade <= kMaxIntensity; ++decade) {
    const double x = PositionX(std::pow(10, decade));
    absl::StrAppend(&svg,
                    Line(x, kTop, x, kHeight - kBottom, "stroke=\"#ddd\""),
                    Text(x, kHeight - kBottom + 18,
                         absl::StrFormat("%g", std::pow(10, decade)),
                         "text-anchor=\"middle\""));
  }
  for (int decade = kMinRate; decade <= kMaxRate; ++decade) {
    const double y = PositionY(std::pow(10, decade));
    absl::StrAppend(
        &svg, Line(kLeft, y, kWidth - kRight, y, "stroke=\"#ddd\""),
        Text(kLeft - 8, y + 4, absl::StrFormat("%g", std::pow(10, decade)),
             "text-anchor=\"end\""));
  }
  absl::StrAppend(
      &svg,
      Text(kWidth / 2.0, kHeight - 18, "operations per byte of card memory",
           "text-anchor=\"middle\""),
      Text(kLeft, kTop - 10, "GOP/s", "text-anchor=\"end\""));
  return svg;
}

// One horizontal roof from where the memory's slope meets it.
std::string Roof(double giga_operations, double bytes_per_second,
                 absl::string_view label) {
  const double y = PositionY(giga_operations);
  const double x = PositionX(giga_operations * kGiga / bytes_per_second);
  return absl::StrCat(
      Line(x, y, kWidth - kRight, y, "stroke=\"#345\" stroke-width=\"2\""),
      Text(kWidth - kRight, y - 6,
           absl::StrFormat("%s: %.0f GOP/s", label, giga_operations),
           "text-anchor=\"end\" fill=\"#345\""));
}

// Where the memory's roof meets the highest one.
std::string Slope(double bytes_per_second, double highest) {
  const double from = std::pow(10, kMinIntensity);
  const double to = highest * kGiga / bytes_per_second;
  return absl::StrCat(
      Line(PositionX(from), PositionY(from * bytes_per_second / kGiga),
           PositionX(to), PositionY(highest),
           "stroke=\"#345\" stroke-width=\"2\""),
      Text(PositionX(from) + 6, PositionY(from * bytes_per_second / kGiga) - 8,
           absl::StrFormat("memory: %.0f GB/s", bytes_per_second / kGiga),
           "fill=\"#345\""));
}

std::string Point(const OpPlan& op, int units) {
  const double operations = 2.0 * static_cast<double>(op.products);
  const double rate = operations / op.run_seconds * units / kGiga;
  const double intensity =
      operations / static_cast<double>(op.weight_bytes + op.activation_bytes);
  const double x = PositionX(intensity);
  const double y = PositionY(rate);
  return absl::StrCat(
      absl::StrFormat(
          "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"#c33\"><title>%s: "
          "%.1f operations per byte, %.0f GOP/s</title></circle>\n",
          x, y, op.kind, intensity, rate),
      Text(x + 8, y + 16, op.kind, "fill=\"#c33\""));
}

// The units that run a kind of op: attention's or the linear ones.
int UnitsOf(const OpPlan& op, const hls::CardUnits& units) {
  return op.kind == "attention" ? units.attention : units.linear;
}

}  // namespace

std::string RooflineSvg(const Plan& plan, const CardDescription& card,
                        const Timing& timing, absl::string_view title) {
  const hls::CardSizes& sizes = card.sizes;
  const double clock = sizes.megahertz * 1e6;
  const double memory = static_cast<double>(hls::MemoryRate(sizes.memory)) *
                        1e6 * timing.memory_efficiency;
  const double linear = 2.0 * hls::LinearProducts(sizes.linear) *
                        sizes.units.linear * clock / kGiga;
  const double attention =
      2.0 * hls::AttentionProductsPerCycle(sizes.attention_queries) *
      sizes.units.attention * clock / kGiga;
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
      kWidth, kHeight, kWidth, kHeight);
  absl::StrAppend(
      &svg, Text(kLeft, 22, title, "font-size=\"15\" font-weight=\"bold\""),
      Grid(), Slope(memory, std::max(linear, attention)),
      Roof(linear, memory, "linear units"),
      Roof(attention, memory, "attention units"));
  for (const OpPlan& op : SumByKind(plan.ops)) {
    // Gates multiply in the vector units, below these roofs.
    if (op.multiplier_cycles > 0) {
      absl::StrAppend(&svg, Point(op, UnitsOf(op, sizes.units)));
    }
  }
  absl::StrAppend(&svg, "</svg>\n");
  return svg;
}

}  // namespace moevit::planner
