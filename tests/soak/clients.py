"""Connections to a server under test, and the messages that it speaks."""

import asyncio
import random
import ssl

import aiohttp
import grpc
import grpc.aio
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

CLASSIFY = "/moevit.v1.InferenceService/Classify"
CLASSIFY_STREAM = "/moevit.v1.InferenceService/ClassifyStream"
_OIP = "/inference.GRPCInferenceService/"
MODEL_INFER = _OIP + "ModelInfer"
MODEL_STREAM_INFER = _OIP + "ModelStreamInfer"
LOAD = _OIP + "RepositoryModelLoad"
UNLOAD = _OIP + "RepositoryModelUnload"

_TYPES = {
    CLASSIFY: "moevit.v1.Classify",
    CLASSIFY_STREAM: "moevit.v1.ClassifyStream",
    MODEL_INFER: "inference.ModelInfer",
    MODEL_STREAM_INFER: (
        "inference.ModelInferRequest",
        "inference.ModelStreamInferResponse",
    ),
    LOAD: "inference.RepositoryModelLoad",
    UNLOAD: "inference.RepositoryModelUnload",
}
_CONNECTIONS = 4
# Each connection is its own, and no retry hides an error.
_OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
    ("grpc.max_receive_message_length", -1),
]


class Messages:
    """The request and response types, as the server describes them."""

    def __init__(self, channel):
        pool = descriptor_pool.DescriptorPool(
            ProtoReflectionDescriptorDatabase(channel)
        )
        self._types = {}
        for method, names in _TYPES.items():
            if isinstance(names, str):
                names = (names + "Request", names + "Response")
            self._types[method] = tuple(
                message_factory.GetMessageClass(
                    pool.FindMessageTypeByName(name)
                )
                for name in names
            )

    def request(self, method, **fields):
        return self._types[method][0](**fields)

    def codecs(self, method):
        request, response = self._types[method]
        return {
            "request_serializer": request.SerializeToString,
            "response_deserializer": response.FromString,
        }


class _Connection:
    """A channel, closed when it is given up and its last call has ended."""

    def __init__(self, channel):
        self.channel = channel
        self._calls = 0
        self._given_up = False
        self._closing = None

    def track(self, call):
        self._calls += 1
        call.add_done_callback(lambda _: self._end_call())
        return call

    def _end_call(self):
        self._calls -= 1
        self._close_if_unused()

    def give_up(self):
        self._given_up = True
        self._close_if_unused()

    def _close_if_unused(self):
        # To close it earlier would cancel streams, whatever the grace.
        if self._given_up and self._calls == 0 and self._closing is None:
            self._closing = asyncio.ensure_future(self.channel.close())


def bearer(token):
    return (("authorization", f"Bearer {token}"),) if token else ()


class Clients:
    """gRPC connections, of which each is replaced from time to time; HTTP."""

    def __init__(
        self, messages, target, rest_target="", authority=None, token=""
    ):
        """Without `authority` there is no TLS, without `token` none is sent."""
        self.messages = messages
        self.token = token
        self.tls = (
            ssl.create_default_context(cadata=authority.decode())
            if authority
            else None
        )
        self.rest = f"{'https' if authority else 'http'}://{rest_target}/v2"
        self._target = target
        self._credentials = (
            grpc.ssl_channel_credentials(authority) if authority else None
        )
        self._connections = [self._connect() for _ in range(_CONNECTIONS)]
        self._next = 0
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self.tls or True),
            headers={"Authorization": f"Bearer {token}"} if token else None,
        )

    def _connect(self):
        if self._credentials is None:
            channel = grpc.aio.insecure_channel(self._target, options=_OPTIONS)
        else:
            channel = grpc.aio.secure_channel(
                self._target, self._credentials, options=_OPTIONS
            )
        return _Connection(channel)

    def renew_one(self):
        """The next calls of that connection's share go over a new one."""
        old = self._connections[self._next]
        self._connections[self._next] = self._connect()
        self._next = (self._next + 1) % len(self._connections)
        old.give_up()

    def unary(self, method, request, timeout, token=None):
        """Starts the call. An empty `token` sends none."""
        connection = random.choice(self._connections)
        call = connection.channel.unary_unary(
            method, **self.messages.codecs(method)
        )
        token = self.token if token is None else token
        return connection.track(
            call(request, timeout=timeout, metadata=bearer(token))
        )

    def stream(self, method, timeout):
        connection = random.choice(self._connections)
        call = connection.channel.stream_stream(
            method, **self.messages.codecs(method)
        )
        return connection.track(
            call(timeout=timeout, metadata=bearer(self.token))
        )

    async def close(self):
        await self.http.close()
        for connection in self._connections:
            await connection.channel.close()
