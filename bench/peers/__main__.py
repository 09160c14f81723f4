"""Runs moevit, ONNX Runtime and OpenVINO on the same models side by side.

Prints a comparison in Markdown; progress goes to standard error.
"""

import argparse
import logging
import os
import pathlib
import sys
import warnings
from collections.abc import Iterator

from peers import outputs, quantized_models, rates, report, subjects
from peers.outputs import Agreement
from peers.rates import Rate
from peers.subjects import Subject

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_CACHE = _ROOT / "build/peers"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("peers", description=__doc__)
    numbers = {"type": int, "nargs": "+", "metavar": "N"}
    parser.add_argument(
        "--models",
        nargs="+",
        default=subjects.NAMES,
        choices=subjects.NAMES,
        metavar="NAME",
        help=", ".join(subjects.NAMES),
    )
    parser.add_argument("--batches", default=[1, 8, 32], **numbers)
    parser.add_argument("--threads", default=[1, 2], **numbers)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--clock",
        choices=["wall", "processor"],
        default="wall",
        help="processor: processor time by the number of threads, for a busy "
        "machine; counts what threads spend waiting for each other",
    )
    parser.add_argument(
        "--quick", action="store_true", help="one round, batches 1 and 8"
    )
    parser.add_argument(
        "--json", type=pathlib.Path, help="also write all samples to this file"
    )
    arguments = parser.parse_args()
    processors = len(os.sched_getaffinity(0))
    if not all(1 <= threads <= processors for threads in arguments.threads):
        parser.error(f"--threads must be in [1, {processors}], the processors")
    if min(arguments.batches) < 1 or arguments.rounds < 1:
        parser.error("--batches and --rounds must be at least 1")
    if arguments.quick:
        arguments.rounds = 1
        arguments.batches = [1, 8]
    return arguments


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _subjects(names: list[str]) -> Iterator[Subject]:
    data = pathlib.Path(
        os.environ.get("MOEVIT_DATA", _ROOT.parent / "shared/data")
    )
    for name in names:
        if name != subjects.TRAINED:
            yield subjects.synthetic(name, _CACHE)
        elif (data / name).exists():
            yield subjects.trained(data)
        else:
            _log(f"{name}: skipped, {data / name} is missing")


def _measure(
    subject: Subject, threads: list[int], options: rates.Options
) -> tuple[list[Agreement], list[Rate]]:
    models = quantized_models.make(
        subject, _CACHE / subject.name, options.moevit, _log
    )
    _log(f"{subject.name}: comparing outputs")
    agreements = outputs.compare(subject, models, options.moevit)
    measured: list[Rate] = []
    for count in threads:
        measured += rates.measure(subject, models, count, options, _log)
    return agreements, measured


def main() -> None:
    arguments = _arguments()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    program = os.environ.get("MOEVIT", _ROOT / "build/release/bin/moevit")
    options = rates.Options(
        batches=tuple(arguments.batches),
        rounds=arguments.rounds,
        processor_time=arguments.clock == "processor",
        moevit=pathlib.Path(program),
    )
    environment = report.environment(options)
    agreements: list[Agreement] = []
    measured: list[Rate] = []
    for subject in _subjects(arguments.models):
        more_agreements, more_rates = _measure(
            subject, arguments.threads, options
        )
        agreements += more_agreements
        measured += more_rates
    if arguments.json:
        arguments.json.write_text(
            report.to_json(environment, agreements, measured)
        )
    print(report.to_markdown(environment, agreements, measured))


if __name__ == "__main__":
    main()
