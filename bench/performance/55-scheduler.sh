#!/usr/bin/env bash
# Prints what the scheduler does under load, by `moevit simulate`.
#
# Usage: bench/performance/55-scheduler.sh [--quick]
set -euo pipefail

images=40000
if [[ ${1:-} == --quick ]]; then
  images=5000
fi
readonly loads=10%,25%,50%,70%,85%,95%
readonly delays=(0 500us 1ms 2ms 4ms 8ms 16ms)
readonly most_delay=16ms
work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

simulate() {
  build/release/bin/moevit simulate --images="$images" --json "$@"
}

# Devices $1 under all loads: the cost model beside the best fixed delay.
compare_batching() {
  local delay
  rm -f "$work"/fixed.*
  simulate --devices="$1" --load=$loads --max_queue_delay=$most_delay \
    >"$work/cost_model"
  for delay in "${delays[@]}"; do
    simulate --devices="$1" --load=$loads --batching=fixed_delay \
      --max_queue_delay="$delay" |
      jq --arg delay "$delay" '.runs[] | {load, $delay, latency_seconds}' \
        >"$work/fixed.$delay"
  done
  # shellcheck disable=SC2016 # jq's variables
  jq --raw-output --null-input -L bench/performance \
    --slurpfile fixed <(cat "$work"/fixed.*) \
    --slurpfile cost_model "$work/cost_model" '
    include "markdown";
    def ms: 1000 * . | decimals(2);
    [$cost_model[0].runs[] | . as $run
      | ([$fixed[] | select(.load == $run.load)]
          | min_by(.latency_seconds.p99)) as $best
      | .latency_seconds as $ours | $best.latency_seconds as $theirs
      | [(.load | percent), (.rate | round | tostring), $best.delay,
         ($theirs.p50 | ms), ($theirs.p99 | ms),
         ($ours.p50 | ms), ($ours.p99 | ms),
         ($ours.p99 / $theirs.p99 | decimals(3))]]
    | table(["load", "images/s", "best delay", "its p50 ms", "its p99 ms",
             "cost model p50 ms", "p99 ms", "p99 over its"])'
}

cat <<END
## Scheduler

MODELLED: the scheduler's own code with devices that only take time, $images
Poisson arrivals each, latencies from arrival to answer without the first
eighth. Any of these can be repeated with \`moevit simulate\`.

### Batches by the cost model against a fixed delay

At every load, of the fixed delays ${delays[*]} the one with
the shortest 99th percentile; batches of 16 at most, and $most_delay is the most
that either may wait.
END
while IFS='|' read -r devices meaning; do
  printf '\n%s (%s):\n\n' "$meaning" "\`--devices=$devices\`"
  compare_batching "$devices"
done <<'END'
cpu:image=1ms|A processor, on which batches save nothing
cpu:launch=150us:image=510us:stall=6ms:stall_share=0.03|A processor that something else holds up in 3 % of the batches
card:launch=1ms:image=1ms|A card with a launch as long as an image
card:launch=5ms:image=1ms|A card with a launch as long as five
card*4:launch=5ms:image=1ms|Four such cards
card*2:launch=5ms:image=1ms,cpu:image=10ms|Two such cards and a processor
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
