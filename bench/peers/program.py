"""Calls of the moevit program."""

import json
import pathlib
import subprocess


def call(program: pathlib.Path, *arguments: str) -> dict:
    """Runs `program ARGUMENTS --json` and returns what it prints.

    Raises RuntimeError with the program's own words where it fails.
    """
    command = [str(program), *arguments, "--json"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {result.stderr.strip()}")
    return json.loads(result.stdout)
