#!/usr/bin/env bash
# Builds the fuzzers and runs each for some seconds, as many at a time as there
# are processors, with at most 1 GiB of memory each.
#
# Usage: tests/fuzz/run.sh [SECONDS [FUZZER]...]     Default: 60, all of them
#
# An input that breaks a fuzzer stays in build/fuzz/found, and belongs into
# tests/fuzz/corpus once it is fixed. Other new inputs stay in
# build/fuzz/grown, where the next run begins.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

jobs=$(nproc)
readonly jobs seconds=${1:-60}
shift $(($# > 0))
fuzzers=("$@")
if ((${#fuzzers[@]} == 0)); then
  fuzzers=(image safetensors config program infer_request bytes_tensor
    rest_request)
fi
readonly fuzzers

quiet=()
[[ -t 1 ]] || quiet=(-- --quiet)
deploy/install_packages.sh build test
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "$jobs" \
  --target "${fuzzers[@]/%/_fuzz}" "${quiet[@]}"

# New inputs go into a directory of their own, not into the corpus.
run_one() {
  local name=$1 work=build/fuzz found
  mkdir -p "$work/found" "$work/grown/$name"
  if build/fuzz/tests/bin/"${name}_fuzz" -max_total_time="$seconds" \
    -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=10 -max_len=65536 \
    -print_final_stats=1 -artifact_prefix="$work/found/$name-" \
    "$work/grown/$name" "tests/fuzz/corpus/$name" >"$work/$name.log" 2>&1; then
    return
  fi
  found=$(sed -n 's/.*Test unit written to //p' "$work/$name.log")
  echo "$name: broken by ${found:-an unknown input}; see $work/$name.log" >&2
  return 1
}
export -f run_one
export seconds

# How long the fuzzers have run already.
show_progress() {
  local rounds=$(((${#fuzzers[@]} + jobs - 1) / jobs)) start=$SECONDS
  while sleep 1; do
    printf '\rfuzzing: %d of %d s ' $((SECONDS - start)) $((rounds * seconds))
  done
}

if [[ -t 1 ]]; then
  show_progress &
  readonly progress=$!
  trap 'kill "$progress"; printf "\r\e[K"' EXIT
fi
printf '%s\n' "${fuzzers[@]}" |
  xargs --max-procs="$jobs" --replace bash -c 'run_one {}'
