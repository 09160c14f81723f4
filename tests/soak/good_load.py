"""Requests that must be answered, each compared with its right answer."""

import asyncio
import json

import aiohttp
import grpc
import numpy as np

from soak import clients, images
from soak.files import CHANGING, FLEETING, STEADY
from soak.tally import Outcome, Result

TIMEOUT_S = 45
_STREAMED = 8
_BURST = 120
_PUSHBACK = "grpc-retry-pushback-ms"
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


def failure(error):
    """What a good request that ended with `error` is: refused, or lost."""
    advice = {key for key, _ in error.trailing_metadata() or ()}
    full = error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    refused = full and _PUSHBACK in advice
    return Result(
        Outcome.REFUSED if refused else Outcome.LOST,
        error.code().name,
        error.details(),
    )


def worst(results):
    """One result for a request of several parts."""
    order = list(Outcome)
    return max(results, key=lambda result: order.index(result.outcome))


class GoodLoad:
    """Every method is one request; `random` is a numpy Generator."""

    def __init__(self, connection, pictures, answers, random):
        self._connection = connection
        self._images = pictures
        self._answers = answers
        self._random = random

    def _draw(self, count):
        return self._random.integers(0, len(self._images.files), count)

    def _judge_file(self, index, version, classification):
        scores = self._images.scores_of(classification)
        if np.array_equal(scores, self._answers.file(index, version)):
            return Result(Outcome.RIGHT)
        return Result(Outcome.WRONG, detail=f"image {index}, version {version}")

    def _judge_pixels(self, indices, version, scores):
        if np.array_equal(scores, self._answers.pixels(indices, version)):
            return Result(Outcome.RIGHT)
        return Result(Outcome.WRONG, detail=f"pixels {indices}, {version}")

    def judge_image(self, index, version, result):
        if result.HasField("classification"):
            return self._judge_file(index, version, result.classification)
        error = result.error
        code = _NAMES.get(error.code, str(error.code))
        refused = code == "RESOURCE_EXHAUSTED" and error.HasField("retry_after")
        return Result(
            Outcome.REFUSED if refused else Outcome.LOST, code, error.message
        )

    def start_classify(self, model, indices, timeout=TIMEOUT_S):
        request = self._connection.messages.request(
            clients.CLASSIFY,
            model_name=model,
            images=[self._images.files[i] for i in indices],
            top_k=self._images.classes,
        )
        return self._connection.unary(clients.CLASSIFY, request, timeout)

    def judge_classify(self, indices, response):
        if len(response.results) != len(indices):
            return Result(Outcome.WRONG, detail="another number of results")
        return worst(
            [
                self.judge_image(index, response.model_version, result)
                for index, result in zip(indices, response.results)
            ]
        )

    async def _classify(self, model, count):
        indices = self._draw(count)
        try:
            response = await self.start_classify(model, indices)
        except grpc.aio.AioRpcError as error:
            return failure(error)
        return self.judge_classify(indices, response)

    async def classify(self):
        return await self._classify(STEADY, 1)

    async def classify_several(self):
        return await self._classify(STEADY, self._random.integers(2, 6))

    async def classify_while_versions_change(self):
        return await self._classify(CHANGING, 1)

    async def classify_fleeting(self):
        """The model may be away, which has to be said."""
        result = await self._classify(FLEETING, 1)
        if result.code in ("NOT_FOUND", "UNAVAILABLE"):
            result.outcome = Outcome.REJECTED
        return result

    async def burst(self):
        """More than the queue has room for."""
        return worst(
            await asyncio.gather(*(self.classify() for _ in range(_BURST)))
        )

    async def infer_pixels(self):
        return await self._infer(STEADY)

    async def infer_while_versions_change(self):
        return await self._infer(CHANGING)

    async def _infer(self, model):
        indices = self._draw(self._random.integers(1, 4))
        request = images.infer_request(
            self._connection.messages, model, self._images.pixels[indices]
        )
        try:
            response = await self._connection.unary(
                clients.MODEL_INFER, request, TIMEOUT_S
            )
        except grpc.aio.AioRpcError as error:
            return failure(error)
        return self._judge_pixels(
            indices, response.model_version, self._images.scores_in(response)
        )

    async def classify_stream(self):
        indices = self._draw(_STREAMED)
        call = self._connection.stream(clients.CLASSIFY_STREAM, TIMEOUT_S)
        results = {}
        try:
            for number, index in enumerate(indices):
                await call.write(
                    self._connection.messages.request(
                        clients.CLASSIFY_STREAM,
                        image_id=str(number),
                        image=self._images.files[index],
                        model_name=STEADY,
                        top_k=self._images.classes,
                    )
                )
            await call.done_writing()
            async for answer in call:
                results[int(answer.image_id)] = self.judge_image(
                    indices[int(answer.image_id)],
                    answer.model_version,
                    answer.result,
                )
        except grpc.aio.AioRpcError as error:
            return failure(error)
        return self._worst_of_stream(results)

    @staticmethod
    def _worst_of_stream(results):
        if len(results) == _STREAMED:
            return worst(list(results.values()))
        return Result(
            Outcome.LOST, detail=f"{len(results)} answers of {_STREAMED}"
        )

    async def infer_stream(self):
        indices = self._draw(_STREAMED)
        call = self._connection.stream(clients.MODEL_STREAM_INFER, TIMEOUT_S)
        results = {}
        try:
            for number, index in enumerate(indices):
                await call.write(
                    images.infer_request(
                        self._connection.messages,
                        STEADY,
                        self._images.pixels[[index]],
                        id=str(number),
                    )
                )
            await call.done_writing()
            async for answer in call:
                number = int(answer.infer_response.id)
                results[number] = self._judge_streamed(indices[number], answer)
        except grpc.aio.AioRpcError as error:
            return failure(error)
        return self._worst_of_stream(results)

    def _judge_streamed(self, index, answer):
        if answer.error_message:
            full = "queue" in answer.error_message
            return Result(
                Outcome.REFUSED if full else Outcome.LOST,
                detail=answer.error_message,
            )
        response = answer.infer_response
        return self._judge_pixels(
            [index], response.model_version, self._images.scores_in(response)
        )

    async def rest_classify(self):
        index = self._draw(1)[0]
        return await self._rest(
            f"{self._connection.rest}/models/{STEADY}/classify"
            f"?top_k={self._images.classes}",
            {"data": self._images.files[index]},
            lambda answer: self._judge_rest_file(index, answer),
        )

    def _judge_rest_file(self, index, answer):
        scores = np.zeros(self._images.classes, np.float32)
        for scored in answer["classes"]:
            scores[scored.get("index", 0)] = scored["score"]
        right = self._answers.file(index, answer["model_version"])
        if np.array_equal(scores, right):
            return Result(Outcome.RIGHT)
        return Result(Outcome.WRONG, detail=f"image {index}: {answer}")

    async def rest_infer(self):
        """Binary tensors there, JSON back."""
        indices = self._draw(2)
        pixels = self._images.pixels[indices].tobytes()
        tensor = {
            "name": "pixels",
            "datatype": "UINT8",
            "shape": [len(indices), *self._images.pixels.shape[1:]],
            "parameters": {"binary_data_size": len(pixels)},
        }
        head = json.dumps({"inputs": [tensor]}).encode()
        return await self._rest(
            f"{self._connection.rest}/models/{STEADY}/infer",
            {
                "data": head + pixels,
                "headers": {"Inference-Header-Content-Length": str(len(head))},
            },
            lambda answer: self._judge_pixels(
                indices,
                answer["model_version"],
                np.array(answer["outputs"][0]["data"], np.float32).reshape(
                    -1, self._images.classes
                ),
            ),
        )

    async def _rest(self, address, request, judge):
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self._connection.http.post(
                address, timeout=timeout, **request
            ) as response:
                text = await response.text()
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            return Result(Outcome.LOST, "HTTP", repr(error))
        if response.status == 200:
            return judge(json.loads(text))
        refused = (
            response.status in (429, 503) and "Retry-After" in response.headers
        )
        return Result(
            Outcome.REFUSED if refused else Outcome.LOST,
            str(response.status),
            text,
        )
