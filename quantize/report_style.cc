#include "quantize/report_style.h"

namespace moevit {

absl::string_view ReportStyle() {
  return R"css(
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #14181f; --soft: #576070;
  --rule: #e1e4ea; --zero: #9aa3b2; --band: #eef1f6; --heat: #2f6fde;
  --warn: #b54708;
  --residual: #2563c9; --norm: #c2571a; --qkv: #7a4fd0; --mixed: #12805c;
  --hidden: #b3306f; --other: #14181f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #101318; --card: #191e26; --ink: #e8ebf0; --soft: #a0a9b8;
    --rule: #2b323d; --zero: #667082; --band: #212833; --heat: #3f7fe8;
    --warn: #f5a65b;
    --residual: #6ea3f7; --norm: #f0935a; --qkv: #b196f3; --mixed: #4cc79b;
    --hidden: #ee7fb2; --other: #e8ebf0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 72rem; padding: 1.5rem clamp(1rem, 4vw, 2.5rem);
  background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, Segoe UI, Roboto, sans-serif;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 0 0 .25rem; }
h3 { font-size: .9rem; font-weight: 600; margin: 0 0 .25rem; }
p { margin: .25rem 0 .75rem; color: var(--soft); max-width: 46rem; }
section {
  margin-top: 1.25rem; padding: 1.1rem 1.25rem; background: var(--card);
  border: 1px solid var(--rule); border-radius: 10px;
}
dl {
  display: grid; gap: .75rem; margin: 1.25rem 0 0;
  grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr));
}
dl div {
  padding: .7rem .9rem; background: var(--card);
  border: 1px solid var(--rule); border-radius: 10px;
}
dt { color: var(--soft); font-size: .8rem; }
dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
dd small { display: block; font-size: .8rem; font-weight: 400;
           color: var(--soft); overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; padding: 0;
          margin: .25rem 0 .75rem; list-style: none; font-size: .85rem; }
.marker { width: .8em; height: .8em; margin-right: .45em;
          vertical-align: -.05em; }
.swatch { display: inline-block; width: .9em; height: .9em;
          margin-right: .45em; vertical-align: -.08em; background: var(--band);
          border: 1px solid var(--rule); }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--heat); outline-offset: 4px; }
.wide svg { min-width: 44rem; }
.panels { display: grid; gap: 1rem 1.5rem;
          grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
svg { display: block; width: 100%; height: auto; }
svg.marker { display: inline-block; }
svg text { font: 12px system-ui, Segoe UI, Roboto, sans-serif;
           fill: var(--soft); font-variant-numeric: tabular-nums; }
.grid { stroke: var(--rule); }
.zero { stroke: var(--zero); }
.band { fill: none; stroke: var(--rule); stroke-width: .5; }
.sparse { fill: var(--band); }
.residual { --kind: var(--residual); }
.norm { --kind: var(--norm); }
.qkv { --kind: var(--qkv); }
.mixed { --kind: var(--mixed); }
.hidden { --kind: var(--hidden); }
.other { --kind: var(--other); }
svg path, .bar { fill: var(--kind); }
svg .line { fill: none; stroke: var(--kind); stroke-width: 1.5;
            stroke-opacity: .55; }
table { border-collapse: collapse; font-size: .85rem;
        font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; text-align: right; white-space: nowrap; }
th { font-weight: 600; }
thead th { color: var(--soft); font-weight: 500; }
th:first-child, .text { text-align: left; }
.layers { width: 100%; }
.layers tbody tr { border-top: 1px solid var(--rule); }
.layers tbody th { font-weight: 400; }
.grid-table { border-collapse: separate; border-spacing: 2px; }
.grid-table :is(td, th) { min-width: 2.7rem; padding: .3rem .4rem;
                             text-align: center; }
.grid-table th:first-child { text-align: left; padding-left: 0; }
.cell {
  border-radius: 4px;
  background: color-mix(in srgb, var(--heat) var(--share), var(--card));
}
.starved { outline: 2px solid var(--warn); outline-offset: -2px; }
.warn { color: var(--warn); }
)css";
}

}  // namespace moevit
