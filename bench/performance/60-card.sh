#!/usr/bin/env bash
# Prints what a card would do by the model of `moevit plan`, and what others
# published, in tables apart.
#
# Usage: bench/performance/60-card.sh [--quick]
set -euo pipefail

clocks=(200 225 250 275 300)
batches=(1 2 4 8 16 32)
if [[ ${1:-} == --quick ]]; then
  clocks=(200 250 300)
  batches=(1 8)
fi
readonly models=(m3vit_t m3vit_s)

# DSPs of the published accelerator for the same model on the same card.
readonly published_dsps=2635

# plan NAME ARGUMENT...: one JSON object, with the name.
plan() {
  local name=$1
  shift
  build/release/bin/moevit plan --card=u280 --json "$@" |
    jq --arg name "$name" '. + {name: $name}'
}

# table MODE: from JSON objects to the table of that name.
table() {
  jq -r -s -L bench/performance --arg mode "$1" -f bench/performance/card.jq
}

cat <<'END'
## Cards

MODELLED by `moevit plan` for a U280: nothing here was measured on a card.

END
for model in "${models[@]}"; do
  plan "as built" --synthetic="$model"
  plan "one unit of each kernel" --synthetic="$model" --units=1,1,1 \
    --dsp_limit="$published_dsps"
  plan "best within $published_dsps DSPs" --synthetic="$model" --optimize \
    --dsp_limit="$published_dsps"
  plan "best" --synthetic="$model" --optimize
done | table configurations
printf '\nMODELLED, m3vit_s in batches of 8, one unit of each kernel:\n\n'
plan "" --synthetic=m3vit_s --units=1,1,1 | table operations
printf '\nMODELLED, images/s as built, by clock, batches of 8:\n\n'
for model in "${models[@]}"; do
  for clock in "${clocks[@]}"; do
    plan "$clock MHz" --synthetic="$model" --clock_mhz="$clock"
  done
done | table rates
printf '\nMODELLED, images/s as built, by batch, 250 MHz:\n\n'
for model in "${models[@]}"; do
  for batch in "${batches[@]}"; do
    plan "batch $batch" --synthetic="$model" --batch="$batch"
  done
done | table rates
printf '\nPUBLISHED by others, on their cards, one image at a time:\n\n'
plan "" --synthetic=tiny | table published
