#!/usr/bin/env bash
# Prints what the server itself costs: a model that does next to nothing, over
# gRPC on the loopback interface.
#
# Usage: bench/performance/58-overhead.sh [--quick]
set -euo pipefail

# shellcheck source=bench/server.sh
source bench/server.sh

connections=(1 8 64)
duration=10s
if [[ ${1:-} == --quick ]]; then
  duration=2s
fi

readonly picture=$work/picture.jpg

start_noop_server() {
  start_server --model_repository="$work/models" --metrics_port=0 \
    --devices=cpu --log_format=json "$@"
}

# The flags that send $1, jpeg or pixels.
request_flags() {
  case $1 in
    jpeg) echo "$picture" ;;
    pixels) echo --pixels ;;
  esac
}

# Closed loop over $2 connections with requests $1.
load() {
  "$bin/moevit" load --server="127.0.0.1:$(port_of gRPC)" --closed \
    --concurrency="$2" --connections="$2" --warmup=1s --duration="$duration" \
    --json "$(request_flags "$1")"
}

# What the log says of requests $1 that come one after the other, and the
# answers of decoding.
measure_own_work() {
  start_noop_server --access_log=1
  load "$1" 1 >"$work/load"
  stop_server
  # The first half of the lines is warm-up.
  jq -c -s --arg request "$1" --slurpfile load "$work/load" '
    def percentile($part): sort | .[(length * $part | ceil) - 1];
    [.[] | select(has("duration")) | .duration * 1e6]
    | .[length / 2 | floor:]
    | {$request, p50: percentile(0.5), p99: percentile(0.99),
       decode: (1000 * ($load[0].runs[0].server_ms.decode.p50 // 0)),
       model: (1000 * ($load[0].runs[0].server_ms.compute.p50 // 0))}' \
    "$log"
}

"$bin/write_random_model" noop "$work/models/noop/1" "$picture"
for request in jpeg pixels; do
  start_noop_server
  for count in "${connections[@]}"; do
    load "$request" "$count" |
      jq -c --arg request "$request" '.runs[0] + {request: $request}'
  done
  stop_server
done >"$work/runs"
for request in jpeg pixels; do
  measure_own_work "$request"
done >"$work/own"

cat <<'END'
## The server's own work

A model of 224x224 pixels without blocks, which takes one look at every pixel;
client and server on the same processors, a closed loop with one request at a
time on each connection. `jpeg` is a file of 224x224 pixels by `Classify`,
`pixels` are as many by `ModelInfer`. Latencies are the client's.

END
jq -s -r -L bench/performance '
  include "markdown";
  def ms: if . == null then "-" else decimals(3) end;
  map([.request, (.concurrency | tostring), (.answers_per_second | round | tostring),
       (.latency_ms.p50 | ms), (.latency_ms.p99 | ms),
       ([.errors[].count] | add // 0 | tostring)])
  | table(["request", "connections", "requests/s", "p50 ms", "p99 ms", "errors"])' \
  "$work/runs"
cat <<'END'

One connection, by the server's access log: from the moment when gRPC hands over
the request until the answer is handed to it, in microseconds. Less the median
of decoding, which the answers tell, this is the server's own work; the model's
part of it is in the answers, too, but not in those of `ModelInfer`.

END
jq -s -r -L bench/performance '
  include "markdown";
  def or_dash: if . == 0 then "-" else decimals(1) end;
  map([.request, (.p50 | decimals(1)), (.p99 | decimals(1)),
       (.decode | or_dash), (.p50 - .decode | decimals(1)),
       (.model | or_dash)])
  | table(["request", "p50", "p99", "decoding, p50", "own work, p50",
           "of it the model, p50"])' \
  "$work/own"
