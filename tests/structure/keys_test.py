"""A key of the configuration that the list of keys does not have does not compile."""

import shutil
import subprocess
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]

CODE = """#include "policy/key_reader.h"
using namespace gatehouse::policy;
void use(const gatehouse::doc::Field& field) {
  KeyReader<keys::kUpstream> in(field);
  LINE;
}
"""


class Keys(unittest.TestCase):
    def compile(self, line):
        command = [shutil.which("g++") or "c++", "-std=c++23", "-I", str(TOP / "src"), "-fsyntax-only", "-x", "c++", "-"]
        return subprocess.run(command, input=CODE.replace("LINE", line), capture_output=True, text=True, timeout=300)

    def test_a_listed_key_is_read(self):
        built = self.compile('(void)in.optional("timeout", as_duration)')
        self.assertEqual(0, built.returncode, built.stderr)

    def test_a_key_without_an_entry_does_not_compile(self):
        for line, text in [
            ('(void)in.optional("patience", as_duration)', "has no such key"),
            ('(void)in.required("timeout", as_duration)', "does not say that this key is required"),
        ]:
            with self.subTest(line):
                built = self.compile(line)
                self.assertNotEqual(0, built.returncode, "this builds")
                self.assertRegex(built.stderr, text)


if __name__ == "__main__":
    unittest.main()
