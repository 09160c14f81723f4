#!/usr/bin/env python3
"""Holds the kernels to what a synthesis tool accepts.

Starts at the top functions of kernels/hls/*.cc and follows includes and calls.
Every file on the way must do without allocation, exceptions, virtual functions,
run-time types, the standard library and floating point; every function that a
top reaches without recursion and without loops whose length the tool cannot
know. With clang++ installed, all of it must also compile as C++14 without
exceptions and run-time types, for every card, in simulation and against a
stand-in for the tool's own headers.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
KERNELS = "kernels/hls"
CARDS = ("U280", "U55C", "U250")
SIMULATION = f"{KERNELS}/sim/"

NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"' r"|'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
INCLUDE = re.compile(r'^#include\s+(["<])([^">]+)[">]', re.MULTILINE)
FORBIDDEN = re.compile(
    r"\b(new|delete|malloc|calloc|free|alloca|throw|try|catch|virtual"
    r"|dynamic_cast|typeid|float|double|goto|thread_local|std\s*::\s*\w+)\b")
SYSTEM_HEADERS = {"cstdint"}

FUNCTION = re.compile(r"\b([A-Za-z_]\w*)\s*\((?:[^()]|\([^()]*\))*\)"
                      r"(?:\s*const)?(?:\s*:[^;{}]*(?:\{[^{}]*\}[^;{}]*)*?)?"
                      r"\s*\{")
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof"}
LOOP = re.compile(r"\b(for|while)\s*\(")
PRAGMAS = re.compile(r"(?:\s*#pragma (?:[^\n]*\\\n)*[^\n]*\n)*")
LENGTH_KNOWN = re.compile(r"#pragma HLS (?:LOOP_TRIPCOUNT|UNROLL)\b")
# `first`: where the loop began, a distance of constant length.
CONSTANT = r"(?:\d\w*|[\w:<>]*\bk[A-Z]\w*|first)"
CONSTANT_BOUND = re.compile(
    rf"\w+\s*(?:<|<=|>|>=|!=)\s*{CONSTANT}(?:\s*[-+*/]\s*{CONSTANT})*\s*$")


def without_comments(text):
    """`text` with comments and strings blanked, include lines kept."""
    kept = []
    for line in re.split(r"(?m)^(#include[^\n]*)$", text):
        kept.append(line if line.startswith("#include") else
                    NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), line))
    return "".join(kept)


def files_from(root, tops):
    """{name: code} of the tops and what they include, the simulation aside."""
    files, pending = {}, list(tops)
    while pending:
        name = pending.pop()
        if name in files or name.startswith(SIMULATION):
            continue
        files[name] = without_comments((root / name).read_text("utf-8"))
        pending += [included for kind, included in
                    INCLUDE.findall(files[name]) if kind == '"']
    return files


def forbidden_words(files):
    """Words and headers that no kernel may use, with their places."""
    found = []
    for name, code in sorted(files.items()):
        for kind, header in INCLUDE.findall(code):
            if kind == "<" and header not in SYSTEM_HEADERS:
                found.append(f"{name}: includes <{header}>")
        for number, line in enumerate(code.splitlines(), start=1):
            for word in FORBIDDEN.findall(line):
                found.append(f"{name}:{number}: {word}")
    return found


def closing(code, opening):
    """Index of the bracket that closes the one at `opening`."""
    pairs = {"{": "}", "(": ")"}
    depth, end = 0, pairs[code[opening]]
    for at in range(opening, len(code)):
        depth += (code[at] == code[opening]) - (code[at] == end)
        if depth == 0:
            return at
    raise ValueError("unbalanced brackets")


def functions_of(files):
    """{name: [(file, body)]}; overloads share a name."""
    functions = {}
    for name, code in files.items():
        for match in FUNCTION.finditer(code):
            if match[1] not in KEYWORDS:
                body = code[match.end() - 1:closing(code, match.end() - 1)]
                functions.setdefault(match[1], []).append((name, body))
    return functions


def calls_of(functions, name):
    """Names of functions that the bodies of `name` mention.

    A member that calls a member of the same name of another object, as in
    row_.Advance(), does not call itself.
    """
    words = set()
    for _, body in functions[name]:
        other = rf"(?:\.|->)\s*{name}\b"
        words.update(re.findall(r"\b[A-Za-z_]\w*(?=\s*[(<,])",
                                re.sub(other, "", body)))
    return {word for word in words if word in functions}


def reachable(functions, tops):
    """The names that a call chain from a top leads to."""
    seen, pending = set(), [top for top in tops if top in functions]
    while pending:
        name = pending.pop()
        if name not in seen:
            seen.add(name)
            pending += calls_of(functions, name)
    return seen


def recursive(functions, names):
    """Those of `names` that can call themselves."""
    return sorted(name for name in names if name in
                  reachable(functions, calls_of(functions, name)))


def unbounded_loops(functions, names):
    """Loops of `names` with neither a constant bound nor a trip count."""
    found = []
    for name in sorted(names):
        for file, body in functions[name]:
            for match in LOOP.finditer(body):
                end = closing(body, match.end() - 1)
                header = body[match.end():end]
                parts = header.split(";")
                constant = match[1] == "for" and len(parts) == 3 and (
                    CONSTANT_BOUND.fullmatch(parts[1].strip()))
                brace = re.match(r"\s*\{[^\n]*\n", body[end + 1:])
                pragmas = PRAGMAS.match(
                    body, end + 1 + brace.end())[0] if brace else ""
                if not constant and not LENGTH_KNOWN.search(pragmas):
                    found.append(f"{file}: {name}: {match[1]} ({header})")
    return found


def top_functions(root):
    """{file: name of its top function}, one each."""
    tops = {}
    for path in sorted((root / KERNELS).glob("*.cc")):
        names = re.findall(r'extern "C" void (\w+)\(', path.read_text("utf-8"))
        if names:
            tops[path.relative_to(root).as_posix()] = names
    return tops


class SynthesizableTest(unittest.TestCase):
    def setUp(self):
        self.tops = top_functions(ROOT)
        self.files = files_from(ROOT, self.tops)
        self.functions = functions_of(self.files)
        self.names = reachable(self.functions, sum(self.tops.values(), []))

    def test_every_kernel_file_has_one_top(self):
        self.assertNotEqual({}, self.tops)
        self.assertEqual([], [f for f, names in self.tops.items()
                              if len(names) != 1])

    def test_every_pointer_has_a_bundle_of_its_own(self):
        for name, tops in self.tops.items():
            text = (ROOT / name).read_text("utf-8")
            signature = re.search(rf"void {tops[0]}\(([^)]*)\)", text)[1]
            pointers = re.findall(r"\*\s*(\w+)", signature)
            bundles = re.findall(
                r"m_axi port\s*=\s*(\w+) bundle\s*=\s*\\?\s*(\w+)", text)
            self.assertNotEqual([], pointers)
            self.assertEqual([(p, p) for p in pointers], bundles, name)

    def test_kernels_use_nothing_that_does_not_become_hardware(self):
        self.assertEqual([], forbidden_words(self.files))

    def test_kernels_do_not_recurse(self):
        self.assertEqual([], recursive(self.functions, self.names))

    def test_every_loop_has_a_known_length(self):
        self.assertEqual([], unbounded_loops(self.functions, self.names))

    def test_follows_processes_into_their_functions(self):
        self.assertIn("LoadMatrices", self.names)
        self.assertIn("Multiply", self.names)
        self.assertIn("RoundingShift", self.names)


TOOL_HEADERS = {
    "hls_stream.h": """
