#!/usr/bin/env bash
# Prints what it costs a server to be watched: throughput and processor time of
# one that is scraped and looked at every second and samples its sensors,
# against one that serves no metrics at all.
#
# Usage: bench/performance/65-metrics.sh [--quick]
#
# The two take turns, and every turn has a fresh server, so that neither what
# disturbs the machine nor where a process happens to lie in memory is taken for
# a difference. Counting itself cannot be turned off: it is in both.
set -euo pipefail

# shellcheck source=bench/server.sh
source bench/server.sh

pairs=15 seconds=4 fetches=1000
if [[ ${1:-} == --quick ]]; then
  pairs=3 seconds=1 fetches=200
fi
readonly pairs seconds fetches
readonly page_rate=1/s

watchers=()

start_model_server() {
  start_server --model_repository=models --devices=cpu "$@"
}

stop() {
  if ((${#watchers[@]} > 0)); then
    kill "${watchers[@]}" 2>/dev/null || true
    wait "${watchers[@]}" 2>/dev/null || true
  fi
  watchers=()
  stop_server
}

# One process for each page: starting one for every scrape would cost more than
# what is measured.
watch() {
  local page
  for page in metrics status.json; do
    curl --silent --fail --rate "$page_rate" --output /dev/null \
      --write-out '%{stderr}%{http_code}\n' \
      "http://127.0.0.1:$(port_of metrics)/$page?[1-100000]" \
      2>>"$work/scrapes" &
    watchers+=("$!")
  done
}

# Clock ticks of processor time that the server used.
ticks() {
  awk '{ print $14 + $15 }' "/proc/$server/stat"
}

load() {
  "$bin/moevit" load --server="127.0.0.1:$(port_of gRPC)" --closed \
    --concurrency=16 --warmup=0s --duration="$1s" --json deploy/samples
}

# Prints images per second, and milliseconds of processor time for each.
measure() {
  local before used
  load 1 >"$work/warmup.json"
  before=$(ticks)
  load "$seconds" >"$work/load.json"
  used=$(($(ticks) - before))
  jq --argjson ticks "$used" --argjson hertz "$(getconf CLK_TCK)" '.runs[0] |
    {rate: .answers_per_second, ms: (1000 * $ticks / $hertz / .answers)}' \
    "$work/load.json"
}

measure_watched() {
  start_model_server --metrics_port=0 --energy_model=cpu=10:50
  watch
  measure >>"$work/watched"
  stop
}

measure_unwatched() {
  start_model_server --metrics_port=-1
  measure >>"$work/unwatched"
  stop
}

# Prints the milliseconds of processor time that page $1 takes a server.
cost_of_page() {
  local before
  before=$(ticks)
  curl --silent --fail --output /dev/null \
    "http://127.0.0.1:$(port_of metrics)/$1?[1-$fetches]"
  awk -v ticks=$(($(ticks) - before)) -v hertz="$(getconf CLK_TCK)" \
    -v fetches="$fetches" \
    'BEGIN { printf "%.2f", 1000 * ticks / hertz / fetches }'
}

for ((pair = 0; pair < pairs; ++pair)); do
  # Who goes first takes turns, too.
  if ((pair % 2)); then
    measure_watched
    measure_unwatched
  else
    measure_unwatched
    measure_watched
  fi
done
start_model_server --metrics_port=0 --energy_model=cpu=10:50
load 1 >"$work/warmup.json"
metrics_cost=$(cost_of_page metrics)
status_cost=$(cost_of_page status.json)
stop

scrapes=$(grep -c '^200$' "$work/scrapes") || fail "nothing was scraped"
((scrapes >= pairs * seconds * 2)) || fail "only $scrapes pages were fetched"

cat <<END
## Being watched

A server whose \`/metrics\` and \`/status.json\` are fetched every second and whose
energy is sampled, against one with \`--metrics_port=-1\`; the bundled model,
\`moevit load\` with 16 requests on their way in a closed loop. Medians of $pairs
turns of $seconds s; the ratio is the median of those of neighbouring turns, its
spread half the distance between the quartiles. What is counted is counted in
both.

END
jq --raw-output --null-input -L bench/performance \
  --slurpfile watched "$work/watched" --slurpfile not "$work/unwatched" '
  include "markdown";
  def at($part): sort | .[(length - 1) * $part | round];
  def row($name; f; $digits):
    [range($not | length) | ($watched[.] | f) / ($not[.] | f)] as $ratios |
    [$name, ($not | map(f) | at(0.5) | decimals($digits)),
     ($watched | map(f) | at(0.5) | decimals($digits)),
     ($ratios | at(0.5) | decimals(3)),
     (($ratios | at(0.75)) - ($ratios | at(0.25)) | . / 2 | decimals(3))];
  [row("images/s"; .rate; 1), row("processor time, ms/image"; .ms; 3)]
  | table(["", "unwatched", "watched", "ratio", "spread"])'
cat <<END

A fetch of \`/metrics\` takes the server $metrics_cost ms of processor time, one of
\`/status.json\` $status_cost ms (means of $fetches).
END
