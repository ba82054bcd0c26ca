import ast
import datetime
import glob
import json
import os
import unittest

import ground

ground.load({})
from _saltern_returner import content  # noqa: E402


class TextOfAnything(unittest.TestCase):
    def check(self, value, expected):
        text = content.text_of(value)
        self.assertEqual(json.loads(text), expected)
        text.encode("ascii")
        self.assertNotIn("\n", text)
        self.assertNotIn("\t", text)

    def test_nul_and_half_a_surrogate_pair_are_escapes(self):
        self.check("a\0b\ud800", "a\0b\ud800")
        self.assertIn("\\u0000", content.text_of("\0"))

    def test_bytes_are_text_or_show_what_is_none(self):
        self.check(b"\xc3\xbc\xff", "ü\\xff")
        self.check({b"k\xff": 1}, {"k\\xff": 1})

    def test_numbers_that_json_has_no_word_for_are_text(self):
        self.check([float("nan"), float("inf"), -float("inf"), 1.5], ["NaN", "Infinity", "-Infinity", 1.5])
        self.check(10 ** 400, 10 ** 400)
        self.assertTrue(json.loads(content.text_of({"n": 10 ** 5000}))["n"])

    def test_keys_that_are_no_text(self):
        self.check({1: "a", None: "b", False: "c", 1.5: "d"}, {"1": "a", "null": "b", "false": "c", "1.5": "d"})
        self.check({(1, 2): "a", 7: "b", "7": "c"}, {"(1, 2)": "a", "7": "b", "7_": "c"})

    def test_times_sets_and_objects_are_what_they_say(self):
        self.check(datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05")
        self.check([{3, 1}, frozenset("a"), (1, 2)], [[1, 3], ["a"], [1, 2]])
        self.assertIn("object object", content.text_of(object()))

    def test_what_refers_to_itself_ends(self):
        loop = {"a": 1}
        loop["me"] = loop
        self.check(loop, {"a": 1, "me": "[refers to itself]"})

    def test_what_is_nested_too_deep_is_cut_and_says_so(self):
        deep = "end"
        for _ in range(5000):
            deep = [deep]
        self.assertIn("nested deeper than", content.text_of(deep))

    def test_what_iterates_for_ever_is_not_followed(self):
        import itertools
        self.assertIn("count", content.text_of(itertools.count()))


class Columns(unittest.TestCase):
    def test_a_column_holds_no_nul_and_no_half_pair(self):
        self.assertEqual(content.column("a\0b\udc80ü\U0001f600"), "a\ufffdb\ufffdü\U0001f600")
        self.assertEqual(content.column(None), "null")
        self.assertEqual(content.column(5), "5")


class Cutting(unittest.TestCase):
    def test_a_long_text_keeps_its_beginning_and_says_how_long_it_was(self):
        text = json.loads(content.shorten("x" * 100000, 20000))
        self.assertTrue(text.startswith("xxx"))
        self.assertIn("cut by the Saltern returner: 10000 of 100000", text)

    def test_the_shape_of_a_state_run_stays(self):
        states = {"state{}".format(i): {"result": False, "comment": "y" * 3000} for i in range(20)}
        cut = json.loads(content.shorten(states, 20000))
        self.assertEqual(set(cut), set(states))
        self.assertTrue(all(state["result"] is False for state in cut.values()))

    def test_very_many_small_parts_become_the_beginning_of_their_text(self):
        cut = content.shorten(list(range(100000)), 20000)
        self.assertLessEqual(len(cut), 20000)
        self.assertTrue(json.loads(cut).startswith("[0, 1, 2"))

    def test_a_limit_holds_for_text_that_grows_when_it_is_escaped(self):
        self.assertLessEqual(len(content.shorten("\0" * 100000, 20000)), 20000)


class OldPython(unittest.TestCase):
    def test_each_file_is_python_3_6(self):
        for path in glob.glob(os.path.join(ground.FOLDER, "**", "*.py"), recursive=True):
            with open(path, encoding="utf-8") as file:
                ast.parse(file.read(), path, feature_version=(3, 6))

    def test_files_and_lines_keep_to_the_sizes_of_the_project(self):
        for path in glob.glob(os.path.join(ground.FOLDER, "**", "*.py"), recursive=True):
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
            self.assertLessEqual(len(lines), 500, path)
            self.assertLessEqual(max(map(len, lines)), 120, path)


if __name__ == "__main__":
    unittest.main()
