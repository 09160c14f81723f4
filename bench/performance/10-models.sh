#!/usr/bin/env bash
# Prints the tables of whole models on the CPU executor, all from one run.
#
# Usage: bench/performance/10-models.sh [--quick]
set -euo pipefail

arguments=(--synthetic="deit_s,m3vit_s" --model=models/cifar10-moe-vit/1
  --threads="1,2")
if [[ ${1:-} == --quick ]]; then
  arguments+=(--batch="1,8" --repeats=3)
else
  arguments+=(--batch="1,8,32" --repeats=9)
fi

build/release/bin/moevit bench "${arguments[@]}" --json |
  jq -r -L bench/performance --arg arguments "${arguments[*]}" \
    -f bench/performance/models.jq
