#include "client/latency_plot.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace moevit {
namespace {

// In pixels.
constexpr double kWidth = 760;
constexpr double kHeight = 440;
constexpr double kLeft = 80;
constexpr double kRight = 150;  // the legend
constexpr double kTop = 30;
constexpr double kBottom = 50;

constexpr int kPointsPerCurve = 120;
constexpr double kDecades = 3;  // up to the 99.9th percentile
constexpr absl::string_view kColors[] = {"#0072b2", "#d55e00", "#009e73",
                                         "#cc79a7", "#e69f00", "#56b4e9",
                                         "#000000", "#999999"};

// Of powers of ten of seconds.
struct Range {
  double low = -3;
  double high = -2;
};

bool IsDrawn(const LatencyCurve& curve) {
  return !curve.seconds.empty() && curve.seconds.front() > 0;
}

Range RangeOf(absl::Span<const LatencyCurve> curves) {
  double least = HUGE_VAL;
  double most = 0;
  for (const LatencyCurve& curve : curves) {
    if (!IsDrawn(curve)) continue;
    least = std::min(least, curve.seconds.front());
    most = std::max(most, curve.seconds.back());
  }
  Range range;
  if (most == 0) return range;
  range.low = std::floor(std::log10(least));
  range.high = std::max(std::ceil(std::log10(most)), range.low + 1);
  return range;
}

// `decades` is 1 for the 90th percentile, 2 for the 99th.
double X(double decades) {
  return kLeft + (kWidth - kLeft - kRight) * decades / kDecades;
}

double Y(const Range& range, double seconds) {
  const double part =
      (std::log10(seconds) - range.low) / (range.high - range.low);
  return kHeight - kBottom - (kHeight - kTop - kBottom) * part;
}

std::string Line(double x1, double y1, double x2, double y2) {
  return absl::StrFormat(
      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
      "stroke=\"#ddd\"/>\n",
      x1, y1, x2, y2);
}

std::string Text(double x, double y, absl::string_view anchor,
                 absl::string_view text, absl::string_view color = "#333") {
  return absl::StrFormat(
      "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n",
      x, y, anchor, color, text);
}

std::string Grid(const Range& range, absl::string_view what) {
  std::string svg;
  const double bottom = kHeight - kBottom;
  const struct {
    double decades;
    absl::string_view label;
  } percentiles[] = {
      {0, "0 %"}, {0.30103, "50 %"}, {1, "90 %"}, {2, "99 %"}, {3, "99.9 %"}};
  for (const auto& [decades, label] : percentiles) {
    absl::StrAppend(&svg, Line(X(decades), kTop, X(decades), bottom),
                    Text(X(decades), bottom + 18, "middle", label));
  }
  for (double power = range.low; power <= range.high; ++power) {
    const double y = Y(range, std::pow(10, power));
    absl::StrAppend(&svg, Line(kLeft, y, kWidth - kRight, y),
                    Text(kLeft - 6, y + 4, "end",
                         absl::StrFormat("%g ms", std::pow(10, power + 3))));
  }
  absl::StrAppend(&svg,
                  Text(X(kDecades / 2), kHeight - 10, "middle",
                       absl::StrCat("part of the ", what, " answered within")));
  return svg;
}

std::string Polyline(const Range& range, const LatencyCurve& curve,
                     absl::string_view color) {
  const double end = std::min(-std::log10(1 - curve.last_part), kDecades);
  std::string points;
  for (int i = 0; i <= kPointsPerCurve; ++i) {
    const double decades = end * i / kPointsPerCurve;
    const double fraction = 1 - std::pow(10, -decades);
    const auto position = static_cast<size_t>(
        fraction * static_cast<double>(curve.seconds.size()));
    absl::StrAppendFormat(&points, "%.1f,%.1f ", X(decades),
                          Y(range, curve.seconds[position]));
  }
  return absl::StrFormat(
      "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" "
      "points=\"%s\"/>\n",
      color, points);
}

}  // namespace

std::string LatencyPlot(absl::Span<const LatencyCurve> curves,
                        absl::string_view what) {
  const Range range = RangeOf(curves);
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" "
      "font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
      kWidth, kHeight);
  absl::StrAppend(&svg, Grid(range, what));
  for (size_t i = 0; i < curves.size(); ++i) {
    const absl::string_view color = kColors[i % std::size(kColors)];
    if (IsDrawn(curves[i])) {
      absl::StrAppend(&svg, Polyline(range, curves[i], color));
    }
    absl::StrAppend(&svg, Text(kWidth - kRight + 10,
                               kTop + 12 + 16 * static_cast<double>(i), "start",
                               curves[i].label, color));
  }
  absl::StrAppend(&svg, "</svg>\n");
  return svg;
}

}  // namespace moevit
