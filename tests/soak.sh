#!/usr/bin/env bash
# Has a server with two emulated cards serve mixed good and bad load over TLS,
# gRPC and REST, while cards fail, models and certificates are changed, and
# clients leave; compares every answer with the right one. Prints a report in
# Markdown. Fails if a request was lost or answered wrongly, or the server's
# memory, descriptors, threads or p99 grew.
#
# Usage: tests/soak.sh [DURATION] [--bin=DIR] [--json=FILE] ...
#
# DURATION is like 60s, 10m or 1h, the default; --help tells the rest. Uses
# build/release, and Python packages of tests/server/requirements.txt in
# build/soak. For a machine with some processors to spare.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
readonly here
readonly environment=$here/../build/soak

"$here/python_environment.sh" "$here/server/requirements.txt" "$environment"

# A proxy for the internet is not for what runs here.
export no_proxy=localhost,127.0.0.1
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here
exec "$environment/bin/python" -m soak "$@"
