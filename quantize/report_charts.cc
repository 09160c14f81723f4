#include "quantize/report_charts.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "quantize/report_axis.h"

namespace moevit {
namespace {

constexpr KindStyle kKindStyles[] = {
    {ValueKind::kResidual, "residual", "residual stream",
     "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"},
    {ValueKind::kNorm, "norm", "after a layer norm", "M-3.5 -3.5h7v7h-7z"},
    {ValueKind::kQkv, "qkv", "queries, keys, values", "M0 -5l5 5l-5 5l-5 -5z"},
    {ValueKind::kMixed, "mixed", "mixed by attention", "M0 -4.5l4.5 8h-9z"},
    {ValueKind::kHidden, "hidden", "hidden in an MLP", "M0 4.5l4.5 -8h-9z"},
    {ValueKind::kOther, "other", "logits",
     "M-1.5 -5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z"},
};

// The part of a drawing that axes enclose, in the drawing's units.
struct Plot {
  double width;
  double height;
  double left = 40;
  double right = 8;
  double top = 24;
  double bottom = 38;

  double x_end() const { return width - right; }
  double y_end() const { return height - bottom; }
};

// Values of one block, or outside of any, that follow each other.
struct Run {
  std::optional<int> block;
  int first = 0;
  int count = 0;
};

std::vector<Run> RunsOf(const std::vector<LayerReport>& layers) {
  std::vector<Run> runs;
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::optional<int> block = BlockOf(layers[i].name);
    if (runs.empty() || runs.back().block != block) {
      runs.push_back({block, static_cast<int>(i), 0});
    }
    ++runs.back().count;
  }
  return runs;
}

bool IsSparse(const QuantizationReport& report, int block) {
  return absl::c_any_of(report.experts, [&](const ExpertReport& experts) {
    return experts.block == block;
  });
}

Element Line(double x1, double y1, double x2, double y2, const char* css) {
  return Element("line")
      .Set("class", css)
      .Set("x1", x1)
      .Set("y1", y1)
      .Set("x2", x2)
      .Set("y2", y2);
}

Element Label(double x, double y, const char* anchor, const std::string& text) {
  return Element("text")
      .Set("x", x)
      .Set("y", y)
      .Set("text-anchor", anchor)
      .Text(text);
}

Element Drawing(const Plot& plot, const std::string& title) {
  return Element("svg")
      .Set("viewBox", absl::StrCat("0 0 ", plot.width, " ", plot.height))
      .Set("role", "img")
      .Set("aria-label", title)
      .Add(Element("title").Text(title));
}

void DrawGrid(const Plot& plot, const Axis& axis, Element* svg) {
  for (double tick : axis.ticks()) {
    const double y = axis.At(tick);
    const bool zero = std::abs(tick) < 1e-12;
    svg->Add(Line(plot.left, y, plot.x_end(), y, zero ? "zero" : "grid"));
    svg->Add(Label(plot.left - 6, y + 4, "end", axis.Label(tick)));
  }
}

// Names the blocks below the plot and shades those with experts. `slot` is
// the room for one value.
void DrawBlocks(const Plot& plot, const QuantizationReport& report,
                const std::vector<LayerReport>& layers, double slot,
                Element* svg) {
  // Labels closer than this would run into each other.
  constexpr double kLabelRoom = 20;
  double labelled_until = 0;
  for (const Run& run : RunsOf(layers)) {
    if (!run.block.has_value()) continue;
    const double x = plot.left + run.first * slot;
    const double width = run.count * slot;
    const bool sparse = IsSparse(report, *run.block);
    svg->Add(Element("rect")
                 .Set("class", sparse ? "band sparse" : "band")
                 .Set("x", x)
                 .Set("y", plot.top)
                 .Set("width", width)
                 .Set("height", plot.y_end() - plot.top));
    if (x + width / 2 < labelled_until) continue;
    labelled_until = x + width / 2 + kLabelRoom;
    svg->Add(Label(x + width / 2, plot.y_end() + 16, "middle",
                   absl::StrCat(*run.block)));
  }
  svg->Add(Label((plot.left + plot.x_end()) / 2, plot.height - 6, "middle",
                 "block"));
}

// The line of one kind; a value without a ratio interrupts it.
void DrawSeries(const Plot& plot, const std::vector<LayerReport>& layers,
                const KindStyle& style, double slot, const Axis& axis,
                Element* svg) {
  Element group = Element("g").Set("class", style.css_class);
  Element markers = Element("g");
  std::string path;
  bool pen_down = false;
  for (size_t i = 0; i < layers.size(); ++i) {
    const LayerReport& layer = layers[i];
    if (KindOf(layer.name) != style.kind) continue;
    if (!std::isfinite(layer.snr_db)) {
      pen_down = false;
      continue;
    }
    const std::string at = absl::StrFormat(
        "%.2f %.2f", plot.left + (i + 0.5) * slot, axis.At(layer.snr_db));
    absl::StrAppend(&path, pen_down ? "L" : "M", at);
    pen_down = true;
    markers.Add(Element("path")
                    .Set("d", style.marker)
                    .Set("transform", absl::StrCat("translate(", at, ")"))
                    .Add(Element("title").Text(absl::StrCat(
                        layer.name, ": ", SnrToText(layer.snr_db), " dB"))));
  }
  if (path.empty()) return;
  group.Add(Element("path").Set("class", "line").Set("d", path)).Add(markers);
  svg->Add(group);
}

std::vector<LayerReport> RangesOf(const QuantizationReport& report,
                                  ValueKind kind) {
  std::vector<LayerReport> layers;
  absl::c_copy_if(report.layers, std::back_inserter(layers),
                  [kind](const LayerReport& layer) {
                    return KindOf(layer.name) == kind &&
                           std::isfinite(layer.min) && std::isfinite(layer.max);
                  });
  return layers;
}

Element RangeBar(const LayerReport& layer, const Axis& axis, double x,
                 double width) {
  // A range of one value is still to be seen.
  const double top = axis.At(layer.max);
  const double height = std::max(1.0, axis.At(layer.min) - top);
  return Element("rect")
      .Set("class", "bar")
      .Set("x", x)
      .Set("y", top)
      .Set("width", width)
      .Set("height", height)
      .Set("rx", std::min(3.0, width / 3))
      .Add(Element("title").Text(absl::StrFormat("%s: %.3f to %.3f", layer.name,
                                                 layer.min, layer.max)));
}

}  // namespace

