#include "quantize/report_html.h"

#include <cmath>
#include <optional>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "quantize/report_charts.h"
#include "quantize/report_markup.h"
#include "quantize/report_style.h"
#include "quantize/report_tables.h"
#include "quantize/value_name.h"

namespace moevit {
namespace {

Element Paragraph(absl::string_view text) { return Element("p").Text(text); }

Element Section(absl::string_view title) {
  return Element("section").Add(Element("h2").Text(title));
}

// What may be wider than a phone scrolls on its own, by keyboard as well.
Element Scroll(absl::string_view label, const Element& content) {
  return Element("div")
      .Set("class", "scroll")
      .Set("role", "region")
      .Set("aria-label", label)
      .Set("tabindex", "0")
      .Add(content);
}

Element Fact(absl::string_view term, absl::string_view value,
             absl::string_view note) {
  return Element("div")
      .Add(Element("dt").Text(term))
      .Add(Element("dd").Text(value).Add(Element("small").Text(note)));
}

const LayerReport* WorstLayer(const std::vector<LayerReport>& layers) {
  const LayerReport* worst = nullptr;
  for (const LayerReport& layer : layers) {
    if (!std::isfinite(layer.snr_db)) continue;
    if (worst == nullptr || layer.snr_db < worst->snr_db) worst = &layer;
  }
  return worst;
}

Element ExpertFact(const std::vector<ExpertReport>& experts) {
  size_t total = 0;
  size_t starved = 0;
  double imbalance = 0;
  for (const ExpertReport& block : experts) {
    total += block.tokens.size();
    starved += block.starved.size();
    // A block without tokens has none.
    imbalance = std::fmax(imbalance, Imbalance(block));
  }
  return Fact("experts", absl::StrCat(total),
              absl::StrFormat("the busiest %.2f times its block's mean, "
                              "%d starved",
                              imbalance, starved));
}

Element Facts(const QuantizationReport& report) {
  Element facts("dl");
  facts.Add(Fact("scheme", report.scheme,
                 absl::StrCat("softmax ", report.attention_bits, " bit")));
  facts.Add(Fact("calibration", absl::StrCat(report.images), "images"));
  if (const LayerReport* worst = WorstLayer(report.layers)) {
    facts.Add(Fact("lowest SNR", absl::StrCat(SnrToText(worst->snr_db), " dB"),
                   worst->name));
  }
  const auto logits =
      absl::c_find_if(report.layers, [](const LayerReport& layer) {
        return layer.name == "logits" && !std::isnan(layer.snr_db);
      });
  if (logits != report.layers.end()) {
    facts.Add(Fact("SNR of the logits",
                   absl::StrCat(SnrToText(logits->snr_db), " dB"),
                   "what all of quantization costs"));
  }
  if (!report.experts.empty()) facts.Add(ExpertFact(report.experts));
  return facts;
}

Element Legend(const QuantizationReport& report) {
  Element legend = Element("ul").Set("class", "legend");
  for (const KindStyle& style : KindStyles()) {
    const bool present =
        absl::c_any_of(report.layers, [&style](const LayerReport& layer) {
          return KindOf(layer.name) == style.kind;
        });
    if (!present) continue;
    legend.Add(Element("li").Add(InlineMarker(style.kind)).Text(style.title));
  }
  if (!report.experts.empty()) {
    legend.Add(Element("li")
                   .Add(Element("span").Set("class", "swatch"))
                   .Text("block with experts"));
  }
  return legend;
}

Element SnrSection(const QuantizationReport& report) {
  return Section("Signal-to-noise ratio over depth")
      .Add(Paragraph(
          "Each activation of the integer model against the float model's on "
          "the same images: higher is closer, 6 dB is one bit. Noise adds up "
          "from layer to layer."))
      .Add(Legend(report))
      .Add(Scroll("Signal-to-noise ratio over depth",
                  Element("div").Set("class", "wide").Add(SnrChart(report))));
}

Element RangeSection(const QuantizationReport& report) {
  Element panels = Element("div").Set("class", "panels");
  for (const KindStyle& style : KindStyles()) {
    // One block's worth or less, such as the logits, is for the table.
    if (style.kind == ValueKind::kOther || !HasRanges(report, style.kind)) {
      continue;
    }
    panels.Add(
        Element("div")
            .Add(Element("h3").Add(InlineMarker(style.kind)).Text(style.title))
            .Add(RangeChart(report, style.kind)));
  }
  return Section("Ranges")
      .Add(Paragraph("The least and the largest value over the calibration "
                     "images, in real units. Each panel has its own scale."))
      .Add(panels);
}

Element ExpertSection(const std::vector<ExpertReport>& experts) {
  Element section = Section("Tokens per expert");
  section.Add(Paragraph(
      "How many tokens of the calibration images each expert was given; "
      "the stronger the colour, the more for its block."));
  section.Add(Scroll("Tokens per expert", ExpertTable(experts)));
  for (const ExpertReport& block : experts) {
    if (block.starved.empty()) continue;
    section.Add(Element("p")
                    .Set("class", "warn")
                    .Text(absl::StrCat(
                        "Block ", block.block, ": too few tokens for ",
                        block.starved.size() == 1 ? "expert " : "experts ",
                        absl::StrJoin(block.starved, ", "),
                        ", calibrated on all tokens of the layer instead.")));
  }
  return section;
}

Element TableSection(const std::vector<LayerReport>& layers) {
  return Section("All values").Add(Scroll("All values", LayerTable(layers)));
}

// The step that all heads of all blocks have, if there is one.
std::optional<double> CommonStep(
    const std::vector<AttentionReport>& attention) {
  std::optional<double> common;
  for (const AttentionReport& block : attention) {
    for (double step : block.steps_per_octave) {
      if (common.has_value() && *common != step) return std::nullopt;
      common = step;
    }
  }
  return common;
}

Element AttentionSection(const QuantizationReport& report) {
  Element section = Section("Attention levels");
  section.Add(Paragraph(absl::StrCat(
      "Softmax numerators have ", report.attention_bits,
      " bits on a logarithmic scale; each head may have its own step. More "
      "steps in an octave are finer and end earlier.")));
  if (const std::optional<double> step = CommonStep(report.attention)) {
    return section.Add(Element("div").Text(absl::StrCat(
        "All heads of all blocks: ", *step, " steps in an octave.")));
  }
  return section.Add(Scroll("Attention levels", StepTable(report.attention)));
}

}  // namespace

std::string QuantizationReportToHtml(const QuantizationReport& report) {
  const std::string title = absl::StrCat("Quantization of ", report.model);
  Element head("head");
  head.Add(Element("meta").Set("charset", "utf-8"))
      .Add(Element("meta")
               .Set("name", "viewport")
               .Set("content", "width=device-width, initial-scale=1"))
      .Add(Element("title").Text(title))
      .Add(Element("style").Text(ReportStyle()));
  Element main("main");
  main.Add(Element("h1").Text(title)).Add(Facts(report));
  main.Add(SnrSection(report)).Add(RangeSection(report));
  if (!report.experts.empty()) main.Add(ExpertSection(report.experts));
  if (!report.attention.empty()) main.Add(AttentionSection(report));
  main.Add(TableSection(report.layers));
  return absl::StrCat("<!DOCTYPE html>\n",
                      Element("html")
                          .Set("lang", "en")
                          .Add(head)
                          .Add(Element("body").Add(main))
                          .ToString(),
                      "\n");
}

}  // namespace moevit
