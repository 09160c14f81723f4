#!/usr/bin/env bash
# Prints the table of matrix products by shape, beside oneDNN's.
#
# Usage: bench/performance/20-products.sh [--quick]
set -euo pipefail

arguments=()
if [[ ${1:-} == --quick ]]; then
  arguments=(--benchmark_min_time=0.01 --benchmark_repetitions=2)
fi

cat <<'END'
## Matrix products

One core, geometric means over the layers of DeiT-S and M3ViT-S, as a part of the
8-bit peak measured beside each (`bench/products.sh`).

END
bench/products.sh "${arguments[@]}"
