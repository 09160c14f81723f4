#!/usr/bin/env python3
"""Holds every #include to the layers that docs/architecture.md lists.

The list is the code block there whose first line is "directory  may include".
A row names a directory and the directories whose headers its files may use
beside its own; the longest matching row rules a file. A row in angle brackets
names a third-party library and the directories that may use it. Files under
tests/<directory>/ obey the row of <directory>, unless tests have a row of their
own.
"""

import pathlib
import re
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
RULES_FILE = "docs/architecture.md"
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
SOURCES = {".h", ".cc", ".cpp", ".hpp", ".inc"}


def read_rules(root):
    """Returns ({directory: allowed directories}, {library: its users})."""
    text = (root / RULES_FILE).read_text(encoding="utf-8")
    block = re.search(r"^```\ndirectory +may include\n(.*?)^```", text,
                      re.MULTILINE | re.DOTALL)
    if block is None:
        raise ValueError(f"{RULES_FILE} has no block of layers")
    directories, libraries = {}, {}
    for line in block.group(1).splitlines():
        name, *names = line.split()
        names = [n for n in names if n != "-"]
        if name.startswith("<"):
            libraries[name.strip("<>")] = names
        else:
            directories[name] = names
    return directories, libraries


def row_of(path, rows):
    """The longest row that `path` is in, or None."""
    matching = [row for row in rows if path.startswith(row + "/")]
    return max(matching, key=len, default=None)


def complaint(layer, opening, included, rules):
    """What is wrong with one include of a file in `layer`, or None."""
    directories, libraries = rules
    if opening == '"' and "/" not in included:
        return "is not written from the root of the repository"
    if included.startswith("../") or "/../" in included:
        return "is not written from the root of the repository"
    library = row_of(included, libraries)
    if library is not None:
        users = libraries[library]
        if row_of(layer + "/", users) is None:
            return f"<{library}> is for {', '.join(users)} only"
        return None
    target = row_of(included, directories)
    if target is None or target == layer:
        return None
    allowed = directories[layer]
    if row_of(included, allowed) is not None:
        return None
    return f"{layer} may include {', '.join(allowed) or 'only itself'}"


def ruled_files(root, directories):
    """The source files that a row of `directories` rules."""
    for row in sorted({row.split("/")[0] for row in directories} - {"tests"}):
        for top in (root / row, root / "tests" / row):
            yield from (f for f in sorted(top.rglob("*"))
                        if f.suffix in SOURCES)


def violations(root):
    """Every include under `root` that breaks a rule, as one line of text."""
    rules = read_rules(root)
    found = []
    for path in ruled_files(root, rules[0]):
        name = path.relative_to(root).as_posix()
        layer = (row_of(name, rules[0]) or
                 row_of(name.removeprefix("tests/"), rules[0]))
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            match = INCLUDE.match(line)
            if match is None:
                continue
            wrong = complaint(layer, match.group(1), match.group(2), rules)
            if wrong:
                found.append(f"{name}:{number}: {match.group(2)}: {wrong}")
    return found


class LayeringTest(unittest.TestCase):
    def test_every_include_obeys_the_layers(self):
        self.assertEqual([], violations(ROOT))

    def test_every_source_directory_has_a_rule(self):
        directories, _ = read_rules(ROOT)
        added = re.findall(r"^add_subdirectory\((\w+)\)",
                           (ROOT / "CMakeLists.txt").read_text(),
                           re.MULTILINE)
        self.assertEqual([], [d for d in added if d not in directories])


class RuleTest(unittest.TestCase):
    """The checker itself, on small trees that break one rule each."""

    RULES = ("```\ndirectory  may include\nbase  -\nserver  base\n"
             "kernels  base kernels/arith\nkernels/arith  -\nkernels/own  -\n"
             "tests/kernels/own  base\n<grpcpp>  server\n```\n")

    def check(self, file, line):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            for name, text in ((RULES_FILE, self.RULES), (file, line + "\n")):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            return violations(root)

    def test_admits_includes_that_point_downwards(self):
        self.assertEqual([], self.check("server/a.cc", '#include "base/b.h"'))
        self.assertEqual([], self.check("base/a.cc", '#include "base/b.h"'))
        self.assertEqual([], self.check("base/a.cc", "#include <vector>"))
        self.assertEqual(
            [], self.check("server/a.cc", '#include "grpcpp/server.h"'))
        self.assertEqual(
            [], self.check("kernels/a.cc", '#include "kernels/arith/b.h"'))

    def test_holds_tests_to_their_own_row_if_there_is_one(self):
        include = '#include "base/b.h"'
        self.assertEqual(1, len(self.check("tests/kernels/arith/a.cc", include)))
        self.assertEqual([], self.check("tests/kernels/own/a.cc", include))

    def test_names_file_include_and_rule(self):
        self.assertEqual(
            ["base/a.cc:1: server/b.h: base may include only itself"],
            self.check("base/a.cc", '#include "server/b.h"'))

    def test_finds_a_library_outside_its_directories(self):
        self.assertEqual(
            ["base/a.h:1: grpcpp/grpcpp.h: <grpcpp> is for server only"],
            self.check("base/a.h", "#include <grpcpp/grpcpp.h>"))

    def test_the_longest_row_rules(self):
        self.assertEqual(
            ["kernels/arith/a.h:1: base/b.h: "
             "kernels/arith may include only itself"],
            self.check("kernels/arith/a.h", '#include "base/b.h"'))
        self.assertEqual(
            ["kernels/arith/a.h:1: kernels/b.h: "
             "kernels/arith may include only itself"],
            self.check("kernels/arith/a.h", '#include "kernels/b.h"'))

    def test_finds_paths_that_do_not_start_at_the_root(self):
        for path in ("b.h", "../server/b.h"):
            self.assertEqual(1, len(self.check("base/a.cc",
                                               f'#include "{path}"')))

    def test_a_test_obeys_the_row_of_what_it_tests(self):
        self.assertEqual(
            1, len(self.check("tests/base/a_test.cc",
                              '#include "server/b.h"')))

    def test_refuses_a_document_without_layers(self):
        with tempfile.TemporaryDirectory() as directory:
            root = pathlib.Path(directory)
            (root / RULES_FILE).parent.mkdir()
            (root / RULES_FILE).write_text("no rules\n", encoding="utf-8")
            with self.assertRaisesRegex(ValueError, "no block of layers"):
                read_rules(root)


if __name__ == "__main__":
    sys.exit(unittest.main())
