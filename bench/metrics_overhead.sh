#!/usr/bin/env bash
# What it costs to be watched: the processor time per image of a server that
# is scraped five times per second, samples its sensors and is shown in a
# browser, against one that serves no metrics at all. The two take turns, so
# that what disturbs the machine disturbs both.
#
# Usage: bench/metrics_overhead.sh [TURNS] [SECONDS]
#
# Counting itself cannot be turned off; it is in both.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

readonly turns=${1:-5} seconds=${2:-20}
readonly bin=${MOEVIT_BIN:-build/release/bin}
export no_proxy=127.0.0.1

work=$(mktemp -d)
readonly work
pids=()
trap '((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null; rm -rf "$work"' EXIT

# The port that the server said it serves $1 on.
port_of() {
  sed -n "s|.* serving $1 on .*:\([0-9]*\).*|\1|p" "$work/log"
}

# Clock ticks that process $1 used.
ticks_of() {
  awk '{ print $14 + $15 }' "/proc/$1/stat"
}

watch() {
  local port
  port=$(port_of metrics)
  while curl --silent --fail --max-time 5 --output /dev/null \
    "http://127.0.0.1:$port/metrics" "http://127.0.0.1:$port/status.json"; do
    sleep 0.2
  done
}

# Prints the microseconds of processor time per image with the flags $@.
measure() {
  : >"$work/log"
  "$bin/moevit-server" --model_repository=models --host=127.0.0.1 --port=0 \
    --devices=cpu "$@" 2>>"$work/log" &
  local server=$! ticks images
  pids=("$server")
  until [[ -n $(port_of gRPC) ]]; do
    kill -0 "$server" || { cat "$work/log" >&2 && exit 1; }
    sleep 0.1
  done
  if [[ -n $(port_of metrics) ]]; then
    watch &
    pids+=("$!")
  fi
  ticks=$(ticks_of "$server")
  "$bin/moevit" load --server="127.0.0.1:$(port_of gRPC)" --closed \
    --concurrency=4 --warmup=0s --duration="${seconds}s" \
    --json deploy/samples >"$work/load.json"
  ticks=$(($(ticks_of "$server") - ticks))
  images=$(jq '[.runs[].answers] | add' "$work/load.json")
  kill "${pids[@]}"
  wait "${pids[@]}" 2>/dev/null || true
  pids=()
  echo $((ticks * 1000000 / $(getconf CLK_TCK) / images))
}

median() {
  sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

for ((turn = 0; turn < turns; ++turn)); do
  measure --metrics_port=0 --energy_model=cpu=10:50 >>"$work/on"
  measure --metrics_port=-1 >>"$work/off"
done
on=$(median <"$work/on")
off=$(median <"$work/off")
echo "processor time per image, median of $turns: $on us watched, $off us not:" \
  "$(awk -v on="$on" -v off="$off" 'BEGIN { printf "%+.1f", 100 * (on / off - 1) }') %"
