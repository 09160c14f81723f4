#!/usr/bin/env bash
# Builds the fuzzers and runs each for some seconds, as many at a time as there
# are processors, with at most 1 GiB of memory each. Inputs that break one are
# left in build/fuzz/found; they belong into its corpus once they are fixed.
#
# Usage: tests/fuzz/run.sh [SECONDS]     (60)
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
readonly seconds=${1:-60}
readonly fuzzers=(image safetensors config program infer_request bytes_tensor
  rest_request)

cmake --preset fuzz
cmake --build --preset fuzz --parallel "$(nproc)" \
  --target "${fuzzers[@]/%/_fuzz}"
mkdir -p build/fuzz/found

# New inputs of a run go into a directory of their own, not into the corpus.
run_one() {
  local name=$1
  mkdir -p "build/fuzz/grown/$name"
  build/fuzz/tests/bin/"${name}_fuzz" -max_total_time="$seconds" \
    -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=10 -max_len=65536 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/found/$name-" \
    "build/fuzz/grown/$name" "tests/fuzz/corpus/$name" \
    >"build/fuzz/$name.log" 2>&1 || {
    echo "$name: found something; build/fuzz/$name.log"
    return 1
  }
  echo "$name: $(grep -o 'number_of_executed_units:.*' "build/fuzz/$name.log")"
}
export -f run_one
export seconds
printf '%s\n' "${fuzzers[@]}" |
  xargs --max-procs="$(nproc)" --replace bash -c 'run_one {}'
