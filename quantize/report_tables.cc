#include "quantize/report_tables.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "quantize/report_charts.h"
#include "quantize/value_name.h"

namespace moevit {
namespace {

Element Header(absl::string_view scope, absl::string_view text) {
  return Element("th").Set("scope", scope).Text(text);
}

Element Cell(absl::string_view text) { return Element("td").Text(text); }

std::string Decimal(double value, int decimals) {
  return std::isfinite(value) ? absl::StrFormat("%.*f", decimals, value) : "-";
}

// Colour stands for tokens over the block's mean: none at 0, half at the mean,
// all at twice the mean and above. Even the strongest leaves the number
// legible.
Element HeatCell(const ExpertReport& experts, size_t expert, double mean) {
  constexpr double kFullPercent = 75;
  const double tokens = static_cast<double>(experts.tokens[expert]);
  const double share = mean > 0 ? std::min(tokens / (2 * mean), 1.0) : 0.0;
  const bool starved =
      absl::c_linear_search(experts.starved, static_cast<int>(expert));
  Element cell = Cell(absl::StrCat(experts.tokens[expert]));
  cell.Set("class", starved ? "cell starved" : "cell");
  cell.Set("style", absl::StrFormat("--share:%.0f%%", kFullPercent * share));
  if (starved) cell.Set("title", "calibrated on all tokens of the layer");
  return cell;
}

Element HeatRow(const ExpertReport& experts, size_t columns) {
  const double mean =
      static_cast<double>(absl::c_accumulate(experts.tokens, int64_t{0})) /
      std::max<double>(1, static_cast<double>(experts.tokens.size()));
  Element row("tr");
  row.Add(Header("row", absl::StrCat("block ", experts.block)));
  for (size_t expert = 0; expert < experts.tokens.size(); ++expert) {
    row.Add(HeatCell(experts, expert, mean));
  }
  for (size_t i = experts.tokens.size(); i < columns; ++i) row.Add(Cell(""));
  row.Add(Cell(Decimal(Imbalance(experts), 2)));
  return row;
}

// A row of a table's head: what the columns are, and their numbers.
Element NumberedHeader(absl::string_view what, size_t columns) {
  Element head("tr");
  head.Add(Header("col", what));
  for (size_t i = 0; i < columns; ++i) {
    head.Add(Header("col", absl::StrCat(i)));
  }
  return head;
}

Element LayerRow(const LayerReport& layer) {
  return Element("tr")
      .Add(Element("th")
               .Set("scope", "row")
               .Add(InlineMarker(KindOf(layer.name)))
               .Text(layer.name))
      .Add(Cell(layer.scheme).Set("class", "text"))
      .Add(Cell(Decimal(layer.min, 3)))
      .Add(Cell(Decimal(layer.max, 3)))
      .Add(Cell(SnrToText(layer.snr_db)));
}

}  // namespace

Element LayerTable(const std::vector<LayerReport>& layers) {
  Element body("tbody");
  for (const LayerReport& layer : layers) body.Add(LayerRow(layer));
  Element head("tr");
  head.Add(Header("col", "value"))
      .Add(Header("col", "scheme").Set("class", "text"))
      .Add(Header("col", "min"))
      .Add(Header("col", "max"))
      .Add(Header("col", "SNR dB"));
  return Element("table")
      .Set("class", "layers")
      .Add(Element("thead").Add(head))
      .Add(body);
}

Element ExpertTable(const std::vector<ExpertReport>& experts) {
  size_t columns = 0;
  for (const ExpertReport& block : experts) {
    columns = std::max(columns, block.tokens.size());
  }
  Element head = NumberedHeader("expert", columns);
  head.Add(Header("col", "most / mean"));
  Element body("tbody");
  for (const ExpertReport& block : experts) body.Add(HeatRow(block, columns));
  return Element("table")
      .Set("class", "grid-table")
      .Add(Element("thead").Add(head))
      .Add(body);
}

Element StepTable(const std::vector<AttentionReport>& attention) {
  Element body("tbody");
  size_t heads = 0;
  for (const AttentionReport& block : attention) {
    heads = std::max(heads, block.steps_per_octave.size());
    Element row("tr");
    row.Add(Header("row", absl::StrCat("block ", block.block)));
    for (double step : block.steps_per_octave) {
      row.Add(Cell(absl::StrCat(step)));
    }
    body.Add(row);
  }
  return Element("table")
      .Set("class", "grid-table")
      .Add(Element("thead").Add(NumberedHeader("head", heads)))
      .Add(body);
}

}  // namespace moevit
