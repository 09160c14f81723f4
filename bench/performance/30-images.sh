#!/usr/bin/env bash
# Prints the table of how fast images are decoded and preprocessed.
#
# Usage: bench/performance/30-images.sh [--quick]
set -euo pipefail

repeats=15
if [[ ${1:-} == --quick ]]; then
  repeats=3
fi

cat <<'END'
## Decoding and preprocessing

One thread, JPEG to 224x224 pixels (bicubic, crop 0.875), processor time
(`decode_bench`). The last column is with `preprocessing.fast_decode`.

END
build/release/bin/decode_bench --repeats="$repeats"
