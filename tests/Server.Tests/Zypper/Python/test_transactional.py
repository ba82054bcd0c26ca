import os

import ground

# A stand-in for tukit: the snapshot is the root itself, which is put back if the program fails and else becomes that of
# the next boot.
TUKIT = """
echo "$*" >> {calls}
while [ "$1" != execute ]; do [ "$1" != --continue ] || base={root}.next; shift; done
shift
cp -a {root} {root}.now
[ -z "$base" ] || {{ rm -rf {root}; cp -a $base {root}; }}
"$@"
code=$?
{after}
rm -rf {root}.next
if [ $code = 0 ]; then mv {root} {root}.next; else rm -rf {root}; echo "Application returned $code" >&2; fi
mv {root}.now {root}
exit $code
"""


class ReadOnlyRoot(ground.System):
    """The work is done in this process, for the other would ask the system itself whether its root is read-only."""

    def setUp(self):
        super().setUp()
        self.install("app", "lib")
        self.calls = os.path.join(self.folder, "calls")
        system = ground.module._system
        self.addCleanup(setattr, system, "is_read_only", system.is_read_only)
        system.is_read_only = lambda root: True
        self.tukit()

    def tukit(self, after=""):
        self.stand_in("tukit", TUKIT.format(calls=self.calls, root=self.root, after=after))

    def called(self):
        if not os.path.exists(self.calls):
            return []
        with open(self.calls) as file:
            return [line for line in file.read().splitlines() if line.startswith("--")]

    def of_next_boot(self):
        said = ground.quiet("rpm", "--root", self.root + ".next", "-qa", "--qf", "%{NAME}-%{VERSION}\n")
        return sorted(said.split())

    def test_a_run_changes_the_system_of_the_next_boot(self):
        self.add("sp2")
        result = self.work()
        self.assertEqual((result["outcome"], result["changed"], result["reboot_needed"]), ("succeeded", True, True))
        self.assertEqual(result["changes"], {
            "app": {"old": "1.0-1", "new": "2.0-1"}, "extra": {"old": "", "new": "1.0-1"},
            "lib": {"old": "1.0-1", "new": "1.1-1"}})
        self.assertEqual((self.versions(), self.of_next_boot()), (
            ["app-1.0", "lib-1.0"], ["app-2.0", "extra-1.0", "lib-1.1"]))
        self.assertTrue(self.called()[0].startswith("--quiet execute bash -c"))

    def test_what_fails_is_thrown_away_with_zyppers_words(self):
        self.add("lost")
        result = self.work()
        self.assertEqual((result["success"], result["reason"], result["exit_code"]), (False, "packages", 8))
        self.assertEqual((result["changed"], result["reboot_needed"], len(self.called())), (False, False, 1))
        self.assertIn("app-2.0-1.noarch.rpm' not found", result["comment"])
        self.assertEqual(self.versions(), ["app-1.0", "lib-1.0"])

    def test_a_snapshot_that_is_not_kept_is_no_success(self):
        self.add("new")
        self.tukit(after="code=1")
        result = self.work()
        self.assertEqual((result["success"], result["reason"], result["changed"]), (False, "transaction", False))
        self.assertEqual(result["exit_code"], 0)
        self.assertIn("did not keep what zypper had done:\nApplication returned 1", result["comment"])

    def test_patches_of_the_update_stack_are_in_the_snapshot_that_the_run_goes_on_with(self):
        self.install("tool")
        ground.quiet("rpm", "--root", self.root, "-e", "lib")
        self.add("stack")
        result = self.work(patch_stack_first=True)
        self.assertEqual((result["outcome"], result["changed"], result["reboot_needed"]), ("succeeded", True, True))
        self.assertEqual([" --continue " in one for one in self.called()], [False, True, True])
        self.assertEqual((self.versions(), self.of_next_boot()), (["app-1.0", "tool-2.0"], ["app-2.0", "tool-3.0"]))
        self.assertEqual(sorted(result["changes"]), ["app", "tool"])

    def test_a_patch_that_fails_leaves_nothing(self):
        self.install("tool")
        self.add("failing-stack")
        result = self.work(patch_stack_first=True)
        self.assertEqual((result["reason"], result["exit_code"], result["changed"]), ("packages", 8, False))
        self.assertEqual((len(self.called()), self.versions()), (1, ["app-1.0", "lib-1.0", "tool-2.0"]))

    def test_packages_of_the_next_boot_that_cannot_be_read_prove_nothing(self):
        self.add("new")
        self.tukit(after="echo what is this >> " + self.path("r", "transaction.packages"))
        result = self.work()
        self.assertEqual((result["outcome"], result["changed"]), ("succeeded", None))
        self.assertIn("lists what is no package: 'what is this'", result["log_tail"])

    def test_a_run_that_broke_off_before_its_plan_proves_nothing(self):
        self.add("new")
        self.work()
        for name in ("plan.json", "result.json"):
            os.remove(self.path("r", name))
        result = ground.module.run_result("r", runs_folder=self.runs)
        self.assertEqual((result["outcome"], result["changed"]), ("interrupted", None))
        self.assertIsNone(ground.module.changed_since("r", runs_folder=self.runs)["changed"])

    def test_a_snapshot_that_cannot_be_made_is_said(self):
        self.add("new")
        self.stand_in("tukit", "echo \"ERROR: No space left\" >&2; exit 1")
        result = self.work()
        self.assertEqual((result["success"], result["reason"], result["changed"]), (False, "transaction", False))
        self.assertIn("could not be run in a snapshot:\nERROR: No space left", result["comment"])

    def test_words_of_others_before_zyppers_cost_none_of_them(self):
        self.add("lost")
        self.stand_in("tukit", "echo \"2026-01-01 tukit 3.0.0 started\"\n" + TUKIT.format(
            calls=self.calls, root=self.root, after=""))
        self.assertIn("app-2.0-1.noarch.rpm' not found", self.work()["comment"])

    def test_a_dry_run_needs_no_snapshot(self):
        self.add("new")
        run = self.work(dry_run=True)
        self.assertEqual((run["outcome"], run["checks"]["transactional"], self.called()), ("succeeded", True, []))

    def test_without_tukit_nothing_is_begun(self):
        self.add("new")
        path = os.environ["PATH"]
        os.environ["PATH"] = os.pathsep.join(
            one for one in path.split(os.pathsep) if not os.path.exists(os.path.join(one, "tukit")))
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        result = self.work()
        self.assertEqual((result["reason"], result["changed"]), ("read_only", False))
