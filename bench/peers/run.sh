#!/usr/bin/env bash
# Compares moevit with ONNX Runtime and OpenVINO on the same models, in one run:
# outputs, then images per second, engine after engine in rounds. Prints
# Markdown. Takes about ten minutes on two idle cores, and some more the first
# time, to make the models.
#
# Usage: bench/peers/run.sh [--quick] [--clock=wall|processor] [--json=FILE]
#                           [--models NAME...] [--batches N...] [--threads N...]
#                           [--rounds N]
#
# Needs build/release and the packages of [bench]. The peers come from the
# Python package index, into an environment of their own; it and the models are
# kept in build/peers. Environment:
#   MOEVIT       the program; default build/release/bin/moevit
#   MOEVIT_DATA  holds the trained model cifar10-moe-vit, which is left out when
#                missing; default ../shared/data
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
readonly here
readonly environment=$here/../../build/peers/environment
readonly requirements=$here/requirements.txt

if ! cmp --silent "$requirements" "$environment/requirements.txt"; then
  rm -rf "$environment"
  python3 -m venv "$environment"
  "$environment/bin/pip" install --disable-pip-version-check --quiet \
    --requirement "$requirements" >&2
  cp "$requirements" "$environment/requirements.txt"
fi

# NNCF reports its use over the network but where it believes to be tested.
export NNCF_CI=1
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here/..
exec "$environment/bin/python" -m peers "$@"
