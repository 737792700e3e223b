"""Code that leaves out a gate, or uses the data of another request, does not compile."""

import re
import shutil
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CHAIN = TOP / "tests/structure/proofs/chain.cc"

# The compiler's message if a proof is missing, copied or forged, or where there is one argument too many.
REFUSALS = re.compile(r"Proof<|Released|private|deleted function|too many arguments|no matching function|does not take|candidate expects")


class Proofs(unittest.TestCase):
    def setUp(self):
        self.compiler = shutil.which("g++") or "c++"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def compile(self, *options):
        flags = ["-std=c++23", "-I", str(TOP / "src"), "-I", str(TOP / "include"), *options]
        return subprocess.run([self.compiler, *flags], capture_output=True, text=True, timeout=300)

    def test_no_gate_can_be_left_out(self):
        text = CHAIN.read_text(encoding="utf-8")
        names = re.findall(r"^#if(?:n?)def (\w+)", text, re.M)
        gates = re.findall(r"^  (\w+), +//", (TOP / "src/core/proofs.h").read_text(encoding="utf-8"), re.M)
        # The first proof has no gate before it that could be left out.
        left_out = [name for name in names if name.startswith("WITHOUT_")]
        self.assertEqual([f"WITHOUT_{gate}" for gate in [*gates[1:], "filter"]], left_out)

        # The headers are read once; only the function is compiled each time.
        headers = self.folder / "headers.h"
        headers.write_text("".join(re.findall(r"^#include .*\n", text, re.M)), encoding="utf-8")
        made = self.compile("-x", "c++-header", str(headers), "-o", f"{headers}.gch")
        self.assertEqual(0, made.returncode, made.stderr)

        def build(name):
            defined = [f"-D{name}"] if name else []
            return self.compile("-fsyntax-only", "-include", str(headers), *defined, str(CHAIN))

        as_it_is = build(None)
        self.assertEqual(0, as_it_is.returncode, as_it_is.stderr)
        with ThreadPoolExecutor(2) as threads:
            for name, built in zip(names, threads.map(build, names)):
                with self.subTest(name):
                    self.assertNotEqual(0, built.returncode, "this builds")
                    errors = [line for line in built.stderr.splitlines() if ": error: " in line]
                    self.assertTrue(any(REFUSALS.search(line) for line in errors), "\n".join(errors))


if __name__ == "__main__":
    unittest.main()
