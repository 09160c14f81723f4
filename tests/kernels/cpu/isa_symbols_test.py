#!/usr/bin/env python3
"""Shows that files compiled for one instruction set define nothing shared.

A linker keeps one copy of a function that several files define. Were the kept
copy compiled for AVX-512, every other caller would crash on processors without
it. So in kernels_avx*.cc.o each function must bear its instruction set in its
name.

usage: isa_symbols_test.py LIBRARY
"""

import re
import subprocess
import sys

OBJECTS = {"kernels_avx2.cc.o": "Avx2",
           "kernels_avx512vnni.cc.o": "Avx512Vnni"}


def defined_functions(library):
    """Yields (object file, mangled name) of each function defined."""
    listing = subprocess.run(["nm", library], capture_output=True, text=True,
                             check=True).stdout
    file = None
    for line in listing.splitlines():
        if line.endswith(":"):
            file = line[:-1]
        match = re.fullmatch(r"[0-9a-f]+ [TWVu] (\S+)", line)
        if match:
            yield file, match.group(1)


def main(library):
    seen, shared = set(), []
    for file, name in defined_functions(library):
        if file not in OBJECTS:
            continue
        seen.add(file)
        if OBJECTS[file] not in name:
            shared.append(f"{file}: {name}")
    print("\n".join(shared) or "no shared functions")
    return 0 if seen == set(OBJECTS) and not shared else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
