"""The comparison as Markdown, and as JSON."""

import dataclasses
import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Iterable

from peers import program
from peers.engines import ONNX_RUNTIME, OPENVINO
from peers.outputs import Agreement
from peers.rates import MOEVIT, Options, Rate

_PEER_PACKAGES = ("onnxruntime", "openvino", "nncf", "onnx", "numpy")
_FLOAT = "float32"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """One case: our median and the best median of each peer's int8 engines."""

    model: str
    batch: int
    threads: int
    moevit: Rate
    onnx_runtime: Rate
    openvino: Rate


def compare(rates: Iterable[Rate]) -> list[Comparison]:
    """Picks each peer's best for every case.

    A peer may divide a batch as it likes: what it reaches on smaller batches
    counts for larger ones too.
    """
    rates = list(rates)

    def best(ours: Rate, peer: str) -> Rate:
        return max(
            (
                rate
                for rate in rates
                if rate.engine.startswith(peer)
                and _FLOAT not in rate.engine
                and (rate.model, rate.threads) == (ours.model, ours.threads)
                and rate.batch <= ours.batch
            ),
            key=lambda rate: rate.median,
        )

    return [
        Comparison(
            model=ours.model,
            batch=ours.batch,
            threads=ours.threads,
            moevit=ours,
            onnx_runtime=best(ours, ONNX_RUNTIME),
            openvino=best(ours, OPENVINO),
        )
        for ours in rates
        if ours.engine == MOEVIT
    ]


def environment(options: Options) -> dict:
    """The machine, and the versions of everything that was measured."""
    head = program.call(
        options.moevit, "bench", "--synthetic=tiny", "--batch=1", "--repeats=1"
    )
    return {
        "processor": head["machine"]["processor"],
        "processors": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "moevit": head["build"],
        "isa": head["machine"]["isa"],
        "packages": {
            name: importlib.metadata.version(name) for name in _PEER_PACKAGES
        },
        "clock": "processor" if options.processor_time else "wall",
        "rounds": options.rounds,
    }


def to_json(
    environment: dict, agreements: list[Agreement], rates: list[Rate]
) -> str:
    return json.dumps(
        {
            "environment": environment,
            "agreements": [dataclasses.asdict(one) for one in agreements],
            "rates": [
                dataclasses.asdict(rate) | {"median": rate.median}
                for rate in rates
            ],
            "comparisons": [
                {
                    "model": one.model,
                    "batch": one.batch,
                    "threads": one.threads,
                    "of_onnx_runtime": _ratio(one, one.onnx_runtime),
                    "of_openvino": _ratio(one, one.openvino),
                }
                for one in compare(rates)
            ],
        },
        indent=2,
    )


def to_markdown(
    environment: dict, agreements: list[Agreement], rates: list[Rate]
) -> str:
    return "\n\n".join(
        [
            _heading(environment),
            _comparison_table(compare(rates)),
            "Every engine's images/s (median of all rounds), by batch:",
            _rates_table(rates),
            "The same images through every engine:",
            _agreements_table(agreements),
        ]
    )


def _heading(environment: dict) -> str:
    packages = environment["packages"]
    build = environment["moevit"]
    return (
        f"{environment['processor']}, {environment['processors']} processors, "
        f"{environment['isa']}; moevit {build['version']} at commit "
        f"{build['commit']}, ONNX Runtime {packages['onnxruntime']}, OpenVINO "
        f"{packages['openvino']} with NNCF {packages['nncf']}; "
        f"{environment['clock']} time, medians of {environment['rounds']} "
        "rounds, in each of which every engine had its turn. A peer's figure "
        "is its best int8 variant and stream layout, at this batch or a "
        "smaller one. Images per second; the peak is of 8-bit multiplications "
        "in registers."
    )


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _ratio(one: Comparison, peer: Rate) -> float:
    return one.moevit.median / peer.median


def _comparison_table(comparisons: list[Comparison]) -> str:
    def row(one: Comparison) -> list[str]:
        of_peak = statistics.median(one.moevit.of_peak)
        cells = [one.model, str(one.batch), str(one.threads)]
        cells += [_figure(one.moevit.median), _percent(of_peak)]
        for peer in (one.onnx_runtime, one.openvino):
            ratio = _ratio(one, peer)
            cells += [_figure(peer.median), _percent(of_peak / ratio)]
            cells.append(f"**{ratio:.2f}**")
        return cells

    head = ["model", "batch", "threads", "moevit", "of peak"]
    for peer in (ONNX_RUNTIME, OPENVINO):
        head += [peer, "of peak", "moevit / it"]
    return _table(head, map(row, comparisons))


def _rates_table(rates: list[Rate]) -> str:
    batches = sorted({rate.batch for rate in rates})
    lines: dict[tuple, dict[int, float]] = {}
    for rate in rates:
        key = (rate.model, rate.threads, rate.engine, rate.streams)
        lines.setdefault(key, {})[rate.batch] = rate.median
    head = ["model", "threads", "engine", "streams x threads"]
    return _table(
        head + [str(batch) for batch in batches],
        (
            [
                *map(str, key),
                *(
                    _figure(line[batch]) if batch in line else "-"
                    for batch in batches
                ),
            ]
            for key, line in lines.items()
        ),
    )


def _agreements_table(agreements: list[Agreement]) -> str:
    return _table(
        ["model", "engine", "images", "same class as float", "top-1"],
        (
            [
                one.model,
                one.engine,
                str(one.images),
                _percent(one.same_as_float, digits=1),
                "-" if one.top1 is None else _percent(one.top1, digits=1),
            ]
            for one in agreements
        ),
    )


def _percent(part: float, digits: int = 0) -> str:
    return f"{100 * part:.{digits}f} %"


def _figure(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.1f}"
