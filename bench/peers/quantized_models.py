"""Turns one checkpoint into every engine's model, by each engine's own tools.

Everybody calibrates on the same images. What is made is kept; delete the
directory to make it anew.
"""

import contextlib
import dataclasses
import pathlib
import shutil
import sys
from collections.abc import Callable, Iterator

import nncf
import numpy as np
import onnx
import openvino
from onnxruntime import quantization

from peers import checkpoint, float_model, program
from peers.float_model import Attention
from peers.images import Images
from peers.subjects import Subject

# Images that a calibrating tool gets at once.
_CALIBRATION_BATCH = 8

# Only products with weights are quantized in ONNX Runtime, those in front of
# attention included: the others run faster, and closer to the float model, as
# they are.
_ONNX_OPTIONS = {
    "op_types_to_quantize": ["MatMul", "Attention"],
    "per_channel": True,
    "weight_type": quantization.QuantType.QInt8,
    "extra_options": {
        "MatMulConstBOnly": True,
        "DefaultTensorType": onnx.TensorProto.FLOAT,
    },
}


@dataclasses.dataclass(frozen=True)
class Models:
    """Where the forms of one model are."""

    directory: pathlib.Path

    @property
    def moevit(self) -> pathlib.Path:
        return self.directory / "moevit"

    @property
    def float_plain(self) -> pathlib.Path:
        return self.directory / "float.onnx"

    @property
    def float_fused(self) -> pathlib.Path:
        """With ONNX Runtime's own attention operator."""
        return self.directory / "float_fused.onnx"

    @property
    def ort_dynamic(self) -> pathlib.Path:
        return self.directory / "ort_dynamic.onnx"

    @property
    def ort_static(self) -> pathlib.Path:
        return self.directory / "ort_static.onnx"

    @property
    def openvino(self) -> pathlib.Path:
        return self.directory / "openvino.xml"


def make(
    subject: Subject,
    directory: pathlib.Path,
    moevit: pathlib.Path,
    log: Callable[[str], None],
) -> Models:
    """Makes what is missing in `directory` of a subject's models."""
    models = Models(directory)
    directory.mkdir(parents=True, exist_ok=True)

    def once(path: pathlib.Path, step: Callable[[], None]) -> None:
        if path.exists():
            return
        log(f"making {path}")
        try:
            # The tools tell their progress where results belong.
            with contextlib.redirect_stdout(sys.stderr):
                step()
        except BaseException:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            raise

    def save(path: pathlib.Path, attention: Attention) -> None:
        model = float_model.build(
            checkpoint.load(subject.checkpoint), attention
        )
        onnx.save(model, path)

    once(models.moevit, lambda: _moevit(subject, models, moevit))
    once(models.float_plain, lambda: save(models.float_plain, Attention.PLAIN))
    once(models.float_fused, lambda: save(models.float_fused, Attention.FUSED))
    once(models.ort_dynamic, lambda: _ort_dynamic(models))
    once(models.ort_static, lambda: _ort_static(models, subject))
    once(models.openvino, lambda: _openvino(models, subject))
    return models


def _moevit(subject: Subject, models: Models, moevit: pathlib.Path) -> None:
    file = models.directory / "calibration.bin"
    subject.calibration.write(file)
    program.call(
        moevit,
        "quantize",
        f"--checkpoint={subject.checkpoint}",
        f"--calibration={file}",
        f"--calibration_images={len(subject.calibration)}",
        f"--output={models.moevit}",
    )


def _ort_dynamic(models: Models) -> None:
    quantization.quantize_dynamic(
        models.float_fused, models.ort_dynamic, **_ONNX_OPTIONS
    )


def _ort_static(models: Models, subject: Subject) -> None:
    quantization.quantize_static(
        models.float_plain,
        models.ort_static,
        _CalibrationReader(subject.calibration),
        quant_format=quantization.QuantFormat.QOperator,
        activation_type=quantization.QuantType.QUInt8,
        **_ONNX_OPTIONS,
    )


def _openvino(models: Models, subject: Subject) -> None:
    quantized = nncf.quantize(
        openvino.Core().read_model(models.float_plain),
        nncf.Dataset(list(_batches(subject.calibration))),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
    )
    openvino.save_model(quantized, models.openvino)


def _batches(calibration: Images) -> Iterator[dict[str, np.ndarray]]:
    for first in range(0, len(calibration), _CALIBRATION_BATCH):
        end = first + _CALIBRATION_BATCH
        yield {"pixels": calibration.pixels[first:end]}


class _CalibrationReader(quantization.CalibrationDataReader):
    def __init__(self, calibration: Images) -> None:
        self._batches = _batches(calibration)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._batches, None)
