#!/usr/bin/env bash
# Prints the tables that compare with other engines.
#
# Usage: bench/performance/40-peers.sh [--quick]
set -euo pipefail

arguments=(--rounds 3)
if [[ ${1:-} == --quick ]]; then
  arguments=(--quick)
fi

cat <<END
## Other engines

\`bench/peers/run.sh ${arguments[*]}\`

END
bench/peers/run.sh "${arguments[@]}"
