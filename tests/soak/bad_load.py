"""Requests that must be refused, and clients that behave badly."""

import asyncio
import struct
import zlib

import aiohttp
import grpc

from soak import clients, images
from soak.files import STEADY
from soak.good_load import TIMEOUT_S, failure
from soak.tally import Outcome, Result

MESSAGE_LIMIT = 1 << 20  # bytes; the server is told so
IMAGES_LIMIT = 40  # of a request
_INVALID = 3  # INVALID_ARGUMENT
_UNREAD = 200
_HELD_S = 2


def _bomb(good):
    """The head of a PNG file that claims 65535 x 65535 pixels."""
    header = struct.pack(">IIBBBBB", 65535, 65535, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return good[:16] + header + crc + good[33:]


class BadLoad:
    """Every method is one request, or one client."""

    def __init__(self, connection, pictures, good, random, ports):
        self._connection = connection
        self._images = pictures
        self._files = pictures.files
        self._pixels = pictures.pixels
        self._good = good
        self._random = random
        self._ports = ports

    async def _rejected(self, call, *codes):
        """`call` must fail with one of `codes`."""
        try:
            await call
        except grpc.aio.AioRpcError as error:
            if error.code().name in codes:
                return Result(Outcome.REJECTED, error.code().name)
            result = failure(error)
            if result.outcome is not Outcome.REFUSED:
                result.outcome = Outcome.UNEXPECTED
            return result
        return Result(Outcome.UNEXPECTED, detail="it was answered")

    def _classify(self, files, model=STEADY, **fields):
        request = self._connection.messages.request(
            clients.CLASSIFY, model_name=model, images=files, **fields
        )
        return self._connection.unary(clients.CLASSIFY, request, TIMEOUT_S)

    def _infer(self, pixels, **changes):
        request = images.infer_request(
            self._connection.messages, STEADY, pixels
        )
        for field, value in changes.items():
            del getattr(request, field)[:]
            getattr(request, field).extend(value)
        return self._connection.unary(clients.MODEL_INFER, request, TIMEOUT_S)

    async def damaged_file(self):
        """Beside a good one, which must be answered all the same."""
        good = self._files[0]
        damaged = (
            good[: len(good) // 2],
            self._random.bytes(500),
            b"",
            _bomb(self._files[-1]),
        )[self._random.integers(4)]
        request = self._connection.messages.request(
            clients.CLASSIFY,
            model_name=STEADY,
            images=[good, damaged],
            top_k=self._images.classes,
        )
        try:
            response = await self._connection.unary(
                clients.CLASSIFY, request, TIMEOUT_S
            )
        except grpc.aio.AioRpcError as error:
            return failure(error)
        first, second = response.results
        if second.error.code != _INVALID:
            return Result(Outcome.UNEXPECTED, detail=str(second))
        beside = self._good.judge_image(0, response.model_version, first)
        if beside.outcome is not Outcome.RIGHT:
            return beside
        return Result(Outcome.REJECTED, "INVALID_ARGUMENT")

    async def damaged_tensor_of_files(self):
        raw = self._random.bytes(64)
        tensor = {"name": "image", "datatype": "BYTES", "shape": [3]}
        request = self._connection.messages.request(
            clients.MODEL_INFER,
            model_name=STEADY,
            inputs=[tensor],
            raw_input_contents=[raw],
        )
        call = self._connection.unary(clients.MODEL_INFER, request, TIMEOUT_S)
        return await self._rejected(call, "INVALID_ARGUMENT")

    async def wrong_shape(self):
        call = self._infer(self._pixels[[0], 1:])
        return await self._rejected(call, "INVALID_ARGUMENT")

    async def too_few_bytes(self):
        call = self._infer(
            self._pixels[[0]], raw_input_contents=[self._random.bytes(100)]
        )
        return await self._rejected(call, "INVALID_ARGUMENT")

    async def unknown_model(self):
        names = (
            "no-such-model",
            "../steady",
            "/etc/passwd",
            "steady\n",
            "a" * 9999,
        )
        call = self._classify(
            self._files[:1], model=names[self._random.integers(len(names))]
        )
        return await self._rejected(call, "NOT_FOUND", "INVALID_ARGUMENT")

    async def unknown_version(self):
        call = self._classify(self._files[:1], model_version="77")
        return await self._rejected(call, "NOT_FOUND")

    async def wrong_token(self):
        token = ("", "x", "0" * 32, "y" * 600)[self._random.integers(4)]
        request = self._connection.messages.request(
            clients.CLASSIFY, model_name=STEADY, images=self._files[:1]
        )
        call = self._connection.unary(
            clients.CLASSIFY, request, TIMEOUT_S, token
        )
        return await self._rejected(call, "UNAUTHENTICATED")

    async def no_administrator(self):
        request = self._connection.messages.request(
            clients.UNLOAD, model_name=STEADY
        )
        call = self._connection.unary(clients.UNLOAD, request, TIMEOUT_S)
        return await self._rejected(call, "PERMISSION_DENIED")

    async def oversized_message(self):
        call = self._classify([bytes(MESSAGE_LIMIT + 1)])
        return await self._rejected(call, "RESOURCE_EXHAUSTED")

    async def too_many_images(self):
        call = self._classify([self._files[0]] * (IMAGES_LIMIT + 1))
        return await self._rejected(call, "RESOURCE_EXHAUSTED")

    async def cancelled(self):
        """At any time, before or after the answer."""
        indices = [int(self._random.integers(len(self._files)))]
        call = self._good.start_classify(STEADY, indices)
        await asyncio.sleep(self._random.exponential(0.03))
        call.cancel()
        try:
            response = await call
        except asyncio.CancelledError:
            return Result(Outcome.REJECTED, "CANCELLED")
        except grpc.aio.AioRpcError as error:
            return failure(error)
        return self._good.judge_classify(indices, response)

    async def short_deadline(self):
        indices = [int(self._random.integers(len(self._files)))]
        call = self._good.start_classify(
            STEADY, indices, timeout=self._random.exponential(0.03)
        )
        try:
            response = await call
        except grpc.aio.AioRpcError as error:
            if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
                return Result(Outcome.REJECTED, "DEADLINE_EXCEEDED")
            return failure(error)
        return self._good.judge_classify(indices, response)

    async def reads_nothing(self):
        """Sends images and takes no answer, then goes away."""
        call = self._connection.stream(clients.CLASSIFY_STREAM, TIMEOUT_S)
        message = self._connection.messages.request(
            clients.CLASSIFY_STREAM, model_name=STEADY, image=self._files[0]
        )

        async def send():
            for _ in range(_UNREAD):
                await call.write(message)

        try:
            await asyncio.wait_for(send(), _HELD_S)
        except asyncio.TimeoutError:
            pass
        except grpc.aio.AioRpcError as error:
            return Result(
                Outcome.UNEXPECTED, error.code().name, error.details()
            )
        call.cancel()
        return Result(Outcome.REJECTED, "CANCELLED")

    async def rest_bad_request(self):
        models = f"{self._connection.rest}/models"
        address, data, expected = (
            (f"{models}/{STEADY}/infer", b'{"inputs": [', 400),
            (f"{models}/{STEADY}/infer", b'{"inputs": [{"name": 7}]}', 400),
            (f"{models}/{STEADY}/classify", b"\xff\xd8\xff\xe0 no image", 400),
            (f"{models}/no-such-model/classify", self._files[0], 404),
            (f"{models}/..%2f{STEADY}/classify", self._files[0], 404),
            (f"{models}/{STEADY}/classify", bytes(MESSAGE_LIMIT + 1), 413),
        )[self._random.integers(6)]
        return await self._rest_rejected(address, data, expected)

    async def rest_wrong_token(self):
        return await self._rest_rejected(
            f"{self._connection.rest}/models/{STEADY}/classify",
            self._files[0],
            401,
            headers={"Authorization": "Bearer none"},
        )

    async def _rest_rejected(self, address, data, expected, **options):
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self._connection.http.post(
                address, data=data, timeout=timeout, **options
            ) as response:
                text = await response.text()
        except aiohttp.ClientError as error:
            # A body that is too large is not read, and its sender cut off.
            if expected == 413:
                return Result(Outcome.REJECTED, "413")
            return Result(Outcome.UNEXPECTED, "HTTP", repr(error))
        code = str(response.status)
        if response.status == expected:
            return Result(Outcome.REJECTED, code)
        if response.status in (429, 503):
            return Result(Outcome.REFUSED, code)
        return Result(Outcome.UNEXPECTED, code, text)

    async def half_http_request(self):
        """Ends in the middle of a body."""
        return await self._speak(
            self._ports["REST"],
            b"POST /v2/models/steady/classify HTTP/1.1\r\nHost: x\r\n"
            b"Content-Length: 5000\r\n\r\n" + bytes(100),
            tls=self._connection.tls,
        )

    async def http_client_that_leaves(self):
        """Sends a whole request and does not wait for the answer."""
        head = (
            "POST /v2/models/steady/classify HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {self._connection.token}\r\n"
            f"Content-Length: {len(self._files[0])}\r\n\r\n"
        )
        return await self._speak(
            self._ports["REST"],
            head.encode() + self._files[0],
            held=0,
            tls=self._connection.tls,
        )

    async def no_tls(self):
        return await self._speak(
            self._ports["gRPC"], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        )

    async def noise_as_tls(self):
        return await self._speak(
            self._ports["gRPC"],
            b"\x16\x03\x01\x02\x00" + self._random.bytes(512),
        )

    async def silent_connection(self):
        return await self._speak(self._ports["gRPC"], b"")

    async def _speak(self, port, data, held=_HELD_S, tls=None):
        """Connects, sends, holds the connection and closes it."""
        try:
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=tls
            )
        except OSError as error:
            return Result(Outcome.UNEXPECTED, "connect", repr(error))
        writer.write(data)
        await asyncio.sleep(held)
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass  # the server was faster
        return Result(Outcome.REJECTED, "closed")