namespace hls {
template <typename T, int kDepth = 0>
class stream : public stream<T> {
 public:
  explicit stream(const char* name) : stream<T>(name) {}
};
template <typename T>
class stream<T, 0> {
 public:
  explicit stream(const char*) {}
  T read();
  void write(const T&);
};
}  // namespace hls
""",
    "hls_vector.h": """
namespace hls {
template <typename T, unsigned long kLanes>
class vector {
 public:
  vector() = default;
  T& operator[](unsigned long);
  const T& operator[](unsigned long) const;
 private:
  T lanes_[kLanes];
};
}  // namespace hls
""",
}


@unittest.skipIf(shutil.which("clang++") is None, "clang++ is not installed")
class CompilerTest(unittest.TestCase):
    FLAGS = ("-std=c++14", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra",
             "-Werror", "-Wno-unknown-pragmas", "-fsyntax-only", f"-I{ROOT}")

    def compile(self, flags, includes=()):
        for top in top_functions(ROOT):
            for card in CARDS:
                result = subprocess.run(
                    ["clang++", *self.FLAGS, *flags, *includes,
                     f"-DMOEVIT_CARD={card}", str(ROOT / top)],
                    capture_output=True, text=True, check=False, timeout=120)
                self.assertEqual(0, result.returncode, result.stderr)

    def test_kernels_are_cpp14_in_simulation(self):
        self.compile(())

    def test_kernels_are_cpp14_for_the_tool(self):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in TOOL_HEADERS.items():
                (pathlib.Path(directory) / name).write_text(text, "utf-8")
            self.compile(("-D__SYNTHESIS__",), (f"-isystem{directory}",))


class CheckerTest(unittest.TestCase):
    """The checks themselves, on small kernels that break one rule each."""

    def test_finds_forbidden_words(self):
        for bad in ("int* p = new int;", "std::vector<int> v;", "throw 1;",
                    "virtual void F();", "double x;"):
            self.assertEqual(1, len(forbidden_words({"a.h": bad})), bad)
        self.assertEqual([], forbidden_words({"a.h": "int renewed;"}))

    def test_finds_headers_of_the_standard_library(self):
        self.assertEqual(["a.h: includes <vector>"], forbidden_words(
            {"a.h": "#include <cstdint>\n#include <vector>\n"}))

    def test_finds_recursion_through_another_function(self):
        functions = functions_of({"a.h": "void A() { B(); } void B() { A(); }"
                                         "void C() { A(); }"})
        self.assertEqual(["A", "B"], recursive(functions, {"A", "B", "C"}))

    def loops(self, loop):
        functions = functions_of({"a.h": "void F(int n) {\n" + loop + "\n}"})
        return unbounded_loops(functions, {"F"})

    def test_finds_loops_of_unknown_length(self):
        for bad in ("for (int i = 0; i < n; ++i) {\n}",
                    "for (int i = 0; i < n; ++i) G();",
                    "while (n > 0) {\n#pragma HLS PIPELINE II = 1\n}"):
            self.assertEqual(1, len(self.loops(bad)), bad)

    def test_admits_loops_of_known_length(self):
        for good in ("for (int i = 0; i < 8; ++i) G();",
                     "for (int i = 0; i < kRows / 2; ++i) {\n}",
                     "for (int i = 0; i < n; ++i) {\n"
                     "#pragma HLS PIPELINE II = 1\n"
                     "#pragma HLS LOOP_TRIPCOUNT min = 1 max = 9\n}"):
            self.assertEqual([], self.loops(good), good)


if __name__ == "__main__":
    sys.exit(unittest.main())
