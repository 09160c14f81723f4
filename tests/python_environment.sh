#!/usr/bin/env bash
# Makes a virtual environment with the packages of a requirements file, unless
# it has them already.
#
# Usage: python_environment.sh REQUIREMENTS ENVIRONMENT
#
# Exits with 77, after saying so, where the package index cannot be reached.
set -euo pipefail
readonly requirements=$1 environment=$2
readonly unreachable='NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError|ProxyError|Network is unreachable'

if cmp --silent "$requirements" "$environment/requirements.txt"; then
  exit
fi
rm -rf "$environment"
python3 -m venv "$environment"
if ! log=$("$environment/bin/pip" install --disable-pip-version-check --quiet \
    --retries 2 --timeout 20 --requirement "$requirements" 2>&1); then
  echo "$log" >&2
  if grep --quiet --extended-regexp "$unreachable" <<<"$log"; then
    echo "SKIPPED: the Python package index cannot be reached" >&2
    exit 77
  fi
  exit 1
fi
cp "$requirements" "$environment/requirements.txt"
