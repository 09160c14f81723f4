#!/usr/bin/env bash
# Measures what each part of the quantization scheme is worth on the trained
# model in $MOEVIT_DATA: quantizes it in every way of interest, compares each
# result with the float model image by image, and prints a Markdown table.
#
# Usage: quantize/ablation.sh [--limit=N] [--scheme=NAME | --parts]
#                             [--threads=N]
#   --limit=N      evaluate on N of the 10,000 test images only
#   --scheme=NAME  measure one scheme only
#   --parts        leave out the parts of the scheme one by one instead of
#                  comparing whole schemes
#   --threads=N    default 2
#
# Needs jq. Environment:
#   MOEVIT       the program; default build/release/bin/moevit
#   MOEVIT_DATA  holds cifar10-moe-vit; default ../shared/data
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/.."
readonly moevit=${MOEVIT:-build/release/bin/moevit}
readonly data=${MOEVIT_DATA:-../shared/data}/cifar10-moe-vit

limit=0
schemes=(minmax coqmoe)
parts=false
threads=2
for argument in "$@"; do
  case $argument in
    --limit=*) limit=${argument#*=} ;;
    --scheme=*) schemes=("${argument#*=}") ;;
    --parts) parts=true ;;
    --threads=*) threads=${argument#*=} ;;
    *)
      echo "ablation.sh: \"$argument\" is not understood" >&2
      exit 2
      ;;
  esac
done
readonly limit schemes parts threads

for file in "$moevit" "$data/model.safetensors" "$data/calib_u8.bin"; do
  [[ -e $file ]] || {
    echo "ablation.sh: $file is missing" >&2
    exit 1
  }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prints one row. Usage: row NAME BITS IMAGES [QUANTIZE_FLAG...]
row() {
  local name=$1 bits=$2 images=$3
  shift 3
  rm -rf "$work/model"
  "$moevit" quantize --checkpoint="$data" --calibration="$data/calib_u8.bin" \
    --calibration_images="$images" --attention_bits="$bits" \
    --output="$work/model" --threads="$threads" "$@" >/dev/null
  local limit_flag=()
  ((limit == 0)) || limit_flag=(--limit="$limit")
  "$moevit" evaluate --model="$work/model" --against="$data" \
    --dataset="$data/test_u8.bin" --threads="$threads" --json \
    "${limit_flag[@]}" >"$work/result.json"
  jq -r --arg name "$name" --arg bits "$bits" --arg images "$images" '
    def percent: . * 10000 | round / 100;
    .comparison as $c | [
      $name, $bits, $images,
      (.model.top1 | percent),
      ($c.top1_difference | percent),
      ($c.top1_difference_95 | map(percent) | join(" to ")),
      ($c.agreement | percent),
      $c.both_right, $c.only_other_right, $c.only_model_right, $c.both_wrong
    ] | "| " + (map(tostring) | join(" | ")) + " |"' "$work/result.json"
}

echo "| scheme | attention bits | calibration images | top-1 % | minus float |\
 95 % interval | same prediction % | both right | only float | only integer |\
 both wrong |"
echo "|---|---|---|---|---|---|---|---|---|---|---|"
if $parts; then
  row coqmoe 8 32
  for part in per_channel_norm per_channel_qkv compensate_rounding \
    correct_bias; do
    row "without $part" 8 32 --disable="$part"
  done
  row coqmoe 4 32
  row "without search_attention_steps" 4 32 --disable=search_attention_steps
else
  for scheme in "${schemes[@]}"; do
    for bits in 4 8; do
      for images in 32 512; do
        row "$scheme" "$bits" "$images" --scheme="$scheme"
      done
    done
  done
fi
