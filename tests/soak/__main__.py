"""Serves mixed good and bad load for hours and holds every answer to the truth.

Started by tests/soak.sh, which says how.
"""

import argparse
import asyncio
import json
import pathlib
import re
import sys
import tempfile

from soak import report
from soak.session import Session

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_UNITS = {"s": 1, "m": 60, "h": 3600}


def _seconds(text):
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if match is None or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time such as 90s or 1h"
        )
    return float(match[1]) * _UNITS[match[2]]


def _arguments():
    parser = argparse.ArgumentParser("soak.sh", description=__doc__)
    parser.add_argument(
        "duration", nargs="?", type=_seconds, default="1h", metavar="DURATION"
    )
    parser.add_argument(
        "--bin",
        type=pathlib.Path,
        default=_ROOT / "build/release/bin",
        help="directory of the programs",
    )
    parser.add_argument(
        "--model",
        type=pathlib.Path,
        help="directory of a quantized model; default: a small one, since "
        "emulated cards take an eighth of a second for an image of the "
        "bundled one",
    )
    parser.add_argument(
        "--devices", default="emulated:2", help="as moevit-server takes them"
    )
    parser.add_argument(
        "--rate", type=float, default=40, help="requests per second"
    )
    parser.add_argument(
        "--batches_per_fault",
        type=int,
        default=300,
        help="how rare faults of the emulated cards are; 0: there are none",
    )
    parser.add_argument(
        "--change_every",
        type=_seconds,
        help="time between changes of models or certificates; default: a "
        "sixtieth of DURATION, from 4s to 30s",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--json", type=pathlib.Path, help="also write all counts to this file"
    )
    parser.add_argument(
        "--log", type=pathlib.Path, help="keep the server's log in this file"
    )
    parser.add_argument(
        "--sabotage",
        choices=["answer", "kill", "descriptors"],
        help="to see the test fail: take a wrong answer for the right one, "
        "kill the server half-way, or leave connections open",
    )
    arguments = parser.parse_args()
    if arguments.change_every is None:
        arguments.change_every = min(max(arguments.duration / 60, 4), 30)
    return arguments


def main():
    options = _arguments()
    with tempfile.TemporaryDirectory() as directory:
        session = Session(options, _ROOT, pathlib.Path(directory))
        finished = asyncio.run(session.run())
    print(report.markdown(finished), end="")
    if options.json is not None:
        options.json.write_text(json.dumps(report.to_json(finished)) + "\n")
    passed = all(verdict.passed for verdict in report.verdicts(finished))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
