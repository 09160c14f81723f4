"""Images to send, and the right answers to them."""

import struct
import zlib

import numpy as np

from soak import clients
from soak.files import CHANGING, Models

_DRAWN = 26
_TIMEOUT_S = 60


def _chunk(kind, data):
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def png(pixels):
    """A PNG file of `pixels`, [height, width, 3] uint8."""
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def _drawn(random):
    """Coarse noise, of any shape."""
    height, width = random.integers(8, 200, 2)
    coarse = random.integers(0, 256, (8, 8, 3), np.uint8)
    rows = np.arange(height) * 8 // height
    columns = np.arange(width) * 8 // width
    return coarse[rows][:, columns]


class Images:
    """Files, and tensors of pixels of the size that `config` asks for."""

    def __init__(self, samples, config, seed):
        random = np.random.default_rng(seed)
        self.files = [path.read_bytes() for path in samples]
        self.files += [png(_drawn(random)) for _ in range(_DRAWN)]
        side = config["image_size"]
        shape = (len(self.files), side, side, 3)
        self.pixels = random.integers(0, 256, shape, np.uint8)
        self.classes = config["num_classes"]

    def scores_of(self, classification):
        """By class, of the bits that came."""
        scores = np.zeros(self.classes, np.float32)
        for scored in classification.classes:
            scores[scored.index] = scored.score
        return scores

    def scores_in(self, response):
        """Of a ModelInferResponse: [images, classes]."""
        scores = np.frombuffer(response.raw_output_contents[0], np.float32)
        return scores.reshape(-1, self.classes)


class Answers:
    """The scores of every image by both models, asked of another server."""

    def __init__(self):
        self._of_files = {}
        self._of_pixels = {}

    @classmethod
    async def ask(cls, connection, images):
        """Of a server that has both models as versions 1 and 2 of CHANGING."""
        answers = cls()
        for version in (1, 2):
            mirrored = Models.is_mirrored(version)
            request = connection.messages.request(
                clients.CLASSIFY,
                model_name=CHANGING,
                model_version=str(version),
                images=images.files,
                top_k=images.classes,
            )
            response = await connection.unary(
                clients.CLASSIFY, request, _TIMEOUT_S
            )
            answers._of_files[mirrored] = [
                images.scores_of(result.classification)
                for result in response.results
            ]
            request = infer_request(
                connection.messages, CHANGING, images.pixels, str(version)
            )
            response = await connection.unary(
                clients.MODEL_INFER, request, _TIMEOUT_S
            )
            answers._of_pixels[mirrored] = images.scores_in(response)
        answers._check()
        return answers

    def _check(self):
        """The two models must not be mistaken for each other."""
        for plain, mirrored in zip(self._of_files[False], self._of_files[True]):
            if not np.allclose(plain, mirrored[::-1], atol=1e-6):
                raise RuntimeError("the mirrored model is not the mirror image")
            if np.array_equal(plain, mirrored):
                raise RuntimeError("an image does not tell the models apart")

    def file(self, index, version):
        return self._of_files[Models.is_mirrored(version)][index]

    def pixels(self, indices, version):
        return self._of_pixels[Models.is_mirrored(version)][indices]

    def falsify(self):
        """Makes one answer wrong, to see that it is noticed."""
        self._of_files[False][0] = self._of_files[False][0] + np.float32(1e-6)


def infer_request(messages, model, pixels, version="", **fields):
    """A request for classes of `pixels`, [images, height, width, 3]."""
    tensor = {"name": "pixels", "datatype": "UINT8", "shape": pixels.shape}
    return messages.request(
        clients.MODEL_INFER,
        model_name=model,
        model_version=version,
        inputs=[tensor],
        raw_input_contents=[pixels.tobytes()],
        **fields,
    )
