#!/usr/bin/env bash
# Prints the table of the time that each kind of operation takes.
#
# Usage: bench/performance/15-operations.sh [--quick]
set -euo pipefail

arguments=(--synthetic="deit_s,m3vit_s" --batch=8 --threads=1 --ops)
if [[ ${1:-} == --quick ]]; then
  arguments+=(--repeats=1)
fi

build/release/bin/moevit bench "${arguments[@]}" --json |
  jq -r -L bench/performance --arg arguments "${arguments[*]}" \
    -f bench/performance/operations.jq
