#!/usr/bin/env bash
# How a server answers that is sent ten times what it can classify: how soon it
# refuses what it has no room for, how long what it accepts takes, and how long
# who asks for its health or a model's metadata waits meanwhile.
#
# Usage: bench/overload.sh [SECONDS]     Default: 30
#
# Prints a table. Client and server share the machine's processors, all of which
# the server computes on: with portable code, so that one client can send more
# than ten times as much.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
# shellcheck source=bench/server.sh
source bench/server.sh

readonly seconds=${1:-30}
readonly overload=10 probes_per_s=100 queue_images=256
# Probes begin once the queue is full, and end before the load does.
readonly warmup_s=3
export MOEVIT_ISA=portable

# Loads the server with the flags $@.
load() {
  "$bin/moevit" load --server="127.0.0.1:$(port_of gRPC)" --timeout=30s \
    --json "$@"
}

probe() {
  load --probe="$1" --rate="$probes_per_s" --connections=1 \
    --warmup="${warmup_s}s" --duration="${seconds}s" >"$work/$1"
}

# row NAME FILE TIMES: a row of the table from what `moevit load` wrote of the
# only run; TIMES is where its report has their number and their latencies.
row() {
  jq --raw-output --arg name "$1" '.runs[0] |
    def ms: if . == null then "-" else . * 100 | round / 100 end;
    '"$3"' as $calls |
    "| \($name) | \($calls.count) | \($calls.latency_ms.p50 | ms) " +
    "| \($calls.latency_ms.p99 | ms) | \($calls.latency_ms.max | ms) " +
    "| \(.send_delay_ms.p99 | ms) |"' "$work/$2"
}

# In the form of a report of `moevit load`, what the log says of refusals.
times_in_server() {
  jq --slurp '
    def percentile($part): .[(length * $part | ceil) - 1];
    [.[] | select(.code == "RESOURCE_EXHAUSTED") | .duration * 1000] | sort |
    {runs: [{errors: {RESOURCE_EXHAUSTED: {count: length, latency_ms:
      {p50: percentile(0.5), p99: percentile(0.99), max: .[-1]}}}}]}' "$log"
}

start_server --model_repository=models --metrics_port=-1 --devices=cpu \
  --max_queue_images="$queue_images" --log_format=json --access_log=1
load --closed --duration=5s deploy/samples >"$work/capacity"
capacity=$(jq '.runs[0].answers_per_second | floor' "$work/capacity")
readonly capacity rate=$((overload * capacity))

load --rate="$rate" --warmup="${warmup_s}s" --duration="$((seconds + 2))s" \
  deploy/samples >"$work/load" &
readonly client=$!
probe ready &
readonly ready=$!
probe metadata &
readonly metadata=$!
for process in "$client" "$ready" "$metadata"; do
  wait "$process" || fail "a client failed"
done
times_in_server >"$work/own"
jq --exit-status '.runs[0].errors | keys - ["RESOURCE_EXHAUSTED"] == []' \
  "$work/load" >/dev/null ||
  fail "other errors: $(jq --compact-output '.runs[0].errors' "$work/load")"

echo "$capacity images/s are answered at most; $rate/s were offered, with room" \
  "for $queue_images in the queue."
echo
echo "| calls | how many | p50 ms | p99 ms | max ms | sent late, p99 ms |"
echo "|---|---|---|---|---|---|"
readonly refusals=.errors.RESOURCE_EXHAUSTED
readonly answers='{count: .answers, latency_ms: .latency_ms}'
row "refused" load "$refusals"
row "refused, in the server" own "$refusals"
row "classified" load "$answers"
row "ServerReady" ready "$answers"
row "ModelMetadata" metadata "$answers"
