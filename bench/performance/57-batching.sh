#!/usr/bin/env bash
# Prints what batching by learned costs does for latencies over gRPC, against
# Triton's rules with a fixed delay.
#
# Usage: bench/performance/57-batching.sh [--quick]
#
# Rates are parts of what the plain rule (a fixed delay of zero) answers in a
# closed loop. At each, a search finds the best fixed delay; that one and the
# cost model are then measured anew, in rounds that begin with either in turn.
# A delay that was best by chance in the search is not flattered by it that way.
#
# Every run has a fresh server, a warm-up at its own rate, and the arrivals that
# the other method has in the same round. One server runs at a time.
set -euo pipefail

# A proxy for the internet is not for what runs here.
export no_proxy=localhost,127.0.0.1

readonly bin=build/release/bin
readonly samples=deploy/samples
readonly port_from=18100
readonly start_timeout_s=20
readonly stop_timeout_s=10
readonly warmup_requests=300
readonly least_warmup_s=0.5

loads=(0.10 0.27 0.44 0.61 0.78 0.95)
delays=(0ms 1ms 2ms 5ms)
search_requests=500
requests=1600
rounds=3
if [[ ${1:-} == --quick ]]; then
  loads=(0.50 0.90)
  delays=(0ms 2ms)
  search_requests=500
  requests=600
  rounds=1
fi

work=$(mktemp -d)
readonly work
pid=
port=

fail() {
  echo "57-batching.sh: $*" >&2
  exit 1
}

# By force if it does not stop by itself.
stop_server() {
  [[ -n $pid ]] || return 0
  kill -TERM "$pid" 2>/dev/null || true
  local deadline=$((SECONDS + stop_timeout_s))
  while kill -0 "$pid" 2>/dev/null && ((SECONDS < deadline)); do
    sleep 0.05
  done
  kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  pid=
}

clean_up() {
  stop_server
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Sets `port` to the first from port_from on that nobody listens on.
find_port() {
  port=$port_from
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    ((++port < 65536)) || fail "no free port from $port_from on"
  done
}

# Starts the server of method $1, the cost model or a fixed delay, and waits
# until it answers.
start_server() {
  local batching=(--batching=cost_model)
  if [[ $1 != cost_model ]]; then
    batching=(--batching=fixed_delay --max_queue_delay="$1")
  fi
  find_port
  "$bin/moevit-server" --model_repository=models --host=127.0.0.1 \
    --port="$port" --metrics_port=-1 --devices=cpu "${batching[@]}" \
    >"$work/log" 2>&1 &
  pid=$!
  local deadline=$((SECONDS + start_timeout_s))
  until "$bin/moevit" classify --server="127.0.0.1:$port" --timeout=1s \
    "$samples/ship.jpg" >/dev/null 2>&1; do
    kill -0 "$pid" 2>/dev/null ||
      fail "the server did not start: $(tail -n 3 "$work/log")"
    ((SECONDS < deadline)) ||
      fail "the server was not ready after $start_timeout_s s"
    sleep 0.05
  done
}

# Runs `moevit load` with these arguments against a new server of method $1.
load() {
  start_server "$1"
  shift
  "$bin/moevit" load --server="127.0.0.1:$port" --timeout=5s \
    --connections=4 --json "$@" "$samples"/*.jpg
  stop_server
}

# Seconds for $1 requests at rate $2, and at least $3.
seconds_for() {
  jq -n "[$1 / $2, $3] | max"
}

# Measures method $1 at load $2 with $3 requests and seed $4, and prints it.
measure() {
  local rate warmup
  rate=$(jq -n "$2 * $capacity")
  warmup=$(seconds_for $warmup_requests "$rate" $least_warmup_s)
  load "$1" --rate="$rate" --seed="$4" --warmup="${warmup}s" \
    --duration="$(seconds_for "$3" "$rate" 0)s" |
    jq -c --arg method "$1" --argjson load "$2" \
      '.runs[0] + {method: $method, load: $load}'
}

# Prints the delay with the shortest p99 at load $1.
best_delay() {
  local delay
  for delay in "${delays[@]}"; do
    measure "$delay" "$1" "$search_requests" 0
  done | jq -s -r 'min_by(.latency_ms.p99 // infinite).method'
}

# Requests per second of a closed loop that fills batches.
measure_capacity() {
  load 0ms --closed --concurrency=64 --warmup=1s --duration=3s |
    jq '.runs[0].answers_per_second'
}

capacity=$(measure_capacity)
for load in "${loads[@]}"; do
  best=$(best_delay "$load")
  for ((round = 1; round <= rounds; ++round)); do
    methods=(cost_model "$best")
    ((round % 2 == 1)) || methods=("$best" cost_model)
    for method in "${methods[@]}"; do
      measure "$method" "$load" "$requests" "$round"
    done
  done
done >"$work/runs"

cat <<END
## Batching over gRPC

\`moevit load\` and the server on the same processors, the bundled model, JPEG
photographs, requests of one image at random times (Poisson). Against the cost
model stands the best of the fixed delays ${delays[*]}, found by
a search of $search_requests requests each at the same load and then measured anew.
Medians of $rounds rounds of $requests requests; the ratio is the median of those of the
rounds. Load is of $(jq -n "$capacity | round") requests/s in a closed loop of 64.

END
jq -s -r -L bench/performance -f bench/performance/batching.jq "$work/runs"
