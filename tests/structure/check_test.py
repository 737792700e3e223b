"""Holds the project against the checks of check.py, and the checks against samples that they must find."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import check  # noqa: E402

ORDER = "foreach(room IN ITEMS base json net crypto db core gate target store audit app lab)\nendforeach()\n"


def tree(files):
    rooms = {
        "src/CMakeLists.txt": ORDER,
        "src/base/CMakeLists.txt": "gatehouse_room(base)\n",
        "src/json/CMakeLists.txt": "gatehouse_room(json USES base LIBRARIES simdjson::simdjson)\n",
        "src/core/CMakeLists.txt": "gatehouse_room(core\n  USES base json)\n",
        "src/core/reasons.h": "#define GATEHOUSE_REASONS(X)  \\\n  X(no_token, authenticate, denied)\n",
        "src/core/reasons_test.cc": "EXPECT_EQ(reason, Reason::no_token);\n",
        "src/gate/CMakeLists.txt": "gatehouse_room(gate USES base core)\n",
        "src/store/CMakeLists.txt": "gatehouse_room(store USES base core)\n",
    }
    return check.Tree({**rooms, **files})


class TheProject(unittest.TestCase):
    top = check.Tree.of_checkout(Path(__file__).resolve().parents[2])


def hold(project_check):
    def test(self):
        found = [f"{f.place}: {f.text}" for f in project_check(self.top)]
        self.assertEqual(found, [], "\n" + "\n".join(found))

    test.__doc__ = project_check.__doc__
    return test


for _check in check.CHECKS:
    setattr(TheProject, "test_" + _check.__name__.removeprefix("check_"), hold(_check))


class TheChecks(unittest.TestCase):
    def found(self, files):
        return [f"{f.place}: {f.text}" for f in check.findings(tree(files))]

    def assert_finds(self, files, place, text):
        found = self.found(files)
        self.assertTrue(any(f.startswith(place + ": ") and text in f for f in found), f"{place}: …{text}… is not in {found}")

    def test_a_tree_in_order_has_no_findings(self):
        self.assertEqual(self.found({"src/core/a.cc": '#include "core/a.h"\n#include "json/b.h"\n#include <vector>\n'}), [])

    def test_a_serving_file_that_reaches_what_reads_configuration_is_found_with_the_chain(self):
        self.assert_finds({"src/gate/a.h": '#include "policy/b.h"\n', "src/policy/b.h": '#include "doc/load.h"\n', "src/doc/load.h": ""},
                          "src/gate/a.h:1", "gate/a.h > policy/b.h > doc/load.h")

    def test_a_header_beyond_its_rooms_budget_is_found_with_the_chain(self):
        self.assert_finds({"src/base/a.h": '#include "base/b.h"\n', "src/base/b.h": "\n" * 10_000}, "src/base/a.h:1", "base/a.h > base/b.h")

    def test_a_connection_that_another_room_than_client_opens_is_found(self):
        for call in ("net::connect(loop, endpoint, deadline)", "(*stream)->connect_tls(tls, host)"):
            self.assert_finds({"src/gate/a.cc": f"\nauto opening = {call};\n"}, "src/gate/a.cc:2", "only client does")
        self.assertEqual(self.found({"src/gate/a_test.cc": "auto opening = net::connect(loop, endpoint, deadline);\n"}), [])

    def test_a_reader_of_keys_without_the_list_is_found(self):
        self.assert_finds({"src/policy/a.cc": "\n  doc::Reader in(field);\n"}, "src/policy/a.cc:2", "use KeyReader")
        self.assertEqual(self.found({"src/policy/a_test.cc": "  doc::Reader in(field);\n"}), [])

    def test_an_anonymous_namespace_in_a_header_is_found(self):
        self.assert_finds({"src/gate/a.h": "\nnamespace {\n"}, "src/gate/a.h:2", "anonymous namespace")

    def test_an_include_that_the_uses_line_does_not_name_is_found(self):
        self.assert_finds({"src/gate/a.cc": '\n#include "json/b.h"\n'}, "src/gate/a.cc:2", "name json there or do without")

    def test_a_room_that_a_used_room_uses_is_still_not_named(self):
        self.assert_finds({"src/store/a_test.cc": '#include "json/b.h"\n'}, "src/store/a_test.cc:1", "names base core")

    def test_spaces_do_not_hide_an_include(self):
        self.assert_finds({"src/gate/a.cc": '  #  include  "json/b.h"\n'}, "src/gate/a.cc:1", "json")

    def test_angle_brackets_are_no_way_round_the_owner(self):
        self.assert_finds({"src/gate/a.h": "#include <openssl/evp.h>\n"}, "src/gate/a.h:1", "only crypto and net")

    def test_a_library_that_no_room_owns_is_found(self):
        self.assert_finds({"src/gate/a.cc": "#include <curl/curl.h>\n"}, "src/gate/a.cc:1", "no room may include")

    def test_quotes_are_no_way_round_the_owner(self):
        self.assert_finds({"src/gate/a.h": '#include "sqlite3.h"\n'}, "src/gate/a.h:1", "only db")

    def test_the_owner_may_include_its_library(self):
        self.assertEqual(self.found({"src/crypto/CMakeLists.txt": "gatehouse_room(crypto USES base)",
                                     "src/crypto/a.cc": "#include <openssl/evp.h>\n#include <sodium.h>\n"}), [])

    def test_an_include_without_a_room_is_found(self):
        self.assert_finds({"src/gate/a.cc": '#include "b.h"\n'}, "src/gate/a.cc:1", "room/file.h")

    def test_strangers_do_not_include_one_another(self):
        self.assert_finds({"src/gate/a.cc": '#include "store/keys.h"\n'}, "src/gate/a.cc:1", "ports of core")

    def test_strangers_do_not_name_one_another_in_uses(self):
        self.assert_finds({"src/store/CMakeLists.txt": "gatehouse_room(store USES gate)"}, "src/store/CMakeLists.txt:1", "ports of core")

    def test_uses_points_downwards(self):
        self.assert_finds({"src/base/CMakeLists.txt": "gatehouse_room(base USES core)"}, "src/base/CMakeLists.txt:1", "stands above it")

    def test_prose_without_an_actor_is_found(self):
        self.assert_finds({"src/base/a.h": "// Waits until nobody reads.\n"}, "src/base/a.h:1", '"nobody"')
        self.assert_finds({"src/base/a.cc": 'fail("a file that Somebody has made");\n'}, "src/base/a.cc:1", '"Somebody"')
        self.assert_finds({"docs/a.md": "\nWhoever asks gets it.\n"}, "docs/a.md:2", '"Whoever"')

    def test_names_and_tests_are_no_prose(self):
        self.assertEqual(self.found({"src/base/a.cc": 'rule("traces-from-anybody"); id = "nobody";\n', "src/base/a_test.cc": "// nobody\n"}), [])

    def test_a_room_nobody_listed_is_found(self):
        self.assert_finds({"src/attic/CMakeLists.txt": "gatehouse_room(attic)"}, "src/attic/CMakeLists.txt:1", "not in the list")

    def test_nothing_includes_a_tool(self):
        self.assert_finds({"src/core/a.cc": '#include "lab/lab.h"\n'}, "src/core/a.cc:1", "tool for developers")

    def test_a_tool_includes_what_it_likes(self):
        self.assertEqual(self.found({"src/lab/a.cc": '#include "json/b.h"\n'}), [])

    def test_a_long_file_needs_a_reason(self):
        self.assert_finds({"src/gate/a.cc": "\n" * (check.LINES_AT_MOST + 1)}, "src/gate/a.cc:501", "divide it")
        self.assertEqual(self.found({"src/gate/a.cc": "\n" * check.LINES_AT_MOST}), [])

    def test_a_reason_for_a_file_that_is_not_long_is_found(self):
        check.LONG_FILES["src/gate/short.cc"] = "once it was long"
        self.addCleanup(check.LONG_FILES.pop, "src/gate/short.cc")
        self.assert_finds({"src/gate/short.cc": ""}, "src/gate/short.cc:1", "take it out")

    def test_a_registry_is_found_wherever_it_is_named(self):
        for host in check.REGISTRIES:
            self.assert_finds({"docs/a.md": f"\nget it from https://{host}/x\n"}, "docs/a.md:2", host)

    def test_a_resolved_address_in_a_lock_file_is_found(self):
        lock = json.dumps({"packages": {"node_modules/x": {"resolved": "https://mirror.example/x.tgz"}}})
        self.assert_finds({"tests/package-lock.json": lock}, "tests/package-lock.json:1", "node_modules/x")

    REASONS = (
        "// Why.\n#define GATEHOUSE_REASONS(X) \\\n  X(no_route, route, not_found) \\\n  X(bad_key, authenticate, denied)\n"
        "enum class Reason { };\n"
    )

    def test_a_reason_without_a_test_is_found(self):
        self.assert_finds({"src/core/reasons.h": self.REASONS, "src/gate/a_test.cc": "EXPECT_EQ(r, Reason::no_route);"},
                          "src/core/reasons.h:4", "Reason::bad_key")

    def test_a_reason_met_in_cases_or_end_to_end_counts(self):
        self.assertEqual(self.found({"src/core/reasons.h": self.REASONS, "tests/cases/a.yaml": "reason: bad_key\n",
                                     "tests/e2e/a.test.mjs": "refused(event, 'no_route')\n"}), [])

    def test_a_list_of_reasons_that_cannot_be_found_is_found(self):
        self.assert_finds({"src/core/reasons.h": "enum class Reason { a, b };"}, "src/core/CMakeLists.txt:1", "GATEHOUSE_REASONS")

    def test_a_reason_named_outside_of_tests_does_not_count(self):
        self.assert_finds({"src/core/reasons.h": self.REASONS, "src/gate/a.cc": "return Reason::no_route;"},
                          "src/core/reasons.h:3", "Reason::no_route")


if __name__ == "__main__":
    unittest.main()
