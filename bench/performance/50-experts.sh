#!/usr/bin/env bash
# Prints what running a batch by expert saves, and how evenly experts of skewed
# popularity are placed over devices.
#
# Usage: bench/performance/50-experts.sh [--quick]
#
# The routing of the bundled model is measured on the CIFAR-10 test images in
# $MOEVIT_DATA (default: ../shared/data), or on random pixels without them.
set -euo pipefail

count=256
repeats=5
if [[ ${1:-} == --quick ]]; then
  count=64
  repeats=1
fi
images=${MOEVIT_DATA:-../shared/data}/cifar10-moe-vit/test_u8.bin
routing="its routing of $count CIFAR-10 test images"
if [[ ! -f $images ]]; then
  images=
  routing="its routing of $count images of random pixels"
fi

cat <<END
## Experts

Loads of experts' weights onto a device that keeps none from one layer to the
next, and processor time of one thread. The bundled model with $routing:
END
build/release/bin/expert_traffic --models=models/cifar10-moe-vit/1 \
  --images="$images" --count="$count" --repeats="$repeats"
cat <<'END'

And models of random weights, whose gates prefer some experts strongly:
END
build/release/bin/expert_traffic --models=m3vit_t,m3vit_s --count=64 \
  --repeats="$repeats"

cat <<'END'

### Experts over several devices

A layer's busiest device over the mean, for batches of 32 images of 197 tokens,
two of 16 experts each, in six layers; devices with room for one copy of the
model together and one more expert per layer each. MODELLED: the scheduler's own
placement and division of drawn batches, without devices.

END
build/release/bin/placement_balance
