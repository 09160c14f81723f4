#!/usr/bin/env bash
# Prints what batching by learned costs does for latencies over gRPC, against
# Triton's rules with a fixed delay.
#
# Usage: bench/performance/57-batching.sh [--quick]
#
# Servers of all methods run side by side, and one at a time has work. Rates are
# parts of what the cost model's answers in a closed loop. Every method gets the
# same arrivals; methods take turns in rounds, every other time backwards.
set -euo pipefail

# A proxy for the internet is not for what runs here.
export no_proxy=localhost,127.0.0.1

readonly bin=build/release/bin
readonly samples=deploy/samples
readonly start_timeout_s=20
readonly stop_timeout_s=10
readonly answers_for_p99=550  # moevit load wants 459, and counts vary

loads=(0.10 0.27 0.44 0.61 0.78 0.95)
methods=(cost_model 0ms 1ms 2ms 5ms)
rounds=2
seconds=2.2
if [[ ${1:-} == --quick ]]; then
  loads=(0.50 0.90)
  methods=(cost_model 0ms 2ms)
  rounds=1
  seconds=1.5
fi

work=$(mktemp -d)
readonly work
declare -A pids=() ports=()

fail() {
  echo "57-batching.sh: $*" >&2
  exit 1
}

# Stops the servers, by force those that do not stop by themselves.
clean_up() {
  ((${#pids[@]} == 0)) || kill -TERM "${pids[@]}" 2>/dev/null || true
  local pid deadline=$((SECONDS + stop_timeout_s))
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2>/dev/null && ((SECONDS < deadline)); do
      sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints the first port from $1 on that nobody listens on.
free_port() {
  local port=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    ((++port < 65536)) || fail "no free port from $1 on"
  done
  echo "$port"
}

# Starts the server of method $1 on port $2: the cost model, or a fixed delay.
start_server() {
  local batching=(--batching=cost_model)
  if [[ $1 != cost_model ]]; then
    batching=(--batching=fixed_delay --max_queue_delay="$1")
  fi
  "$bin/moevit-server" --model_repository=models --host=127.0.0.1 \
    --port="$2" --metrics_port=-1 --devices=cpu "${batching[@]}" \
    >"$work/$1.log" 2>&1 &
  pids[$1]=$!
  ports[$1]=$2
}

wait_until_ready() {
  local deadline=$((SECONDS + start_timeout_s))
  until "$bin/moevit" classify --server="127.0.0.1:${ports[$1]}" \
    --timeout=1s "$samples/ship.jpg" >/dev/null 2>&1; do
    kill -0 "${pids[$1]}" 2>/dev/null ||
      fail "the server did not start: $(tail -n 3 "$work/$1.log")"
    ((SECONDS < deadline)) ||
      fail "the server was not ready after $start_timeout_s s"
    sleep 0.1
  done
}

# Runs `moevit load` against the server of method $1 with the other arguments.
load() {
  local method=$1
  shift
  "$bin/moevit" load --server="127.0.0.1:${ports[$method]}" --timeout=5s \
    --connections=4 --json "$@" "$samples"/*.jpg
}

# Requests per second of a closed loop that fills batches.
capacity() {
  load cost_model --closed --concurrency=64 --warmup=1s --duration=3s |
    jq '.runs[0].answers_per_second'
}

# Runs method $1 at load $2 of capacity $3 with seed $4, and keeps the result.
measure() {
  local rate duration
  rate=$(jq -n "$2 * $3")
  duration=$(jq -n "[$seconds, $answers_for_p99 / $rate] | max")
  load "$1" --rate="$rate" --duration="${duration}s" --warmup=500ms \
    --seed="$4" |
    jq -c --arg method "$1" --argjson load "$2" \
      '.runs[0] + {method: $method, load: $load}' >>"$work/$1,$2"
}

port=18100
for method in "${methods[@]}"; do
  port=$(free_port "$port")
  start_server "$method" "$port"
  port=$((port + 1))
done
for method in "${methods[@]}"; do
  wait_until_ready "$method"
done

capacity=$(capacity)
turn=0
for ((round = 1; round <= rounds; ++round)); do
  for load in "${loads[@]}"; do
    order=("${methods[@]}")
    if ((turn++ % 2 == 1)); then
      mapfile -t order < <(printf '%s\n' "${methods[@]}" | tac)
    fi
    for method in "${order[@]}"; do
      measure "$method" "$load" "$capacity" "$round"
    done
  done
done

cat <<END
## Batching over gRPC

\`moevit load\` and the server on the same processors, the bundled model, JPEG
photographs, requests of one image at random times (Poisson). Against the cost
model stands the best, by its p99, of the fixed delays $(
  printf '%s, ' "${methods[@]:1}" | sed 's/, $//'
). Means of $rounds
rounds; load is of $(jq -n "$capacity | round") requests/s, the cost model's in
a closed loop with 64 requests on their way.

END
for file in "$work"/*,*; do
  jq -s . "$file"
done | jq -s -r -L bench/performance -f bench/performance/batching.jq
