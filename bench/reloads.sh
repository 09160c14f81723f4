#!/usr/bin/env bash
# What it costs to reload a model under traffic: requests that failed, the 99th
# percentile of the latency beside that without reloads, and the memory that
# the server holds before and after.
#
# Usage: bench/reloads.sh [RELOADS [RATE]]     Default: 200 reloads, 50 requests/s
#
# Fails if a request fails, or if the server keeps half a model a reload.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
# shellcheck source=bench/server.sh
source bench/server.sh

readonly reloads=${1:-200} rate=${2:-50}
readonly model=cifar10-moe-vit/1 period_s=0.2 load_timeout_s=30

# How many lines of the server's log have $1.
count() {
  grep -c "$1" "$log" || true
}

# Another edition of the model, with the same files.
reload() {
  local loaded
  loaded=$(count "loaded version")
  echo >>"$work/models/$model/manifest.json"
  kill -HUP "$server"
  local deadline=$((SECONDS + load_timeout_s))
  until (($(count "loaded version") > loaded)); do
    kill -0 "$server" || fail "the server ended: $(tail -n 3 "$log")"
    ((SECONDS < deadline)) || fail "not loaded within $load_timeout_s s"
    sleep 0.01
  done
}

resident_kib() {
  awk '/^VmRSS/ { print $2 }' "/proc/$server/status"
}

# Sends requests for as long as $reloads reloads take; writes the report $1.
load() {
  "$bin/moevit" load --server="127.0.0.1:$(port_of gRPC)" --rate="$rate" \
    --warmup=1s --duration="$(awk "BEGIN { print $reloads * $period_s }")s" \
    --json deploy/samples >"$work/$1"
  jq --exit-status '.runs[0].errors == {}' "$work/$1" >/dev/null ||
    fail "requests failed: $(jq --compact-output '.runs[0].errors' "$work/$1")"
}

p99_ms() {
  jq '.runs[0].latency_ms.p99' "$work/$1"
}

cp -r models "$work/models"
start_server --model_repository="$work/models" --metrics_port=-1 \
  --model_control=poll --repository_poll_interval=1h

load before
for ((i = 0; i < 5; ++i)); do reload; done
before=$(resident_kib)
load during &
readonly client=$!
for ((i = 0; i < reloads; ++i)); do
  sleep "$period_s" &
  reload
  wait $!
done
wait "$client"
after=$(resident_kib)
load after

echo "$reloads reloads, $rate requests/s: p99 $(p99_ms before) ms before," \
  "$(p99_ms during) ms during, $(p99_ms after) ms after;" \
  "$((before / 1024)) MiB resident before, $((after / 1024)) MiB after"
kept=$(((after - before) / reloads))
size=$(du -sk "models/$model" | cut -f1)
((2 * kept < size)) || fail "$kept KiB kept of each model of $size KiB"
