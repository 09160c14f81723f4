#!/usr/bin/env python3
"""Holds what the documents tell people to type to the programs.

- Each command in README.md and docs/ exists, and takes the flags it is given.
- docs/operations.md has a row for each flag of the server, with its default,
  and names no flag that nothing takes.

Usage: documents_test.py DIRECTORY_OF_PROGRAMS

It runs none of the commands.
"""

import pathlib
import re
import shlex
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(sys.argv.pop(1)).resolve()
OPERATIONS = "docs/operations.md"
# Commands of this repository; the flags of others are theirs.
OWN = re.compile(r"moevit|moevit-server|(\.ci|bench|deploy|tests)/\S+\.(sh|py)")
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.M | re.S)
INDENTED = re.compile(r"(?<=\n\n)((?:    .*\n)+)")
UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def documents():
    return ["README.md", *(str(path.relative_to(ROOT))
                           for path in sorted((ROOT / "docs").glob("*.md")))]


def flags_of(program, *command):
    """{name: default} by the program's own help; None where it tells none."""
    text = subprocess.run([BIN / program, *command, "--help"], text=True,
                          capture_output=True, timeout=60, check=False).stdout
    table = subprocess.run(
        ["awk", "-f", ROOT / "deploy/package/flag_table.awk"], input=text,
        text=True, capture_output=True, timeout=60, check=True).stdout
    flags = {"help": None, "version": None}
    for row in table.splitlines():
        name, _, meaning = row.split("\t")
        default = re.search(r"\(default: (.*)\)$", meaning)
        flags[name] = default and default.group(1)
    return flags


def commands_of_client():
    text = subprocess.run([BIN / "moevit", "--help"], text=True, timeout=60,
                          capture_output=True, check=True).stdout
    return re.findall(r"^  (\w+) ", text.split("Commands:\n")[1], re.M)


def without_blocks(text):
    return INDENTED.sub("", FENCED.sub("", text))


def lines_of_code(text):
    """Those of blocks, and the code within sentences; joined where they go on."""
    for block in FENCED.findall(text) + INDENTED.findall(FENCED.sub("", text)):
        yield from re.sub(r"\\\n", " ", block).splitlines()
    for code in re.findall(r"`([^`]+)`", without_blocks(text)):
        yield code.replace("\n", " ")


def words_of(line):
    """A command's words without variables before it and brackets around what
    may be left out; empty for a line that is no command."""
    line = re.sub(r"[][]", " ", line.strip()).removeprefix("(")
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    while words and re.match(r"[A-Z_]+=", words[0]):
        words.pop(0)
    return words


def commands(path):
    """The commands of this repository in a document, as lists of words."""
    for line in lines_of_code(read(path)):
        words = words_of(line)
        if words and OWN.fullmatch(words[0]):
            yield words


def flags_in(words):
    """Names of flags, up to a lone "--"."""
    own = words[:words.index("--")] if "--" in words else words
    return [match.group(1) for word in own
            if (match := re.match(r"--(\w[\w-]*)", word))]


def normal(value):
    """A default, however it is written: 64 MiB is 67108864, 1m is 1m0s."""
    value = (value or "").strip("`").replace(",", "").replace('"', "")
    for unit, factor in UNITS.items():
        if value.endswith(" " + unit):
            return str(int(value.removesuffix(unit)) * factor)
    return re.sub(r"(?<=[hm])0[ms]", "", value)


class DocumentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = flags_of("moevit-server")
        cls.client = {name: flags_of("moevit", name)
                      for name in commands_of_client()}

    def test_every_command_takes_its_flags(self):
        checked = 0
        for path in documents():
            for words in commands(path):
                with self.subTest(document=path, command=" ".join(words)):
                    self.check(words)
                checked += 1
        self.assertGreater(checked, 40)

    def check(self, words):
        program = words[0]
        if program == "moevit":
            if len(words) == 1 or words[1] in ("--help", "COMMAND"):
                return
            self.assertIn(words[1], self.client)
            known = self.client[words[1]]
        elif program == "moevit-server":
            known = self.server
        else:
            self.assertTrue((ROOT / program).is_file(), "no such script")
            script = read(program)
            known = {name for name in flags_in(words) if "--" + name in script}
        self.assertEqual(set(flags_in(words)) - set(known), set())

    def test_the_servers_flags_are_listed_with_their_defaults(self):
        listed = {}
        for cell, default in re.findall(r"^\| (`--[^|]*`) \|([^|]*)\|",
                                        read(OPERATIONS), re.M):
            for name in re.findall(r"`--(\w+)`", cell):
                listed.setdefault(name, default.strip())
        flags = dict(self.server)
        for name in ("help", "version"):
            flags.pop(name)
        self.assertEqual(set(flags) - set(listed), set())
        self.assertEqual(set(listed) - set(flags), set())
        self.assertEqual(listed.pop("model_repository"), "required")
        for name, default in listed.items():
            with self.subTest(name):
                self.assertEqual(normal(default), normal(flags[name]))

    def test_no_flag_is_named_that_nothing_takes(self):
        scripts = "".join(
            path.read_text(encoding="utf-8")
            for folder in ("bench", "deploy", "quantize", "tests")
            for path in (ROOT / folder).rglob("*.sh"))
        known = set(self.server).union(*self.client.values())
        # Of CMake, and of numactl.
        known |= {"install", "prefix", "cpunodebind", "membind"}
        for path in documents():
            text = without_blocks(read(path))
            for name in set(re.findall(r"(?<![\w-])--(\w+)", text)) - known:
                with self.subTest(document=path, flag=name):
                    self.assertIn("--" + name, scripts)


if __name__ == "__main__":
    unittest.main()
