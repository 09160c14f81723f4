"""How many images per second each engine answers, in rounds.

A round measures every engine once, one after the other and ours among them, so
that what else happens on the machine meets all of them alike.
"""

import dataclasses
import os
import pathlib
import statistics
import time
from collections.abc import Callable

import numpy as np

from peers import images, program
from peers.engines import Engine, engines
from peers.quantized_models import Models
from peers.subjects import Subject

MOEVIT = "moevit int8"

# Each measurement takes at least this long, and so does the warm-up before it.
_TURN_SECONDS = 0.2
_WARM_UP_SECONDS = 0.1
# Lets the threads that the last engine left spinning go to sleep.
_PAUSE_SECONDS = 0.05


@dataclasses.dataclass(frozen=True)
class Options:
    """What to measure."""

    batches: tuple[int, ...]
    rounds: int
    # Processor time, by the number of threads, instead of the time that passes:
    # for a busy machine. Counts what threads spend waiting for each other.
    processor_time: bool
    moevit: pathlib.Path


@dataclasses.dataclass
class Rate:
    """One engine's samples of one case."""

    model: str
    batch: int
    threads: int
    engine: str
    streams: str
    images_per_second: list[float] = dataclasses.field(default_factory=list)
    # Ours only: the part of the processor's 8-bit peak in the same moment.
    of_peak: list[float] = dataclasses.field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.images_per_second)


def measure(
    subject: Subject,
    models: Models,
    threads: int,
    options: Options,
    log: Callable[[str], None],
) -> list[Rate]:
    """Measures all engines on the first `threads` processors of this process.

    There must be as many.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:threads])
    try:
        return _Measurement(subject, models, threads, options).run(log)
    finally:
        os.sched_setaffinity(0, allowed)


class _Measurement:
    def __init__(
        self,
        subject: Subject,
        models: Models,
        threads: int,
        options: Options,
    ) -> None:
        self._name = subject.name
        self._models = models
        self._threads = threads
        self._options = options
        self._pixels = {
            batch: images.random(batch, subject.side, seed=1).pixels
            for batch in options.batches
        }
        self._peers = list(engines(models, threads))
        self._rates: dict[tuple[str, str, int], Rate] = {}

    def run(self, log: Callable[[str], None]) -> list[Rate]:
        for turn in range(self._options.rounds):
            log(
                f"{self._name}, threads {self._threads}: round {turn + 1} of "
                f"{self._options.rounds}"
            )
            self._measure_moevit()
            for engine in self._peers:
                for batch in self._options.batches:
                    if batch % engine.streams.streams == 0:
                        self._measure_peer(engine, batch)
        return list(self._rates.values())

    def _rate(self, engine: str, streams: str, batch: int) -> Rate:
        return self._rates.setdefault(
            (engine, streams, batch),
            Rate(self._name, batch, self._threads, engine, streams),
        )

    def _measure_moevit(self) -> None:
        arguments = [
            f"--model={self._models.moevit}",
            "--batch=" + ",".join(map(str, self._options.batches)),
            f"--threads={self._threads}",
            "--repeats=2",
        ]
        if self._options.processor_time:
            arguments.append("--cpu_time")
        report = program.call(self._options.moevit, "bench", *arguments)
        for case in report["cases"]:
            rate = self._rate(MOEVIT, f"1x{self._threads}", case["batch"])
            rate.images_per_second += case["images_per_second"]["samples"]
            rate.of_peak += case["of_peak"]["samples"]

    def _measure_peer(self, engine: Engine, batch: int) -> None:
        engine.prepare(batch)
        pixels = self._pixels[batch]
        time.sleep(_PAUSE_SECONDS)
        self._images_per_second(engine, pixels, _WARM_UP_SECONDS)
        rate = self._rate(engine.name, str(engine.streams), batch)
        rate.images_per_second.append(
            self._images_per_second(engine, pixels, _TURN_SECONDS)
        )

    def _images_per_second(
        self, engine: Engine, pixels: np.ndarray, seconds: float
    ) -> float:
        start = self._now()
        runs = 0
        while (elapsed := self._now() - start) < seconds:
            engine.run(pixels)
            runs += 1
        return runs * len(pixels) / elapsed

    def _now(self) -> float:
        if self._options.processor_time:
            return time.process_time() / self._threads
        return time.monotonic()
