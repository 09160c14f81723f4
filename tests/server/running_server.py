"""moevit-server, the program, as a process of a test's own.

MOEVIT_SERVER in the environment names the program.
"""

import os
import re
import signal
import subprocess
import threading

SERVER = os.environ["MOEVIT_SERVER"]
TIMEOUT_S = 60


def run_server(*flags):
    """Runs a server that is expected to end by itself."""
    return subprocess.run([SERVER, *flags], capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False)


class RunningServer:
    """A server process on free ports of this machine."""

    def __init__(self, repository, *flags):
        self._process = subprocess.Popen(
            [SERVER, f"--model_repository={repository}", "--host=127.0.0.1",
             "--port=0", "--metrics_port=0", "--rest_port=0", *flags],
            stderr=subprocess.PIPE, text=True)
        # Ends the reading below if the server never says where it listens.
        watchdog = threading.Timer(TIMEOUT_S, self._process.kill)
        watchdog.start()
        ports = {}
        for line in self._process.stderr:
            match = re.search(r"serving (gRPC|metrics|REST) on .*:(\d+)", line)
            if match:
                ports[match.group(1)] = int(match.group(2))
            if len(ports) == 3:
                break
        watchdog.cancel()
        if len(ports) < 3:
            raise RuntimeError("the server did not start")
        self.port, self.metrics_port = ports["gRPC"], ports["metrics"]
        self.target = f"127.0.0.1:{self.port}"
        self.rest_target = f"127.0.0.1:{ports['REST']}"

    def stop(self, number=signal.SIGTERM):
        """Sends the signal; returns the exit status."""
        self._process.send_signal(number)
        try:
            return self._process.wait(TIMEOUT_S)
        finally:
            self._process.kill()
            self._process.stderr.close()
