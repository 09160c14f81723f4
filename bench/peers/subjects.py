"""The models that engines are compared on: checkpoints and images for them."""

import dataclasses
import pathlib

from peers import checkpoint, images
from peers.images import Images

TRAINED = "cifar10-moe-vit"
NAMES = (TRAINED, *checkpoint.SYNTHETIC)

_TRAINED_CALIBRATION_IMAGES = 32
_TRAINED_TEST_IMAGES = 2048
_SYNTHETIC_CALIBRATION_IMAGES = 8
_SYNTHETIC_TEST_IMAGES = 32


@dataclasses.dataclass(frozen=True)
class Subject:
    """One model."""

    name: str
    checkpoint: pathlib.Path
    side: int  # pixels
    calibration: Images
    test: Images
    labelled: bool  # whether the labels of `test` mean anything


def trained(data: pathlib.Path) -> Subject:
    """The trained model below `data`, with images of its own data set."""
    directory = data / TRAINED
    side = checkpoint.load(directory).shape.image_size
    calibration = images.read(directory / "calib_u8.bin", side)
    test = images.read(directory / "test_u8.bin", side)
    return Subject(
        name=TRAINED,
        checkpoint=directory,
        side=side,
        calibration=calibration.spread(_TRAINED_CALIBRATION_IMAGES),
        test=test.spread(_TRAINED_TEST_IMAGES),
        labelled=True,
    )


def synthetic(name: str, cache: pathlib.Path) -> Subject:
    """A model with random weights, kept in `cache`, and images of noise."""
    directory = cache / name / "checkpoint"
    shape = checkpoint.SYNTHETIC[name]
    if not directory.exists():
        checkpoint.write_random(directory, shape)
    side = shape.image_size
    return Subject(
        name=name,
        checkpoint=directory,
        side=side,
        calibration=images.random(_SYNTHETIC_CALIBRATION_IMAGES, side, seed=2),
        test=images.random(_SYNTHETIC_TEST_IMAGES, side, seed=3),
        labelled=False,
    )
