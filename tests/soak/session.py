"""A soak test from its files to its report."""

import asyncio
import json
import subprocess

import grpc
import numpy as np

from soak import faults
from soak.bad_load import IMAGES_LIMIT, MESSAGE_LIMIT, BadLoad
from soak.clients import Clients, Messages
from soak.files import ServerFiles
from soak.good_load import GoodLoad
from soak.images import Answers, Images
from soak.process import ServerProcess
from soak.progress import Progress
from soak.report import Finished
from soak.run import Plan, Run, read_metrics
from soak.tally import Tally

_INTERVALS = 10
_QUEUE_LIMIT = 100  # images; less than a burst has
_IDLE_TIMEOUT_S = 120  # for cards that are still away
_STOP_TIMEOUT_S = 30


class Session:
    """`options` are those of the command line."""

    def __init__(self, options, root, directory):
        self._options = options
        self._directory = directory
        model = options.model or self._write_small_model()
        self._files = ServerFiles(directory, model)
        samples = sorted(root.glob("deploy/samples/*.[jp][pn]g"))
        config = json.loads((model / "config.json").read_text())
        self._images = Images(samples, config, options.seed)
        self._tally = Tally(options.duration, _INTERVALS)
        self._progress = Progress(options.duration, self._tally)
        self._cards = faults.cards_in(options.devices)
        self._with_faults = self._cards > 0 and options.batches_per_fault > 0
        self._left_open = []

    def _write_small_model(self):
        directory = self._directory / "small"
        program = self._options.bin / "../tests/bin/write_test_model"
        subprocess.run([program, directory], check=True, timeout=60)
        return directory

    def _describe(self):
        options = self._options
        rare = f"a fault in about {options.batches_per_fault} batches"
        return (
            f"{options.duration / 60:g} minutes, {options.rate:g} requests/s, "
            f"devices {options.devices}, "
            f"{rare if self._with_faults else 'no faults'}, a change of models "
            f"or certificates every {options.change_every:g} s, seed "
            f"{options.seed}"
        )

    async def run(self):
        """Returns what there is to report."""
        messages, answers = await self._ask_for_answers()
        if self._options.sabotage == "answer":
            answers.falsify()
        server = self._start_server()
        try:
            return await self._soak(server, messages, answers)
        finally:
            server.kill()

    def _start(self, flags, log, environment):
        server = ServerProcess(
            self._options.bin / "moevit-server", flags, log, environment
        )
        server.await_ports()
        return server

    async def _ask_for_answers(self):
        """Of a server without cards and faults, which runs portable code."""
        repository = self._directory / "reference"
        self._files.models.write_both(repository)
        flags = [
            f"--model_repository={repository}",
            "--host=127.0.0.1",
            "--port=0",
            "--metrics_port=0",
            "--rest_port=0",
            "--devices=cpu",
        ]
        server = self._start(
            flags, self._directory / "reference.log", {"MOEVIT_ISA": "portable"}
        )
        try:
            target = f"127.0.0.1:{server.ports['gRPC']}"
            with grpc.insecure_channel(target) as channel:
                messages = await asyncio.to_thread(Messages, channel)
            connection = Clients(messages, target)
            answers = await Answers.ask(connection, self._images)
            await connection.close()
        finally:
            server.stop(_STOP_TIMEOUT_S)
        return messages, answers

    def _start_server(self):
        config = self._files.write_config(
            self._options.devices,
            max_message_bytes=MESSAGE_LIMIT,
            max_images_per_request=IMAGES_LIMIT,
            max_queue_images=_QUEUE_LIMIT,
            access_log=0.01,
        )
        environment = {}
        if self._with_faults:
            environment["MOEVIT_EMULATED_FAULTS"] = faults.rules(
                self._cards, self._options.batches_per_fault, self._options.seed
            )
        log = self._options.log or self._directory / "log"
        return self._start([f"--config={config}"], log, environment)

    def _connect(self, server, messages):
        return Clients(
            messages,
            f"localhost:{server.ports['gRPC']}",
            rest_target=f"127.0.0.1:{server.ports['REST']}",
            authority=self._files.certificates.authority.read_bytes(),
            token=self._files.tokens.infer,
        )

    async def _soak(self, server, messages, answers):
        connection = self._connect(server, messages)
        random = np.random.default_rng(self._options.seed)
        good = GoodLoad(connection, self._images, answers, random)
        bad = BadLoad(connection, self._images, good, random, server.ports)
        plan = Plan(
            duration=self._options.duration,
            rate=self._options.rate,
            change_every=self._options.change_every,
            seed=self._options.seed,
            on_second=lambda second: self._each_second(second, server),
        )
        run = Run(
            plan, server, self._files, connection, good, bad, self._tally
        )
        await run.execute()
        await connection.close()
        self._progress.end()
        values = await self._await_idle(server)
        exit_code = await asyncio.to_thread(server.stop, _STOP_TIMEOUT_S)
        return Finished(
            description=self._describe(),
            duration=self._options.duration,
            tally=self._tally,
            metrics=values,
            exit_code=exit_code,
            broken_changes=run.broken_changes,
            cards=self._cards,
            with_faults=self._with_faults,
            faults=server.faults,
            errors=server.errors,
        )

    def _each_second(self, second, server):
        self._progress.show(second)
        if self._options.sabotage == "kill":
            if second > self._options.duration / 2:
                server.kill()
        elif self._options.sabotage == "descriptors":
            self._left_open.append(
                asyncio.ensure_future(
                    asyncio.open_connection("127.0.0.1", server.ports["REST"])
                )
            )

    async def _await_idle(self, server):
        """The metrics when all cards serve again, or it has taken too long."""
        values = {}
        for _ in range(_IDLE_TIMEOUT_S):
            await asyncio.sleep(1)
            server.read_log()
            if not server.running:
                return {}
            values = await read_metrics(
                server.ports["metrics"], self._files.tokens.metrics
            )
            if faults.serving_cards(values) == self._cards:
                break
        return values
