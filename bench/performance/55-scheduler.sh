#!/usr/bin/env bash
# Prints what the scheduler does under load, by `moevit simulate`.
#
# Usage: bench/performance/55-scheduler.sh [--quick]
set -euo pipefail

images=40000
search_seeds=3
seeds=8
if [[ ${1:-} == --quick ]]; then
  images=5000
  search_seeds=2
  seeds=2
fi
readonly images search_seeds seeds
readonly loads=10%,25%,50%,70%,85%,95%
readonly delays_us=(0 125 250 500 1000 2000 4000 8000 16000)
readonly most_delay=16ms
processors=$(nproc)
work=$(mktemp -d)
readonly processors work
trap 'rm -rf "$work"' EXIT

simulate() {
  build/release/bin/moevit simulate --images="$images" --json "$@"
}

# Prints what batching $1, "cost_model" or a fixed delay in microseconds, does
# with seed $2 at loads $3; the other arguments are for `simulate`.
measure() {
  local method=$1 seed=$2 at=$3
  shift 3
  local batching=(--batching=fixed_delay --max_queue_delay="${method}us")
  if [[ $method == cost_model ]]; then
    batching=(--batching=cost_model --max_queue_delay="$most_delay")
  fi
  simulate "$@" --load="$at" --seed="$seed" "${batching[@]}" |
    jq --compact-output --arg method "$method" --arg seed "$seed" '
      .runs[] | {load: (1000 * .load | round / 1000), rate, $seed,
                 delay_us: ($method | tonumber? // null),
                 p50: .latency_seconds.p50, p99: .latency_seconds.p99}'
}

# Reads lines "METHOD LOADS", and adds to file $1 what each does with the seeds
# from $2 to $3 and the other arguments, side by side on all processors.
measure_all() {
  local file=$1 first_seed=$2 last_seed=$3 method at seed running=0
  shift 3
  rm -rf "$work/parts"
  mkdir "$work/parts"
  while read -r method at; do
    for ((seed = first_seed; seed <= last_seed; ++seed)); do
      if ((running == processors)); then
        wait -n
        ((--running)) || true
      fi
      measure "$method" "$seed" "$at" "$@" \
        >"$work/parts/$method.$seed.$at" </dev/null &
      ((++running))
    done
  done
  for (( ; running > 0; --running)); do
    wait -n
  done
  cat "$work"/parts/* >>"$file"
}

# What the filter $2 of scheduler.jq makes of file $1.
analyse() {
  jq --raw-output --slurp -L bench/performance "include \"scheduler\"; $2" "$1"
}

# With these arguments for `simulate`, the cost model beside the best fixed
# delay, under all loads.
compare_batching() {
  local search=$work/search runs=$work/runs
  rm -f "$search" "$runs"
  printf '%s\n' "${delays_us[@]}" | sed "s/\$/ $loads/" |
    measure_all "$search" 1 "$search_seeds" "$@"
  analyse "$search" next_delays >"$work/next"
  measure_all "$search" 1 "$search_seeds" "$@" <"$work/next"
  analyse "$search" best_delays >"$work/best"
  echo "cost_model $loads" | cat - "$work/best" |
    measure_all "$runs" $((search_seeds + 1)) $((search_seeds + seeds)) "$@"
  analyse "$runs" comparison
}

cat <<END
## Scheduler

MODELLED: the scheduler's own code with devices that only take time, $seeds times
$images Poisson arrivals each where nothing else is said, latencies from arrival
to answer without the first eighth. Any of these can be repeated with
\`moevit simulate\`.

### Batches by the cost model against a fixed delay

Against the cost model stands, at every load, the fixed delay whose 99th
percentile is the shortest with $search_seeds seeds: of ${delays_us[*]}
us, and of those half way from the best of them to its neighbours. It is then
measured anew, so that a delay that was best by chance is not flattered. Batches
of 16 at most; $most_delay is the most that either may wait. Times are means of $seeds
seeds, with each of which both had the same arrivals; the ratio is the mean of
the seeds', with its 95 % confidence interval.
END
while IFS='|' read -r arguments meaning; do
  printf '\n%s (%s):\n\n' "$meaning" "\`$arguments\`"
  # shellcheck disable=SC2086 # several of them
  compare_batching $arguments
done <<'END'
--devices=cpu:image=1ms|A processor, on which batches save nothing
--devices=cpu:launch=150us:image=510us:stall=6ms:stall_share=0.03|A processor that something else holds up in 3 % of the batches
--devices=card:launch=5ms:image=1ms|A card with a launch as long as five
--devices=card*4:launch=5ms:image=1ms|Four such cards
--devices=card*4:launch=5ms:image=1ms --arrivals=bursty|Four such cards, arrivals in bursts of three times the rate
--devices=card*2:launch=5ms:image=1ms,cpu:image=10ms|Two such cards and a processor
END

cat <<'END'

### Experts over several devices

Batches of up to 32 images of 197 tokens, two of 16 experts each, in six layers,
at 80 % load; devices with room for one copy of the model together and one more
expert per layer each. The busiest device of a layer over the mean, with the
first placement and after planning again on measured loads.

END
rows=()
for devices in 2 4 8; do
  for zipf in 0 0.5 1 1.5; do
    rows+=("$(
      simulate --sharded --layers=6 --zipf="$zipf" --max_batch_size=32 \
        --load=80% --expert_bytes=1M --devices="card*$devices:$(
        )launch=1ms:image=200us:start=5us:row=100ns:load=100us:$(
        )memory=$((6 * 16 / devices + 6))M" |
        jq --compact-output --arg devices "$devices" --arg zipf "$zipf" \
          '{$devices, $zipf} + .runs[0].experts'
    )")
  done
done
# shellcheck disable=SC2016
printf '%s\n' "${rows[@]}" | jq --raw-output --slurp -L bench/performance '
  include "markdown";
  map([.devices, .zipf, (.first_imbalance | decimals(3)),
       (.imbalance | decimals(3)), (.copies_moved | tostring)])
  | table(["devices", "Zipf s", "first placement", "after planning again",
           "copies moved"])'

cat <<'END'

### Weights by batch size

A device with room for one expert in eight, full batches, popularity by Zipf's
law with s = 1, 17 tokens per image. `bench/expert_traffic` measures the same on
the routing of real models.

END
rows=()
for batch in 1 2 4 8 16 32 64; do
  rows+=("$(
    simulate --layers=6 --zipf=1 --tokens=17 --max_batch_size="$batch" \
      --load=80% --expert_bytes=1M --batching=fixed_delay \
      --max_queue_delay=10s --images=$((images / 5)) \
      --devices=card:launch=1ms:image=1ms:memory=12M |
      jq --compact-output --argjson batch "$batch" \
        '{$batch} + .runs[0].experts'
  )")
done
# shellcheck disable=SC2016
printf '%s\n' "${rows[@]}" | jq --raw-output --slurp -L bench/performance '
  include "markdown";
  .[0].weight_bytes_per_image as $alone
  | map([(.batch | tostring), (.weight_bytes_per_image / 1048576 | decimals(2)),
         ($alone / .weight_bytes_per_image | decimals(1)),
         (.hit_ratio | percent)])
  | table(["batch", "weight MiB/image", "times fewer than image by image",
           "uses that were there"])'
