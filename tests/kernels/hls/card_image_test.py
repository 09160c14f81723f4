#!/usr/bin/env python3
"""Holds deploy/card to kernels/hls: every unit of a card image is placed, every
pointer of every unit reaches memory, and a build without Vitis says so."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
CARDS = {"u280": "U280", "u55c": "U280", "u250": "U250"}
KERNELS = ("linear", "attention", "vector")


def pointers_of_kernels():
    """{kernel: names of its pointer parameters}."""
    text = (ROOT / "kernels/hls/kernels.h").read_text("utf-8")
    return {name: re.findall(r"Word\*\s+(\w+)", parameters) for name, parameters
            in re.findall(r"void (moevit_\w+)\(([^)]*)\)", text)}


def units_in_header(structure):
    """How many units of each kernel cards.h gives a card."""
    text = (ROOT / "kernels/hls/cards.h").read_text("utf-8")
    body = text[text.index(f"struct {structure} {{"):]
    units = re.search(r"CardUnits kUnits = \{([^}]*)\}", body)[1]
    counts = re.findall(r"/\*(\w+)=\*/(\d+)", units)
    return {f"moevit_{kernel}": int(count) for kernel, count in counts}


def values(card, key):
    text = (ROOT / f"deploy/card/{card}.cfg").read_text("utf-8")
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def units_in_configuration(card):
    """{kernel: names of its units}."""
    units = {}
    for value in values(card, "nk"):
        kernel, count, names = value.split(":")
        units[kernel] = names.split(".")
        assert len(units[kernel]) == int(count), value
    return units


class ConfigurationTest(unittest.TestCase):
    def test_has_the_units_of_the_header(self):
        for card, structure in CARDS.items():
            self.assertEqual(
                units_in_header(structure),
                {kernel: len(names) for kernel, names
                 in units_in_configuration(card).items()}, card)

    def test_places_every_unit_once(self):
        for card in CARDS:
            units = sum(units_in_configuration(card).values(), [])
            placed = [value.split(":")[0] for value in values(card, "slr")]
            self.assertEqual(sorted(units), sorted(placed), card)

    def test_connects_every_pointer_once(self):
        pointers = pointers_of_kernels()
        self.assertEqual({f"moevit_{name}" for name in KERNELS}, set(pointers))
        for card in CARDS:
            expected = [f"{unit}.{pointer}"
                        for kernel, units in units_in_configuration(card).items()
                        for unit in units for pointer in pointers[kernel]]
            connected = [value.split(":")[0] for value in values(card, "sp")]
            self.assertEqual(sorted(expected), sorted(connected), card)


@unittest.skipIf(shutil.which("make") is None, "make is not installed")
class BuildTest(unittest.TestCase):
    def complaint(self, *arguments):
        result = subprocess.run(
            ["make", "-C", str(ROOT / "deploy/card"), "xclbin",
             "OUT=/nonexistent", *arguments],
            capture_output=True, text=True, check=False, timeout=60)
        self.assertNotEqual(0, result.returncode)
        return result.stderr

    def test_says_what_is_missing_without_vitis(self):
        complaint = self.complaint("CARD=u280", "VPP=absent-compiler")
        self.assertIn("absent-compiler is not on the PATH", complaint)
        self.assertIn("AMD Vitis", complaint)

    def test_refuses_cards_without_a_configuration(self):
        self.assertIn('CARD is "u50"', self.complaint("CARD=u50"))

    def test_refuses_unknown_targets(self):
        self.assertIn('TARGET is "fast"', self.complaint("TARGET=fast"))

    def test_builds_for_a_configuration_of_the_planner(self):
        with tempfile.TemporaryDirectory() as directory:
            compiler = pathlib.Path(directory, "compiler")
            compiler.write_text(
                '#!/bin/sh\nfor a; do last="$now"; now="$a"; echo "$a"\n'
                '[ "$last" != -o ] || : >"$a"; done >>"$(dirname "$0")/log"\n')
            compiler.chmod(0o755)
            header = ROOT / "tests/planner/example_card.h"
            connectivity = ROOT / "tests/system/example_card.cfg"
            subprocess.run(
                ["make", "-C", str(ROOT / "deploy/card"), "xclbin", "CARD=u280",
                 "CONFIGURATION=ExampleCard", f"HEADER={header}",
                 f"CONNECTIVITY={connectivity}", f"VPP={compiler}",
                 f"OUT={directory}/out"],
                capture_output=True, check=True, timeout=60)
            arguments = pathlib.Path(directory, "log").read_text().split("\n")
            self.assertTrue(
                pathlib.Path(directory, "out/moevit.xclbin").exists())
        self.assertEqual(len(KERNELS),
                         arguments.count(f'-DMOEVIT_CARD_HEADER="{header}"'))
        self.assertEqual(len(KERNELS),
                         arguments.count("-DMOEVIT_CARD=ExampleCard"))
        self.assertIn(str(connectivity), arguments)


if __name__ == "__main__":
    sys.exit(unittest.main())
