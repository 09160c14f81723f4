#!/usr/bin/env python3
"""Shows that no floating point takes part between pixels and logits.

Reads kernels/ and looks, outside comments and strings, for floating-point
types, literals and the headers that bring them. Watts are no part of the way
from pixels to logits: the emulated card and the adapter to XRT, which reads
them, may use floating point.
"""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = {".h", ".cc", ".cpp", ".hpp", ".inc"}
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
OFF_THE_WAY = re.compile(
    r"kernels/emulation/|kernels/card/(?:power|xrt)_\w+\.\w+$")
POWER = re.compile(r"\bPowerWatts\(")
FLOATING = re.compile(
    r"\b(?:float|double|_Float16|__fp16|half)\b"
    r"|(?<![\w.])(?:\d+\.\d*|\.\d+|\d+[eE][+-]?\d)"
    r"|<(?:cmath|math\.h|cfloat|complex)>")


def blank(match):
    """Keeps the line breaks, so that line numbers stay true."""
    return re.sub(r"[^\n]", " ", match.group(0))


def floating_point_lines(text):
    """Numbers and text of the lines of C++ code that use floating point."""
    separators_removed = re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", text)
    code = NOT_CODE.sub(blank, separators_removed)
    return [(number, line.strip())
            for number, line in enumerate(code.splitlines(), start=1)
            if FLOATING.search(line) and not POWER.search(line)]


class IntegerOnlyTest(unittest.TestCase):
    def test_kernels_use_integers_only(self):
        files = [f for f in sorted((ROOT / "kernels").rglob("*"))
                 if f.suffix in SOURCES and
                 not OFF_THE_WAY.match(f.relative_to(ROOT).as_posix())]
        self.assertNotEqual([], files)
        found = [f"{file.relative_to(ROOT)}:{number}: {line}"
                 for file in files
                 for number, line in floating_point_lines(
                     file.read_text(encoding="utf-8"))]
        self.assertEqual([], found)


class FinderTest(unittest.TestCase):
    def test_finds_types_literals_and_headers(self):
        for bad in ("float x;", "std::vector<double> v;", "x = y * 0.5;",
                    "x = 1e-6;", "x = .25f;", "#include <cmath>"):
            self.assertEqual([(2, bad)], floating_point_lines("int a;\n" + bad))

    def test_ignores_comments_strings_and_other_words(self):
        for good in ("int x;  // a float", "/* double\n 0.5 */ int x;",
                     'Fail("1.5 float");', "int floats = 1'000'000;",
                     "absl::StatusOr<double> PowerWatts() override;",
                     "x = 0x1e3;", "int double_buffer;", "#include <cstdint>",
                     "char c = 'e'; int e = '\\'';"):
            self.assertEqual([], floating_point_lines(good))


if __name__ == "__main__":
    sys.exit(unittest.main())
