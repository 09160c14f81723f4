"""The peers, each ready to answer batches of one size.

A batch is divided evenly over `streams` that run side by side with `threads`
threads each: one stream is the way to answer one batch soonest, several often
the way to answer most.
"""

import abc
import concurrent.futures
import dataclasses
import pathlib
from collections.abc import Iterator

import numpy as np
import onnxruntime
import openvino

from peers.quantized_models import Models

# The names of the two peers, as they begin each engine's name.
ONNX_RUNTIME = "ONNX Runtime"
OPENVINO = "OpenVINO"

_ORT_ERRORS_ONLY = 3


@dataclasses.dataclass(frozen=True)
class Streams:
    """How a batch is spread over threads."""

    streams: int
    threads: int  # of each stream

    @property
    def total_threads(self) -> int:
        return self.streams * self.threads

    def __str__(self) -> str:
        return f"{self.streams}x{self.threads}"


class Engine(abc.ABC):
    """One peer with one model. Not thread safe."""

    def __init__(self, name: str, streams: Streams) -> None:
        self.name = name
        self.streams = streams

    @abc.abstractmethod
    def prepare(self, batch: int) -> None:
        """Gets ready for batches of this size, which may take seconds."""

    @abc.abstractmethod
    def run(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 [batch, side, side, 3] -> float32 [batch, classes]."""


class OnnxRuntime(Engine):
    """ONNX Runtime on the CPU. Takes batches of any size."""

    def __init__(
        self, variant: str, model: pathlib.Path, streams: Streams
    ) -> None:
        super().__init__(f"{ONNX_RUNTIME} {variant}", streams)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = streams.threads
        options.log_severity_level = _ORT_ERRORS_ONLY
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._callers = concurrent.futures.ThreadPoolExecutor(streams.streams)

    def prepare(self, batch: int) -> None:
        pass

    def run(self, pixels: np.ndarray) -> np.ndarray:
        if self.streams.streams == 1:
            return self._answer(pixels)
        parts = np.array_split(pixels, self.streams.streams)
        return np.concatenate(list(self._callers.map(self._answer, parts)))

    def _answer(self, pixels: np.ndarray) -> np.ndarray:
        return self._session.run(["logits"], {"pixels": pixels})[0]


class OpenVino(Engine):
    """OpenVINO on the CPU, compiled for each size of batch."""

    def __init__(
        self, variant: str, model: pathlib.Path, streams: Streams
    ) -> None:
        super().__init__(f"{OPENVINO} {variant}", streams)
        self._core = openvino.Core()
        self._model = self._core.read_model(model)
        self._requests: dict[int, list[openvino.InferRequest]] = {}

    def prepare(self, batch: int) -> None:
        streams = self.streams.streams
        if batch % streams:
            raise ValueError(f"a batch of {batch} over {streams} streams")
        if batch in self._requests:
            return
        model = self._model.clone()
        _, *image = model.input("pixels").partial_shape
        model.reshape([batch // streams, *image])
        compiled = self._core.compile_model(
            model,
            "CPU",
            {
                "PERFORMANCE_HINT": "LATENCY" if streams == 1 else "THROUGHPUT",
                "NUM_STREAMS": streams,
                "INFERENCE_NUM_THREADS": self.streams.total_threads,
            },
        )
        self._requests[batch] = [
            compiled.create_infer_request() for _ in range(streams)
        ]

    def run(self, pixels: np.ndarray) -> np.ndarray:
        requests = self._requests[len(pixels)]
        parts = np.array_split(pixels, len(requests))
        for request, part in zip(requests, parts, strict=True):
            request.start_async({"pixels": part}, share_inputs=True)
        for request in requests:
            request.wait()
        return np.concatenate(
            [request.get_tensor("logits").data for request in requests]
        )


def engines(models: Models, threads: int) -> Iterator[Engine]:
    """Returns every peer's way to run a model on so many threads."""
    together = Streams(streams=1, threads=threads)
    yield OnnxRuntime("float32", models.float_fused, together)
    ways = [together]
    if threads > 1:
        ways.append(Streams(streams=threads, threads=1))
    for way in ways:
        yield OnnxRuntime("int8 dynamic", models.ort_dynamic, way)
        yield OnnxRuntime("int8 static", models.ort_static, way)
        yield OpenVino("int8", models.openvino, way)
