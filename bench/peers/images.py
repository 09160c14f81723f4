"""Images in one file, as `moevit quantize` and `moevit evaluate` read them.

The file holds uint8 images [n, side, side, 3], then n uint8 labels.
"""

import dataclasses
import pathlib

import numpy as np


@dataclasses.dataclass(frozen=True)
class Images:
    """Pixels [n, side, side, 3] and labels [n], both uint8."""

    pixels: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def spread(self, count: int) -> "Images":
        """Returns `count` of the images, evenly spaced."""
        chosen = np.arange(count) * len(self) // count
        return Images(self.pixels[chosen], self.labels[chosen])

    def write(self, path: pathlib.Path) -> None:
        path.write_bytes(self.pixels.tobytes() + self.labels.tobytes())


def read(path: pathlib.Path, side: int) -> Images:
    """Reads a file of images of `side` x `side` pixels."""
    content = np.fromfile(path, np.uint8)
    image_bytes = side * side * 3
    count, rest = divmod(len(content), image_bytes + 1)
    if rest:
        raise ValueError(f"{path}: not a whole number of {side}x{side} images")
    pixels, labels = np.split(content, [count * image_bytes])
    return Images(pixels.reshape(count, side, side, 3), labels)


def random(count: int, side: int, seed: int) -> Images:
    """Returns images of noise, all labelled 0."""
    noise = np.random.default_rng(seed)
    shape = (count, side, side, 3)
    return Images(
        noise.integers(0, 256, shape, np.uint8), np.zeros(count, np.uint8)
    )
