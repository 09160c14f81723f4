#!/usr/bin/env bash
# Prints a Markdown table of how near matrix products come to one core's 8-bit
# limit, beside oneDNN's: geometric means over the layers of kernel_bench.
# Takes about two minutes.
#
# Usage: bench/products.sh [KERNEL_BENCH_FLAG...]
#
# Needs jq, and build/release with the packages of [bench].
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

build/release/bin/kernel_bench --benchmark_filter='^(moevit|onednn)/[^/]*/.*x' \
  --benchmark_min_time=0.05 --benchmark_repetitions=3 \
  --benchmark_enable_random_interleaving=true --benchmark_format=json "$@" |
  jq -r '
    def median: sort | .[length / 2 | floor];
    def percent: 100 * . | round | tostring + " %";
    def geometric_mean: (map(log) | add / length) | exp;
    def table_row: "| " + join(" | ") + " |";
    ["moevit codes", "moevit gelu", "moevit residual",
     "onednn s32", "onednn codes", "onednn gelu"] as $columns |
    [.benchmarks | map(select(.run_type == "iteration")) |
     group_by(.run_name)[] |
     (.[0].run_name | split("/")) as [$engine, $ending, $layer, $shape] |
     {column: ($engine + " " + $ending),
      rows: ($shape | split("x")[0] | tonumber),
      of_peak: (map(.of_peak) | median)}] |
    (["rows"] + $columns | table_row),
    (["---"] + ($columns | map("---")) | table_row),
    (group_by(.rows)[] | . as $group |
     [$group[0].rows | tostring] + ($columns | map(. as $column |
       [$group[] | select(.column == $column).of_peak] |
       geometric_mean | percent)) | table_row)'
