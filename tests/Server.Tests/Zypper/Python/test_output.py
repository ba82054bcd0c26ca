import unittest

import ground

from _saltern_zypper_parts import judgement, masking, output, repositories  # noqa: E402

assert ground.module

_SUMMARY = """<?xml version='1.0'?>
<stream>
<message type="info">Computing distribution upgrade...</message>
<install-summary download-size="5" space-usage-diff="-7" packages-to-change="3"{more}>
<to-install>
<solvable type="pattern" name="base" edition="15.6-1" arch="x86_64" summary="s"><description>d</description></solvable>
</to-install>
<to-change-arch>
<solvable type="package" name="a" edition="1-1" arch="x86_64" edition-old="1-1" arch-old="noarch"/>
</to-change-arch>
<to-remove>
<solvable type="product" name="SLES" edition="15.5-0" arch="x86_64"/>
<solvable type="package" name="b" edition="1-1" arch="x86_64"/>
</to-remove>
</install-summary>
</stream>
"""


class Output(unittest.TestCase):
    def test_kinds_and_architectures(self):
        said = output.parse(_SUMMARY.format(more=""))
        self.assertEqual(said.plan["change_arch"], [
            {"name": "a", "arch": "x86_64", "old_arch": "noarch", "old": "1-1", "new": "1-1"}])
        self.assertEqual(said.plan["install"][0]["kind"], "pattern")
        self.assertEqual((said.download_bytes, said.disk_bytes, said.reboot_needed), (5, -7, False))
        self.assertTrue(output.parse(_SUMMARY.format(more=' need-reboot="1"')).reboot_needed)

    def test_what_is_torn_is_read_as_far_as_it_goes(self):
        whole = _SUMMARY.format(more="")
        for end in range(0, len(whole) - len("</stream>") - 1, 7):
            said = output.parse(whole[:end])
            self.assertFalse(said.whole)
        self.assertTrue(output.parse(whole).whole)
        torn = output.parse(whole[:whole.index("<to-remove>")])
        self.assertEqual(torn.plan["change_arch"][0]["name"], "a")

    def test_control_characters_and_lines_of_others_cost_nothing_that_came_before(self):
        said = output.parse(_SUMMARY.format(more="").replace("Computing", "\x1b[0m\0Computing"))
        self.assertEqual(len(said.plan["remove"]), 2)
        said = output.parse(_SUMMARY.format(more="").replace("</stream>", "a < b & c\n</stream>"))
        self.assertEqual(len(said.plan["remove"]), 2)

    def test_a_product_that_goes_does_not_count_as_a_package_but_may_be_forbidden(self):
        plan = output.parse(_SUMMARY.format(more=""))

        def judged(**limits):
            return judgement.of_plan(0, plan, dict({"remove_limit": None, "forbid_removal": []}, **limits), None)

        self.assertIsNone(judged(remove_limit=1))
        self.assertEqual(
            judged(remove_limit=0), ("removal_limit", "1 package would be removed, and none is allowed: b."))
        self.assertEqual(judged(forbid_removal=["SLES"])[0], "removal_limit")

    def test_a_repository_that_was_left_out_is_the_reason_only_of_what_may_come_of_it(self):
        said = output.parse(
            "<stream><message type='error'>Own words.</message>"
            "<message type='warning'>Skipping repository 'x' because of the above error.</message></stream>")
        for code in (3, 4, 6, 104, 106):
            reason, words = judgement.of_failure(code, said, "It failed")
            self.assertEqual((reason, words.splitlines()), ("repository_unreachable", [
                "Repository x could not be reached; without it a plan means nothing.", "Own words."]))
        for code, expected in ((8, "packages"), (7, "locked"), (105, "zypper"), (-9, "zypper"), (None, "zypper")):
            reason, words = judgement.of_failure(code, said, "It failed")
            self.assertEqual((reason, words.splitlines()[1:]), (expected, [
                "Own words.", "Repository x could not be reached."]))

    def test_a_repository_whose_signature_is_wrong_comes_after_what_rpm_refused_too(self):
        said = output.parse(
            "<stream><message type='error'>Repository 'x' is invalid.\n[|] Signature verification failed</message>"
            "<message type='warning'>Skipping repository 'x' because of the above error.</message></stream>")
        wrong = "The signature of repository 'x' does not fit what it has."
        self.assertEqual(judgement.of_failure(4, said, "It failed"), ("signature", wrong))
        reason, words = judgement.of_failure(8, said, "It failed")
        self.assertEqual((reason, words.splitlines()[-1]), ("packages", wrong))

    def test_a_plan_that_is_not_there_is_no_success(self):
        order = {"remove_limit": None, "forbid_removal": []}
        self.assertEqual(judgement.of_plan(0, output.parse(""), order, None)[0], "zypper")


class Masks(unittest.TestCase):
    def test_secrets_in_addresses(self):
        for text, expected in (
                ("see https://u:SECRET@h/p?SECRET here", "see https://***@h/p?*** here"),
                ("'dir:///a?SECRET'", "'dir:///a?***'"),
                ("[x|https://h/p?credentials=s-x&SECRET] Valid", "[x|https://h/p?credentials=s-x&***] Valid"),
                ("plugin:saltern?file=/a", "plugin:saltern?file=/a"),
                ("a@b.c: why? Because", "a@b.c: why? Because"),
                ("file:/REPOS/sp2 (1/2)", "file:/REPOS/sp2 (1/2)")):
            self.assertEqual(masking.mask(text), expected)
        self.assertEqual(masking.mask_all({"a": ["http://x@y/", 5, None]}), {"a": ["http://***@y/", 5, None]})


class RepositoryFiles(unittest.TestCase):
    TEXT = "# mine\n[a]\nname=A\nEnabled = 1\nbaseurl=x\n\n[b]\nbaseurl=y\n[c]\nenabled=0\n"

    def test_states(self):
        self.assertEqual(repositories.states(self.TEXT), {"a": True, "b": True, "c": False})

    def test_switching_leaves_all_other_lines(self):
        text = repositories.switched(self.TEXT, {"a": False, "b": False, "c": True})
        self.assertEqual(repositories.states(text), {"a": False, "b": False, "c": True})
        self.assertEqual(
            text, "# mine\n[a]\nname=A\nenabled=0\nbaseurl=x\n\n[b]\nenabled=0\nbaseurl=y\n[c]\nenabled=1\n")
        self.assertEqual(repositories.switched(self.TEXT, {"x": False}), self.TEXT)
