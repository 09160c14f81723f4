"""One run: the load, the changes and the watching of a server, side by side."""

import asyncio
import dataclasses
import time

import aiohttp
import numpy as np

from soak.changes import Changes
from soak.tally import Outcome, Result

# Requests in a thousand, by the name of the method.
_GOOD = {
    "classify": 380,
    "classify_several": 40,
    "classify_while_versions_change": 120,
    "classify_fleeting": 40,
    "infer_pixels": 80,
    "infer_while_versions_change": 50,
    "classify_stream": 15,
    "infer_stream": 15,
    "rest_classify": 60,
    "rest_infer": 40,
    "burst": 1,
}
_BAD = {
    "damaged_file": 25,
    "damaged_tensor_of_files": 10,
    "wrong_shape": 10,
    "too_few_bytes": 10,
    "unknown_model": 10,
    "unknown_version": 5,
    "wrong_token": 10,
    "no_administrator": 5,
    "oversized_message": 5,
    "too_many_images": 5,
    "cancelled": 40,
    "short_deadline": 40,
    "reads_nothing": 2,
    "rest_bad_request": 15,
    "rest_wrong_token": 5,
    "half_http_request": 5,
    "http_client_that_leaves": 5,
    "no_tls": 3,
    "noise_as_tls": 3,
    "silent_connection": 3,
}
# The kind whose latencies are reported: one image, one model, no tricks.
_TIMED = "classify"

_END_TIMEOUT_S = 120
_SAMPLE_S = 1.0
_RENEW_S = 4.0
_CHANGES = (
    "replace_version",
    "rotate_certificates",
    "unload_and_load",
    "replace_version",
    "half_written_version",
)


@dataclasses.dataclass
class Plan:
    duration: float  # seconds
    rate: float  # requests per second
    change_every: float  # seconds
    seed: int
    on_second: object  # called with the seconds gone, once a second


class Run:
    """Everything that happens between the server's start and its end."""

    def __init__(self, plan, process, files, connection, good, bad, tally):
        self._plan = plan
        self._process = process
        self._connection = connection
        self._tally = tally
        self._loads = {name: getattr(good, name) for name in _GOOD}
        self._loads |= {name: getattr(bad, name) for name in _BAD}
        self._changes = Changes(connection, files, process, self._count)
        self._random = np.random.default_rng(plan.seed)
        self._start = time.monotonic()
        self._open = set()
        self._given_up = False  # what is open then has not ended
        self.broken_changes = []

    def _now(self):
        return time.monotonic() - self._start

    def _count(self, event):
        self._tally.at(self._now()).events[event] += 1

    async def execute(self):
        """Returns when the last request has ended, or is given up."""
        watching = [
            asyncio.ensure_future(task)
            for task in (self._watch(), self._renew(), self._change())
        ]
        try:
            await self._send()
            if self._open:
                await asyncio.wait(self._open, timeout=_END_TIMEOUT_S)
        finally:
            self._given_up = True
            for task in [*watching, *self._open]:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    def _kinds(self):
        """Every kind once, then by their shares."""
        names = list(self._loads)
        yield from self._random.permutation(names)
        shares = np.array([*_GOOD.values(), *_BAD.values()], float)
        shares /= shares.sum()
        while True:
            yield from self._random.choice(names, 1000, p=shares)

    async def _send(self):
        due = 0.0
        for kind in self._kinds():
            due += self._random.exponential(1 / self._plan.rate)
            if due >= self._plan.duration:
                return
            await asyncio.sleep(max(due - self._now(), 0))
            self._tally.sent += 1
            task = asyncio.ensure_future(self._request(str(kind), due))
            self._open.add(task)
            task.add_done_callback(self._open.discard)

    async def _request(self, kind, due):
        try:
            result = await self._loads[kind]()
        except asyncio.CancelledError:
            if self._given_up:
                raise
            result = Result(Outcome.LOST, "CANCELLED", "by this client")
        except Exception as error:  # whatever it is, it is no answer
            result = Result(Outcome.LOST, type(error).__name__, str(error))
        timed = kind == _TIMED and result.outcome is Outcome.RIGHT
        self._tally.add(
            kind, due, self._now() - due if timed else None, result
        )

    async def _watch(self):
        while True:
            await asyncio.sleep(_SAMPLE_S)
            now = self._now()
            interval = self._tally.at(now)
            sample = self._process.sample(now)
            if sample is not None:
                interval.samples.append(sample)
            before = self._process.events.copy()
            self._process.read_log()
            interval.events += self._process.events - before
            self._plan.on_second(now)

    async def _renew(self):
        while True:
            await asyncio.sleep(_RENEW_S)
            self._connection.renew_one()

    async def _change(self):
        number = 0
        while True:
            await asyncio.sleep(self._plan.change_every)
            name = _CHANGES[number % len(_CHANGES)]
            number += 1
            try:
                await getattr(self._changes, name)()
            except Exception as error:  # whatever it is, it is no change
                self.broken_changes.append(f"{name}: {error!r}")


async def read_metrics(port, token):
    """The server's metrics, by name and labels."""
    headers = {"Authorization": f"Bearer {token}"}
    values = {}
    async with aiohttp.ClientSession(headers=headers) as session:
        address = f"http://127.0.0.1:{port}/metrics"
        async with session.get(address) as response:
            response.raise_for_status()
            text = await response.text()
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if name and not line.startswith("#"):
            values[name] = float(value)
    return values
