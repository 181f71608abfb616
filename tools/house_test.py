#!/usr/bin/env python3
"""Builds small houses, good and bad, and asks house.py about them."""

import tempfile
import unittest
from pathlib import Path

from house import House

GOOD = {
    "src/base/money.h": "#pragma once\n",
    "src/base/money.cc": '#include "base/money.h"\n',
    "src/base/CMakeLists.txt": "room(base SOURCES money.cc)\n",
    "src/store/store.h": '#pragma once\n#include "base/money.h"\n',
    "src/store/memory_store.h": '#pragma once\n#include "store/store.h"\n',
    "src/store/page.h": "#pragma once\n",
    "src/store/memory_store.cc": '#include "store/memory_store.h"\n#include "store/page.h"\n',
    "src/store/CMakeLists.txt": "room(store SOURCES memory_store.cc USES base)\n",
    "src/ledger/ledger.h": '#pragma once\n#include "store/store.h"\n',
    "src/ledger/ledger.cc": '#include "ledger/ledger.h"\n#include <vector>\n',
    "src/ledger/ledger_test.cc": '#include "store/page.h"\n',
    "src/ledger/CMakeLists.txt": "room(ledger SOURCES ledger.cc USES store TESTS ledger_test.cc)\n",
    "src/app/main.cc": '#include "ledger/ledger.h"\n#include "store/memory_store.h"\n',
    "src/app/CMakeLists.txt": "add_executable(coffer main.cc)\n",
    "test/crash_test.cc": '#include "store/page.h"\n#include "test/world.h"\n',
    "test/world.h": "#pragma once\n",
    "test/CMakeLists.txt": "add_executable(test_crash crash_test.cc)\n",
}


class HouseTest(unittest.TestCase):
    def breaches(self, **changes):
        """Of the good house with some files replaced, `__` standing for `/` and `_dot_` for `.`."""
        files = dict(GOOD)
        for name, text in changes.items():
            files[name.replace("__", "/").replace("_dot_", ".")] = text
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = Path(root) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return House(root).check()

    def assert_breach(self, text, **changes):
        found = self.breaches(**changes)
        self.assertEqual(len(found), 1, found)
        self.assertIn(text, found[0])

    def test_a_good_house_stands(self):
        self.assertEqual(self.breaches(), [])

    def test_an_include_that_reaches_up_is_a_breach(self):
        self.assert_breach("src/base/money.cc:2: base reaches up to store/store.h",
                           src__base__money_dot_cc='#include "base/money.h"\n'
                                                   '#include "store/store.h"\n')

    def test_a_test_may_not_reach_up_either(self):
        self.assert_breach("reaches up to ledger/ledger.h",
                           src__store__page_test_dot_cc='#include "ledger/ledger.h"\n',
                           src__store__CMakeLists_dot_txt="memory_store.cc page_test.cc")

    def test_an_include_to_the_side_is_a_breach(self):
        self.assert_breach("dialect reaches sideways to settle/settler.h",
                           src__settle__settler_dot_h="#pragma once\n",
                           src__dialect__a_dot_cc='#include "settle/settler.h"\n',
                           src__dialect__CMakeLists_dot_txt="a.cc")

    def test_going_past_a_door_is_a_breach(self):
        self.assert_breach("store/page.h is not a door of store",
                           src__ledger__ledger_dot_cc='#include "ledger/ledger.h"\n'
                                                      '#include "store/page.h"\n')

    def test_only_app_may_open_a_store(self):
        self.assert_breach("store/memory_store.h is not a door of store",
                           src__ledger__ledger_dot_cc='#include "ledger/ledger.h"\n'
                                                      '#include "store/memory_store.h"\n')

    def test_a_fixture_may_go_past_a_door_and_only_tests_may_include_it(self):
        fixture = {"src__ledger__world_fixture_dot_h": '#include "store/memory_store.h"\n',
                   "src__ledger__ledger_test_dot_cc": '#include "ledger/world_fixture.h"\n'}
        self.assertEqual(self.breaches(**fixture), [])
        self.assert_breach("the program includes ledger/world_fixture.h", **fixture,
                           src__ledger__ledger_dot_cc='#include "ledger/ledger.h"\n'
                                                      '#include "ledger/world_fixture.h"\n')

    def test_a_circle_is_a_breach(self):
        self.assert_breach("a circle: store/memory_store.h -> store/page.h -> store/memory_store.h",
                           src__store__memory_store_dot_h='#include "store/page.h"\n',
                           src__store__page_dot_h='#include "store/memory_store.h"\n')

    def test_an_unlisted_source_is_a_breach(self):
        self.assert_breach("src/store/b.cc: not listed", src__store__b_dot_cc="\n")

    def test_a_source_listed_only_in_a_comment_is_a_breach(self):
        self.assert_breach("not listed",
                           src__base__CMakeLists_dot_txt="room(base SOURCES)  # money.cc\n")

    def test_a_fuzz_target_may_be_listed_where_it_is_built(self):
        self.assertEqual(
            self.breaches(src__base__money_fuzz_dot_cc='#include "base/money.h"\n',
                          fuzz__CMakeLists_dot_txt="t(${CMAKE_SOURCE_DIR}/src/base/money_fuzz.cc)"),
            [])

    def test_a_header_nobody_includes_is_a_breach(self):
        self.assert_breach("src/base/alone.h: nobody includes", src__base__alone_dot_h="\n")

    def test_an_include_that_is_no_path_from_src_is_a_breach(self):
        self.assert_breach("page.h is not a path from src/",
                           src__store__memory_store_dot_cc='#include "store/memory_store.h"\n'
                                                           '#include "store/page.h"\n'
                                                           '#include "page.h"\n')

    def test_our_own_header_in_angle_brackets_is_a_breach(self):
        self.assert_breach("angle brackets", src__base__money_dot_cc="#include <base/money.h>\n")

    def test_a_floor_the_house_does_not_have_is_a_breach(self):
        self.assert_breach("a floor that the house does not have", src__cellar__a_dot_cc="\n")

    def test_a_file_too_long_is_a_breach(self):
        self.assert_breach("501 lines", src__base__money_dot_h="\n" * 501)
        self.assertEqual(self.breaches(src__base__money_dot_h="\n" * 500), [])

    def test_a_line_too_wide_is_a_breach(self):
        self.assert_breach("money.h:1: 101 columns", src__base__money_dot_h="/" * 101)
        self.assertEqual(self.breaches(src__base__money_dot_h="/" * 100), [])

    def test_only_app_and_tests_read_the_environment(self):
        reads = "const char* home() { return std::getenv(NAME); }\n"
        self.assert_breach("src/ledger/ledger.cc:2: ledger reads the environment",
                           src__ledger__ledger_dot_cc='#include "ledger/ledger.h"\n' + reads)
        self.assertEqual(self.breaches(
            src__app__main_dot_cc=GOOD["src/app/main.cc"] + reads,
            src__ledger__ledger_test_dot_cc=reads), [])

    def test_work_left_undone_is_a_breach(self):
        for word in ("TO" + "DO", "FIX" + "ME", "GTEST_" + "SKIP"):
            self.assert_breach(f"the word {word}", src__base__money_dot_h=f"// {word}: later\n")


if __name__ == "__main__":
    unittest.main()