absl::Span<const KindStyle> KindStyles() { return kKindStyles; }

const KindStyle& StyleOf(ValueKind kind) {
  return *absl::c_find_if(kKindStyles, [kind](const KindStyle& style) {
    return style.kind == kind;
  });
}

Element InlineMarker(ValueKind kind) {
  const KindStyle& style = StyleOf(kind);
  return Element("svg")
      .Set("class", absl::StrCat("marker ", style.css_class))
      .Set("viewBox", "-6 -6 12 12")
      .Set("aria-hidden", "true")
      .Add(Element("path").Set("d", style.marker));
}

Element SnrChart(const QuantizationReport& report) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const LayerReport& layer : report.layers) {
    if (!std::isfinite(layer.snr_db)) continue;
    low = std::min(low, layer.snr_db);
    high = std::max(high, layer.snr_db);
  }
  if (low > high) {
    return Element("p").Text("No value could be compared with the model.");
  }
  const Plot plot{.width = 960, .height = 320};
  const Axis axis(low, high, 5, plot.y_end(), plot.top);
  const double slot =
      (plot.x_end() - plot.left) / static_cast<double>(report.layers.size());
  Element svg = Drawing(
      plot, absl::StrFormat("Signal-to-noise ratio of %d values in program "
                            "order, from %.1f to %.1f dB",
                            report.layers.size(), low, high));
  DrawBlocks(plot, report, report.layers, slot, &svg);
  DrawGrid(plot, axis, &svg);
  svg.Add(Label(plot.left - 6, 10, "end", "dB"));
  for (const KindStyle& style : kKindStyles) {
    DrawSeries(plot, report.layers, style, slot, axis, &svg);
  }
  return svg;
}

Element RangeChart(const QuantizationReport& report, ValueKind kind) {
  const std::vector<LayerReport> layers = RangesOf(report, kind);
  double low = 0;
  double high = 0;
  for (const LayerReport& layer : layers) {
    low = std::min(low, layer.min);
    high = std::max(high, layer.max);
  }
  const Plot plot{.width = 360, .height = 200};
  const Axis axis(low, high, 4, plot.y_end(), plot.top);
  const double slot = (plot.x_end() - plot.left) /
                      std::max(1.0, static_cast<double>(layers.size()));
  const KindStyle& style = StyleOf(kind);
  Element svg = Drawing(
      plot, absl::StrFormat("Ranges, %s: %d values between %.3g and %.3g",
                            style.title, layers.size(), low, high));
  DrawBlocks(plot, report, layers, slot, &svg);
  DrawGrid(plot, axis, &svg);
  const double width = std::min(0.62 * slot, 14.0);
  Element bars = Element("g").Set("class", style.css_class);
  for (size_t i = 0; i < layers.size(); ++i) {
    const double centre = plot.left + (i + 0.5) * slot;
    bars.Add(RangeBar(layers[i], axis, centre - width / 2, width));
  }
  return svg.Add(bars);
}

bool HasRanges(const QuantizationReport& report, ValueKind kind) {
  return !RangesOf(report, kind).empty();
}

}  // namespace moevit
