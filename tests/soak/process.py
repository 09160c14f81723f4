"""A server process on this machine, and what it says and uses."""

import collections
import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess
import time

START_TIMEOUT_S = 120


@dataclasses.dataclass
class Sample:
    second: float
    resident_bytes: int
    descriptors: int
    threads: int


class ServerProcess:
    """Logs go to a file, which is read as it grows."""

    def __init__(self, program, flags, log, environment):
        self._log_file = pathlib.Path(log)
        with self._log_file.open("wb") as output:
            self._process = subprocess.Popen(
                [program, "--log_format=json", *flags],
                stderr=output,
                env={**os.environ, **environment},
            )
        self._read = 0
        self.events = collections.Counter()
        self.faults = collections.Counter()  # why cards were quarantined
        self.errors = []  # other messages of severity ERROR
        self.ports = {}

    def await_ports(self):
        """Returns when it serves gRPC, metrics and REST."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while len(self.ports) < 3:
            self.read_log()
            if self._process.poll() is not None:
                raise RuntimeError(f"it did not start: {self.log_end()}")
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"no server after {START_TIMEOUT_S} s")
            time.sleep(0.05)

    def log_end(self):
        return self._log_file.read_text(errors="replace")[-1000:]

    def read_log(self):
        """Takes note of the lines that are new; returns them as objects."""
        with self._log_file.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        end = text.rfind(b"\n") + 1
        self._read += end
        lines = []
        for line in text[:end].splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                lines.append({"severity": "ERROR", "message": repr(line)})
            self._note(lines[-1])
        return lines

    def _note(self, line):
        message = line.get("message", "")
        serving = re.match(r"serving (gRPC|metrics|REST) on .*:(\d+)", message)
        quarantined = re.match(r"device .* is quarantined: (\w+)", message)
        if serving:
            self.ports[serving[1]] = int(serving[2])
        elif quarantined:
            self.events["quarantined"] += 1
            self.faults[quarantined[1]] += 1
        elif re.match(r"device .* serves again", message):
            self.events["returned"] += 1
        elif line.get("severity") == "ERROR":
            self.events["other errors logged"] += 1
            self.errors.append(message)

    def sample(self, second):
        """What it uses now; None if it is gone."""
        proc = pathlib.Path("/proc", str(self._process.pid))
        try:
            status = proc.joinpath("status").read_text()
            descriptors = len(list(proc.joinpath("fd").iterdir()))
        except OSError:
            return None
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        threads = re.search(r"Threads:\s+(\d+)", status)
        if resident is None:
            return None
        return Sample(
            second=second,
            resident_bytes=int(resident[1]) * 1024,
            descriptors=descriptors,
            threads=int(threads[1]),
        )

    @property
    def running(self):
        return self._process.poll() is None

    def reload_files(self):
        self._process.send_signal(signal.SIGHUP)

    def kill(self):
        self._process.kill()

    def stop(self, timeout):
        """Returns its exit code, None if it has to be killed."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
            return None
