#!/usr/bin/env bash
# Prints what it costs a server to be watched, as a whole and in its parts.
#
# Usage: bench/performance/65-metrics.sh [--quick]
#
# One server under one load, whose pages are fetched in some turns and not in
# others: two servers differ by more than this, by where their memory happens to
# lie. What a turn did is read from the server's own counters, so that nothing
# begins or ends with a turn. What is always there, counting and sampling, is
# measured by itself.
set -euo pipefail

# shellcheck source=bench/server.sh
source bench/server.sh

# Far more often than anybody does: what is looked for is little.
readonly fetches_per_s=10
readonly turn_s=2 warmup_s=4
blocks=50 idle_s=20 fetches=1000 repeats=20
if [[ ${1:-} == --quick ]]; then
  blocks=3 idle_s=2 fetches=200 repeats=3
fi
readonly blocks idle_s fetches repeats
# How far apart readings of the counters may be, beyond the turn itself.
readonly load_s=$((warmup_s + blocks * 4 * (turn_s + 1)))
readonly watched_flags=(--metrics_port=0 --energy_model=cpu=10:50)

helpers=()
stop_helpers() {
  ((${#helpers[@]} > 0)) || return 0
  kill -KILL "${helpers[@]}" 2>/dev/null || true
  wait "${helpers[@]}" 2>/dev/null || true
  helpers=()
}
trap 'stop_helpers; stop_server; rm -rf "$work"' EXIT

start_model_server() {
  start_server --model_repository=models --devices=cpu "$@"
}

fetch() {
  curl --silent --fail "http://127.0.0.1:$(port_of metrics)/$1"
}

# Seconds of processor time that the server used, to the clock tick.
processor_s() {
  awk -v hertz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hertz }' \
    "/proc/$server/stat"
}

# Prints the processor time that the server takes in a second without requests.
idle_cost() {
  local before
  start_model_server "$@"
  sleep 1
  before=$(processor_s)
  sleep "$idle_s"
  jq -n "($(processor_s) - $before) / $idle_s"
  stop_server
}

# Prints the milliseconds of processor time that page $1 takes a server.
page_cost() {
  local before
  before=$(processor_s)
  fetch "$1?[1-$fetches]" >/dev/null
  jq -n "1000 * ($(processor_s) - $before) / $fetches"
}

start_load() {
  "$bin/moevit" load --server="127.0.0.1:$(port_of gRPC)" --closed \
    --concurrency=16 --warmup=0s --duration="${load_s}s" --json \
    deploy/samples >"$work/load.json" &
  helpers+=("$!")
}

# Starts what fetches the pages; it waits for SIGCONT. One process for each
# page: starting one for every fetch would cost more than what is measured.
watchers=()
start_watchers() {
  local page
  for page in metrics status.json; do
    curl --silent --fail --rate "$fetches_per_s/s" --output /dev/null \
      --write-out '%{stderr}%{http_code}\n' \
      "http://127.0.0.1:$(port_of metrics)/$page?[1-1000000]" \
      2>>"$work/fetched" &
    watchers+=("$!")
    kill -STOP "$!"
  done
  helpers+=("${watchers[@]}")
}

# Prints the time, and the server's processor time and images until now.
counters() {
  fetch metrics | awk -v now="$EPOCHREALTIME" '
    /^moevit_process_cpu_seconds_total / { cpu = $2 }
    /^moevit_images_total{code="OK"/ { images += $2 }
    END { printf "%.6f %.6f %d", now, cpu, images }'
}

# One turn of block $1; $2 is whether the server is watched, true or false.
take_turn() {
  local before after
  [[ $2 == false ]] || kill -CONT "${watchers[@]}"
  before=$(counters)
  sleep "$turn_s"
  after=$(counters)
  [[ $2 == false ]] || kill -STOP "${watchers[@]}"
  jq -n -c --arg before "$before" --arg after "$after" --argjson block "$1" \
    --argjson watched "$2" '
    [[$before, $after][] | split(" ") | map(tonumber)] as [$from, $to]
    | {$block, $watched, seconds: ($to[0] - $from[0]), cpu: ($to[1] - $from[1]),
       images: ($to[2] - $from[2])}'
}

measure_turns() {
  local block turn order
  start_load
  start_watchers
  sleep "$warmup_s"
  for ((block = 0; block < blocks; ++block)); do
    order=(true false false true)
    ((block % 2)) || order=(false true true false)
    for turn in "${order[@]}"; do
      take_turn "$block" "$turn"
    done
  done
}

idle="[$(idle_cost --metrics_port=-1 --energy_sensors=none),"
idle+="$(idle_cost "${watched_flags[@]}")]"
"$bin/metrics_cost" --repeats="$repeats" >"$work/counting"
start_model_server "${watched_flags[@]}"
pages="[$(page_cost metrics), $(page_cost status.json)]"
measure_turns >"$work/turns"
kill -0 "${helpers[0]}" 2>/dev/null || fail "the load ended before the turns"
stop_helpers
stop_server
fetched=$(grep -c '^200$' "$work/fetched") || fail "nothing was fetched"
((fetched >= 2 * blocks * turn_s * fetches_per_s)) ||
  fail "only $fetched pages were fetched"

cat <<END
## Being watched

A server whose \`/metrics\` and \`/status.json\` are fetched $fetches_per_s times a second, each,
against the same server without; the bundled model, \`moevit load\` with 16 requests
on their way in a closed loop. Means of $((2 * blocks)) turns of $turn_s s each; the change is the
mean of $blocks blocks of two turns of either kind, with its 95 % confidence interval.

END
jq --raw-output --slurp -L bench/performance \
  'include "metrics"; watching' "$work/turns"
cat <<END

What of it is always there, and one fetch of each page. Counting: all that an image
may leave in the metrics, by two threads at a time, $repeats times, against the processor
time of the image above. Sampling: a server without requests and with a sensor,
less one with neither sensor nor metrics, over $idle_s s. Fetches: means of $fetches.

END
jq --raw-output --slurp -L bench/performance --slurpfile counting "$work/counting" \
  --argjson idle "$idle" --argjson pages "$pages" \
  --argjson processors "$(nproc)" '
  include "metrics"; parts($counting; $idle; $pages; $processors)' "$work/turns"
