"""What operators do while a server runs: new models, new certificates."""

import asyncio
import shutil
import ssl

import grpc

from soak import clients
from soak.files import CHANGING, FLEETING

_LOAD_TIMEOUT_S = 120
_ROTATION_TIMEOUT_S = 20
# A card may fail while a model is loaded onto it, which fails the load.
_LOAD_ATTEMPTS = 8
_AWAY_S = 1


class Broken(Exception):
    """A change that did not do what it must."""


class Changes:
    """One after the other; `count` is called with the name of each event."""

    def __init__(self, connection, files, process, count):
        self._connection = connection
        self._models = files.models
        self._certificates = files.certificates
        self._admin = files.tokens.admin
        self._process = process
        self._count = count

    async def _control(self, method, model):
        request = self._connection.messages.request(method, model_name=model)
        await self._connection.unary(
            method, request, _LOAD_TIMEOUT_S, self._admin
        )

    async def _load(self, model):
        for attempt in range(1, _LOAD_ATTEMPTS + 1):
            try:
                await self._control(clients.LOAD, model)
                return
            except grpc.aio.AioRpcError as error:
                self._count("loads that a card failed")
                if attempt == _LOAD_ATTEMPTS:
                    raise Broken(
                        f"{model} cannot be loaded: {error.details()}"
                    ) from error
                await asyncio.sleep(attempt)

    async def replace_version(self):
        """The next version takes the place of the present one."""
        self._models.add_version()
        await self._load(CHANGING)
        self._models.remove_old_versions()
        self._count("versions replaced")

    async def half_written_version(self):
        """Is not served; what is served stays."""
        place = self._models.add_half_written()
        try:
            await self._control(clients.LOAD, CHANGING)
        except grpc.aio.AioRpcError:
            self._count("half-written versions refused")
        else:
            raise Broken("a half-written version was loaded")
        finally:
            shutil.rmtree(place)
        await self._load(CHANGING)

    async def unload_and_load(self):
        await self._control(clients.UNLOAD, FLEETING)
        await asyncio.sleep(_AWAY_S)
        await self._load(FLEETING)
        self._count("models unloaded and loaded")

    async def rotate_certificates(self):
        """New connections must see the new certificate soon."""
        await asyncio.to_thread(self._certificates.rotate)
        self._process.reload_files()
        try:
            await asyncio.wait_for(
                self._await_serial(self._certificates.serial),
                _ROTATION_TIMEOUT_S,
            )
        except asyncio.TimeoutError as error:
            raise Broken(
                f"after {_ROTATION_TIMEOUT_S} s the old certificate is in use"
            ) from error
        self._count("certificates rotated")

    async def _await_serial(self, serial):
        while await self._served_serial() != serial:
            await asyncio.sleep(0.2)

    async def _served_serial(self):
        context = ssl.create_default_context(
            cafile=str(self._certificates.authority)
        )
        context.set_alpn_protocols(["h2"])
        try:
            _, writer = await asyncio.open_connection(
                "localhost", self._process.ports["gRPC"], ssl=context
            )
        except (OSError, ssl.SSLError):
            return None
        peer = writer.get_extra_info("peercert")
        writer.close()
        return int(peer["serialNumber"], 16)
