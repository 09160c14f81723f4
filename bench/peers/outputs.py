"""Whether engines answer the same: each in int8 against the float model."""

import dataclasses
import pathlib

import numpy as np

from peers import program
from peers.engines import Engine, OnnxRuntime, OpenVino, Streams
from peers.images import Images
from peers.quantized_models import Models
from peers.subjects import Subject

# Images that a peer gets at once.
_BATCH = 16


@dataclasses.dataclass(frozen=True)
class Agreement:
    """How often an engine's first guess is the float model's, and right."""

    model: str
    engine: str
    images: int
    same_as_float: float
    top1: float | None  # None where the labels mean nothing


def compare(
    subject: Subject, models: Models, moevit: pathlib.Path
) -> list[Agreement]:
    """Runs the test images, a multiple of 16, through every engine."""
    images = subject.test
    streams = Streams(streams=1, threads=2)
    expected = _guesses(
        OnnxRuntime("float32", models.float_plain, streams), images
    )

    def row(engine: str, same: float, top1: float) -> Agreement:
        return Agreement(
            subject.name,
            engine,
            len(images),
            same,
            top1 if subject.labelled else None,
        )

    rows = [
        row("float model", 1.0, _part(expected == images.labels)),
        row("moevit int8", *_moevit(subject, models, moevit)),
    ]
    for engine in (
        OnnxRuntime("int8 dynamic", models.ort_dynamic, streams),
        OnnxRuntime("int8 static", models.ort_static, streams),
        OpenVino("int8", models.openvino, streams),
    ):
        guesses = _guesses(engine, images)
        same = _part(guesses == expected)
        rows.append(row(engine.name, same, _part(guesses == images.labels)))
    return rows


def _part(hits: np.ndarray) -> float:
    return float(np.mean(hits))


def _guesses(engine: Engine, images: Images) -> np.ndarray:
    engine.prepare(_BATCH)
    batches = np.split(images.pixels, len(images) // _BATCH)
    return np.concatenate([engine.run(batch).argmax(1) for batch in batches])


def _moevit(
    subject: Subject, models: Models, moevit: pathlib.Path
) -> tuple[float, float]:
    """Agreement with moevit's own float model of the same checkpoint, top-1."""
    file = models.directory / "images.bin"
    subject.test.write(file)
    report = program.call(
        moevit,
        "evaluate",
        f"--model={models.moevit}",
        f"--against={subject.checkpoint}",
        f"--dataset={file}",
    )
    return report["comparison"]["agreement"], report["model"]["top1"]
