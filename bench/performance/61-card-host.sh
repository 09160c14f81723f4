#!/usr/bin/env bash
# Prints what the host spends on a batch that runs on a card, measured on an
# emulated one.
#
# Usage: bench/performance/61-card-host.sh [--quick]
set -euo pipefail

repeats=50
if [[ ${1:-} == --quick ]]; then
  repeats=5
fi

cat <<'END'
## Cards: the host's part

Everything of a batch but the kernels' run time, on an emulated card through
unmodified XRT: threads that wake each other, XRT, the emulated driver, copies
at the processor's speed, and the sorting of tokens by expert. Against it, what
the batch's bytes and launches cost by themselves. Nothing here tells of a
card's own speed.

END
build/release/bin/card_overhead_batch --repeats="$repeats"
