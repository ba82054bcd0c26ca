import os
import re
import shutil

import ground


class UpdateStack(ground.System):
    """A patch that zypper says affects the package management itself, and an upgrade that is in no patch."""

    def setUp(self):
        super().setUp()
        self.install("app", "lib", "tool")

    def upgrade(self, *names):
        ground.quiet("rpm", "--root", self.root, "-U", *[path for name in names for path in self.rpms("stack", name)])

    def calls(self):
        """What zypper was told to do, in its order."""
        with open(self.path("r", "log")) as file:
            return re.findall("^# zypper (.*)$", file.read(), re.M)

    def changing_calls(self):
        return [one for one in self.calls() if "patch-check" not in one and "--dry-run" not in one]

    def test_a_dry_run_says_that_patches_are_pending_and_installs_none(self):
        self.add("stack")
        result = self.dup("r", patch_stack_first=True)
        self.assertEqual((result["outcome"], result["changed"]), ("succeeded", False))
        self.assertTrue(result["checks"]["update_stack_patches_pending"])
        self.assertEqual(self.names(result["plan"]["upgrade"]), ["app", "tool"])
        self.assertEqual((self.changing_calls(), self.times_run("r")), ([], 0))
        self.assertEqual(self.versions(), ["app-1.0", "lib-1.0", "tool-2.0"])

    def test_they_come_first_if_that_is_asked_for(self):
        ground.quiet("rpm", "--root", self.root, "-e", "lib")
        self.add("stack")
        result = self.dup("r", dry_run=False, patch_stack_first=True)
        self.assertEqual((result["outcome"], result["success"], result["changed"]), ("succeeded", True, True))
        self.assertTrue(result["checks"]["update_stack_patches_pending"])
        self.assertEqual(self.changing_calls(), [
            "patch --updatestack-only", "patch --updatestack-only", "dup --download in-advance"])
        self.assertEqual(self.names(result["plan"]["upgrade"]), ["app"])
        self.assertEqual(result["changes"], {
            "app": {"old": "1.0-1", "new": "2.0-1"}, "tool": {"old": "2.0-1", "new": "3.0-1"}})
        self.assertEqual((self.versions(), self.times_run("r")), (["app-2.0", "tool-3.0"], 2))

    def test_where_there_is_nothing_else_to_do_the_run_has_done_something(self):
        self.add("stack")
        self.upgrade("app")
        result = self.dup("r", dry_run=False, patch_stack_first=True)
        self.assertEqual((result["outcome"], result["success"], result["changed"]), ("succeeded", True, True))
        self.assertEqual(result["comment"], "Done: patches of the update stack. Nothing else to do.")
        self.assertEqual((result["changes"], result["reboot_needed"]), (
            {"tool": {"old": "2.0-1", "new": "3.0-1"}}, False))

    def test_a_restart_that_they_need_is_not_forgotten_over_the_rest(self):
        self.add("rebooting-stack", "new")
        result = self.dup("r", dry_run=False, patch_stack_first=True)
        self.assertEqual(self.changing_calls(), [
            "patch --updatestack-only", "patch --updatestack-only", "dup --download in-advance"])
        self.assertEqual(self.names(result["plan"]["upgrade"]), ["app"])
        self.assertEqual((result["success"], result["reboot_needed"]), (True, True))

    def test_snapshots_are_a_pair_though_a_patch_fails(self):
        self.add("failing-stack")
        calls = os.path.join(self.folder, "calls")
        self.stand_in("snapper", "echo \"$*\" >> {0}; wc -l < {0}".format(calls))
        result = self.dup("r", dry_run=False, patch_stack_first=True, snapshots=True)
        self.assertEqual((result["reason"], result["snapshots"]), ("packages", {"before": 1, "after": 2}))

    def test_where_a_lock_keeps_them_out_that_is_a_conflict(self):
        self.add("stack")
        ground.quiet("zypper", "--root", self.root, "-n", "addlock", "tool")
        result = self.dup("r", dry_run=False, patch_stack_first=True)
        self.assertEqual((result["reason"], result["exit_code"], result["changed"]), ("conflict", 4, False))
        self.assertEqual(len(result["problems"]), 1)
        self.assertEqual(self.changing_calls(), ["patch --updatestack-only"])

    def test_where_zypper_leaves_them_out_and_there_is_nothing_else_nothing_was_done(self):
        self.add("stack")
        self.upgrade("app")
        ground.quiet("zypper", "--root", self.root, "-n", "addlock", "tool")
        self.stand_in("zypper", "case \"$*\" in *\"patch --updatestack-only\"*) exit 0 ;; esac\nexec {} \"$@\"".format(
            shutil.which("zypper")))
        result = self.dup("r", dry_run=False, patch_stack_first=True)
        self.assertEqual(self.changing_calls(), ["patch --updatestack-only"])
        self.assertEqual((result["outcome"], result["changed"]), ("nothing_to_do", False))
        self.assertTrue(result["checks"]["update_stack_patches_pending"])

    def test_where_none_are_pending_nothing_is_begun(self):
        self.add("stack")
        self.upgrade("app", "tool")
        result = self.dup("r", dry_run=False, patch_stack_first=True)
        self.assertEqual((result["outcome"], result["changed"]), ("nothing_to_do", False))
        self.assertFalse(result["checks"]["update_stack_patches_pending"])
        self.assertFalse(os.path.exists(self.path("r", "changing.json")))

    def test_they_are_left_to_the_run_otherwise_which_says_so(self):
        self.add("stack")
        result = self.dup("r", dry_run=False)
        self.assertEqual((result["outcome"], result["changed"]), ("succeeded", True))
        self.assertTrue(result["checks"]["update_stack_patches_pending"])
        self.assertEqual(self.changing_calls(), ["dup --download in-advance"])
        self.assertEqual(self.versions(), ["app-2.0", "lib-1.0", "tool-3.0"])

    def test_a_patch_that_fails_stops_the_run_which_says_what_changed(self):
        self.add("failing-stack")
        result = self.dup("r", dry_run=False, patch_stack_first=True)
        self.assertEqual((result["outcome"], result["reason"], result["exit_code"]), ("failed", "packages", 8))
        self.assertTrue(result["comment"].startswith("The patches of the update stack failed: "), result["comment"])
        self.assertIn("lib-2.0-1", "".join(result["errors"]))
        self.assertEqual(self.changing_calls(), ["patch --updatestack-only"])
        self.assertEqual((result["changed"], result["changes"]), (True, {"tool": {"old": "2.0-1", "new": "3.0-1"}}))
        self.assertEqual(self.versions(), ["app-1.0", "lib-1.0", "tool-3.0"])

    def test_a_patch_that_fails_before_anything_changed_proves_it(self):
        self.upgrade("tool")
        self.add("failing-stack")
        result = self.dup("r", dry_run=False, patch_stack_first=True)
        self.assertEqual((result["outcome"], result["reason"], result["exit_code"]), ("failed", "packages", 8))
        self.assertEqual((result["changed"], result["changes"]), (False, {}))
        self.assertEqual(self.versions(), ["app-1.0", "lib-1.0", "tool-3.0"])
