"""Runs moevit, ONNX Runtime and OpenVINO on the same models side by side.

Prints a comparison in Markdown; progress goes to standard error.
"""

import argparse
import logging
import os
import pathlib
import sys
import warnings

from peers import checkpoint, images, outputs, quantized_models, rates, report
from peers.images import Images
from peers.outputs import Agreement
from peers.rates import Rate

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_TRAINED = "cifar10-moe-vit"

_SYNTHETIC_CALIBRATION_IMAGES = 8
_SYNTHETIC_TEST_IMAGES = 32
_TRAINED_CALIBRATION_IMAGES = 32
_TRAINED_TEST_IMAGES = 2048


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("peers", description=__doc__)
    numbers = {"type": int, "nargs": "+", "metavar": "N"}
    known = [_TRAINED, *checkpoint.SYNTHETIC]
    parser.add_argument("--models", nargs="+", default=known, choices=known)
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
    if arguments.quick:
        arguments.rounds = 1
        arguments.batches = [1, 8]
    return arguments


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class _Subject:
    """One model: where its float checkpoint and its images are."""

    def __init__(self, name: str, cache: pathlib.Path) -> None:
        self.name = name
        self.labelled = name == _TRAINED
        self.directory = cache / name
        if self.labelled:
            data = os.environ.get("MOEVIT_DATA", _ROOT.parent / "shared/data")
            self.source = pathlib.Path(data) / _TRAINED
        else:
            self.source = self.directory / "checkpoint"

    def available(self) -> bool:
        if self.labelled:
            return (self.source / "model.safetensors").exists()
        if not self.source.exists():
            checkpoint.write_random(
                self.source, checkpoint.SYNTHETIC[self.name]
            )
        return True

    def side(self) -> int:
        return checkpoint.load(self.source).shape.image_size

    def calibration(self) -> Images:
        if self.labelled:
            known = images.read(self.source / "calib_u8.bin", self.side())
            return known.spread(_TRAINED_CALIBRATION_IMAGES)
        return images.random(
            _SYNTHETIC_CALIBRATION_IMAGES, self.side(), seed=2
        )

    def test_images(self) -> Images:
        if self.labelled:
            known = images.read(self.source / "test_u8.bin", self.side())
            return known.spread(_TRAINED_TEST_IMAGES)
        return images.random(_SYNTHETIC_TEST_IMAGES, self.side(), seed=3)


def _measure(
    subject: _Subject, threads: list[int], options: rates.Options
) -> tuple[list[Agreement], list[Rate]]:
    models = quantized_models.make(
        subject.source,
        subject.calibration(),
        subject.directory,
        options.moevit,
        _log,
    )
    _log(f"{subject.name}: comparing outputs")
    agreements = outputs.compare(
        subject.name,
        models,
        subject.source,
        subject.test_images(),
        subject.labelled,
        options.moevit,
    )
    measured: list[Rate] = []
    for count in threads:
        measured += rates.measure(
            subject.name, models, subject.side(), count, options, _log
        )
    return agreements, measured


def main() -> None:
    arguments = _arguments()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    build = _ROOT / "build"
    options = rates.Options(
        batches=tuple(arguments.batches),
        rounds=arguments.rounds,
        processor_time=arguments.clock == "processor",
        moevit=pathlib.Path(
            os.environ.get("MOEVIT", build / "release/bin/moevit")
        ),
    )
    agreements: list[Agreement] = []
    measured: list[Rate] = []
    for name in arguments.models:
        subject = _Subject(name, build / "peers")
        if not subject.available():
            _log(f"{name}: skipped, {subject.source} is missing")
            continue
        more_agreements, more_rates = _measure(
            subject, arguments.threads, options
        )
        agreements += more_agreements
        measured += more_rates
    environment = report.environment(options)
    if arguments.json:
        arguments.json.write_text(
            report.to_json(environment, agreements, measured)
        )
    print(report.to_markdown(environment, agreements, measured))


if __name__ == "__main__":
    main()
