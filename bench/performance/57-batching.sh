#!/usr/bin/env bash
# Prints what batching by learned costs does for latencies over gRPC, against
# Triton's rules with a fixed delay.
#
# Usage: bench/performance/57-batching.sh [--quick]
#
# One thread computes, so that on two processors the client, gRPC and decoding
# have one of their own: else what they take from the batches hides what the
# rules do. For the same reason the model is a large one.
#
# Rates are parts of what the plain rule (a fixed delay of zero) answers in a
# closed loop. At each, a search finds the best fixed delay; that one and the
# cost model are then measured anew, in short runs that take turns, and in every
# other round in the other order: what else the machine does meets both. A delay
# that was best by chance in the search is not flattered by it that way.
#
# Every run has a fresh server, the arrivals that the other method has in the
# same round, and before them as many as the planner needs to learn from.
# One server runs at a time. Takes about half an hour.
set -euo pipefail

# shellcheck source=bench/server.sh
source bench/server.sh

readonly shape=m3vit_t
readonly picture=$work/picture.jpg
readonly planners_warmup=450  # requests
readonly least_requests=500  # for a 99th percentile

loads=(0.10 0.27 0.44 0.61 0.78 0.95)
delays=(0ms 1ms 2ms 5ms)
search_s=8
run_s=12
rounds=4
if [[ ${1:-} == --quick ]]; then
  loads=(0.61)
  delays=(0ms 2ms)
  search_s=1
  run_s=1
  rounds=2
fi

# The flags of a server with method $1, the cost model or a fixed delay.
batching_flags() {
  if [[ $1 == cost_model ]]; then
    echo --batching=cost_model
  else
    echo --batching=fixed_delay --max_queue_delay="$1"
  fi
}

# Runs `moevit load` with these arguments against a new server of method $1.
load() {
  # shellcheck disable=SC2046 # several of them
  start_server --model_repository="$work/models" --metrics_port=-1 \
    --devices=cpu --threads_per_batch=1 $(batching_flags "$1")
  shift
  "$bin/moevit" load --server="127.0.0.1:$(port_of gRPC)" --timeout=10s \
    --connections=4 --json "$@" "$picture"
  stop_server
}

# Measures method $1 at load $2 for at least $3 seconds with seed $4, after $5
# requests and a second at least, and prints it.
measure() {
  local rate warmup duration
  rate=$(jq -n "$2 * $capacity")
  warmup=$(jq -n "[$5 / $rate, 1] | max")
  duration=$(jq -n "[$least_requests / $rate, $3] | max")
  load "$1" --rate="$rate" --seed="$4" --warmup="${warmup}s" \
    --duration="${duration}s" |
    jq -c --arg method "$1" --argjson load "$2" \
      '.runs[0] + {method: $method, load: $load}'
}

# Prints the delay with the shortest p99 at load $1.
best_delay() {
  local delay
  for delay in "${delays[@]}"; do
    measure "$delay" "$1" "$search_s" 0 0
  done | jq -s -r 'min_by(.latency_ms.p99 // infinite).method'
}

# Requests per second of a closed loop that fills batches.
measure_capacity() {
  load 0ms --closed --concurrency=64 --warmup=1s --duration=5s |
    jq '.runs[0].answers_per_second'
}

"$bin/write_random_model" "$shape" "$work/models/$shape/1" "$picture"
capacity=$(measure_capacity)
[[ -n $capacity ]] || fail "the closed loop had no answers"
for load in "${loads[@]}"; do
  best=$(best_delay "$load")
  for ((round = 1; round <= rounds; ++round)); do
    methods=(cost_model "$best")
    ((round % 2 == 1)) || methods=("$best" cost_model)
    for method in "${methods[@]}"; do
      measure "$method" "$load" "$run_s" "$round" "$planners_warmup"
    done
  done
done >"$work/runs"

cat <<END
## Batching over gRPC

\`moevit load\` and the server on the same $(nproc) processors, of which one thread
computes; $shape with random weights, requests of one JPEG at random times
(Poisson). Against the cost model stands the best of the fixed delays
${delays[*]}, found by a search of at least $search_s s for each at the same
load and then measured anew, in $rounds rounds of at least $run_s s and
$least_requests requests. Times are means over the rounds; a ratio is the
geometric mean of the rounds', in which both methods had the same arrivals, with
its 95 % confidence interval: it says something where that is not on both sides
of 1. Load is of $(jq -n "$capacity | round") requests/s in a closed loop of 64.

END
jq -s -r -L bench/performance -f bench/performance/batching.jq "$work/runs"
