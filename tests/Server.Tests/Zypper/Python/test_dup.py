import base64
import io
import json
import os
import shutil
import subprocess
import tarfile

import ground
import served


class WhatItWouldDo(ground.System):
    def setUp(self):
        super().setUp()
        self.install("app", "lib", "tool", "conf")
        self.add("sp2")

    def test_the_plan_has_versions_vendors_and_repositories(self):
        result = self.dup("r")
        plan = result["plan"]
        self.assertEqual((result["outcome"], result["success"], result["exit_code"]), ("succeeded", True, 0))
        app = next(one for one in plan["upgrade"] if one["name"] == "app")
        self.assertEqual(app, {
            "name": "app", "arch": "noarch", "old": "1.0-1", "new": "2.0-1", "old_vendor": "Lab", "vendor": "Lab",
            "repository": "sp2"})
        self.assertEqual(plan["install"], [
            {"name": "extra", "arch": "noarch", "new": "1.0-1", "vendor": "Lab", "repository": "sp2"}])
        self.assertEqual(plan["remove"], [{"name": "conf", "arch": "noarch", "old": "1.0-1", "old_vendor": "Lab"}])
        self.assertEqual(self.names(plan["downgrade"]), ["tool"])
        vendor = plan["change_vendor"][0]
        self.assertEqual((vendor["name"], vendor["old_vendor"], vendor["vendor"]), ("lib", "Lab", "Other"))
        self.assertEqual(result["counts"]["upgrade"], 2)
        self.assertGreater(result["download_bytes"], 1000)
        self.assertIn("1 to remove", result["comment"])
        self.assertIn("Computing distribution upgrade", result["log_tail"])
        self.assertEqual(result["checks"]["unsigned_repositories"], ["sp2"])
        self.assertFalse(result["reboot_needed"])
        json.dumps(result)

    def test_a_dry_run_changes_nothing(self):
        before, etc = self.versions(), ground.files_below(os.path.join(self.root, "etc"))
        result = self.dup("r")
        self.assertEqual((result["changed"], result["changes"]), (False, {}))
        self.assertEqual(self.versions(), before)
        self.assertEqual(ground.files_below(os.path.join(self.root, "etc")), etc)
        self.assertEqual(self.times_run("r"), 0)

    def test_the_test_case_is_kept_under_the_run_and_can_be_solved(self):
        result = self.dup("r")
        self.assertEqual(result["test_case"]["latest"], ground.TEST_CASE)
        self.dup("r2", from_repos=["sp2"], forbid_removal=["conf"])
        case = result["test_case"]["path"]
        self.assertEqual(case, self.path("r", "solverTestCase"))
        with open(os.path.join(case, "testcase.t")) as file:
            self.assertIn("distupgrade all packages", file.read())
        solved = subprocess.run(
            ["testsolv", os.path.join(case, "testcase.t")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            universal_newlines=True)
        self.assertEqual((solved.returncode, solved.stdout), (0, ""))

    def test_the_test_case_is_fetched_within_its_limit(self):
        self.dup("r")
        fetched = module_of().fetch_test_case("r", runs_folder=self.runs)
        names = tarfile.open(fileobj=io.BytesIO(base64.b64decode(fetched["content"]))).getnames()
        self.assertIn("solverTestCase/testcase.t", names)
        self.assertIn("solverTestCase/y2log", names)
        smaller = module_of().fetch_test_case("r", len(fetched["content"]) - 1, runs_folder=self.runs)
        self.assertEqual(smaller["left_out"], ["y2log"])
        self.assertLess(len(smaller["content"]), len(fetched["content"]))
        self.assertTrue(module_of().fetch_test_case("r", 100, runs_folder=self.runs)["too_large"])
        self.assertFalse(module_of().fetch_test_case("other", runs_folder=self.runs)["found"])

    def test_a_vendor_change_that_is_forbidden(self):
        ground.quiet("rpm", "--root", self.root, "-e", "conf")
        self.add("sp1")
        result = self.dup("r", allow_vendor_change=False)
        self.assertEqual((result["outcome"], result["plan"]["change_vendor"]), ("succeeded", []))
        self.assertEqual(self.names(result["plan"]["upgrade"]), ["app"])

    def test_a_vendor_change_that_is_wanted_though_the_settings_forbid_it(self):
        self.add("sp1")
        self.configure("solver.dupAllowVendorChange = false\n")
        self.assertEqual(self.dup("r1")["plan"]["change_vendor"], [])
        self.assertEqual(self.names(self.dup("r2", allow_vendor_change=True)["plan"]["change_vendor"]), ["lib"])

    def test_a_forbidden_vendor_change_that_leaves_a_package_without_a_repository_is_a_conflict(self):
        result = self.dup("r", allow_vendor_change=False)
        self.assertEqual((result["outcome"], result["reason"], result["exit_code"]), ("failed", "conflict", 4))
        self.assertIn("with vendor change", result["problems"][0]["solutions"][0])

    def test_from_one_repository(self):
        self.install("slow")
        self.add("new")
        result = self.dup("r", from_repos=["sp2"], allow_vendor_change=True, forbid_removal=["slow"])
        self.assertEqual(result["reason"], "conflict")
        ground.quiet("rpm", "--root", self.root, "-e", "conf")
        result = self.dup("r2", from_repos=["sp2"])
        self.assertEqual({one["name"]: one["new"] for one in result["plan"]["upgrade"]}["app"], "2.0-1")
        self.assertEqual({one["repository"] for one in result["plan"]["upgrade"]}, {"sp2"})
        result = self.dup("r3", from_repos=["sp2", "new"])
        self.assertEqual({one["name"]: one["new"] for one in result["plan"]["upgrade"]}["app"], "3.0-1")

    def test_from_a_repository_that_is_not_there(self):
        result = self.dup("r", from_repos=["nosuch"])
        self.assertEqual((result["reason"], result["exit_code"]), ("parameters", 3))
        self.assertIn("'nosuch' not found", result["comment"])

    def test_removals_over_the_limit_fail_the_dry_run(self):
        result = self.dup("r1", remove_limit=0)
        self.assertEqual((result["outcome"], result["reason"]), ("failed", "removal_limit"))
        self.assertEqual(self.names(result["plan"]["remove"]), ["conf"])
        self.assertIn("conf", result["comment"])
        self.assertTrue(self.dup("r2", remove_limit=1)["success"])

    def test_removals_that_are_forbidden_by_name_fail_the_dry_run(self):
        self.assertEqual(self.dup("r1", forbid_removal=["co*"])["reason"], "removal_limit")
        self.assertTrue(self.dup("r2", forbid_removal=["app"])["success"])


class WhatGoesWrong(ground.System):
    def setUp(self):
        super().setUp()
        self.install("app", "lib")

    def test_what_cannot_be_solved_comes_with_zyppers_solutions(self):
        self.add("broken")
        result = self.dup("r", dry_run=False)
        self.assertEqual((result["outcome"], result["reason"], result["exit_code"]), ("failed", "conflict", 4))
        self.assertEqual(
            sorted(problem["problem"] for problem in result["problems"]),
            ["nothing provides also-missing needed by lib-2.0-1.noarch",
             "nothing provides missing needed by app-2.0-1.noarch"])
        solutions = [problem["solutions"] for problem in result["problems"] if problem["solutions"]]
        self.assertEqual(len(solutions[0]), 3)
        self.assertTrue(any(one.startswith("deinstallation of ") for one in solutions[0]))
        self.assertEqual((result["changed"], self.versions()), (False, ["app-1.0", "lib-1.0"]))
        self.assertTrue(os.path.exists(os.path.join(result["test_case"]["path"], "testcase.t")))

    def test_a_repository_that_is_gone_stops_a_real_run_before_it_changes_anything(self):
        self.add("sp2")
        gone = os.path.join(self.folder, "gone")
        os.makedirs(gone)
        ground.quiet("zypper", "--root", self.root, "-n", "addrepo", "-G", "file://" + gone, "gone")
        os.rmdir(gone)
        result = self.dup("r", dry_run=False)
        self.assertEqual((result["reason"], result["exit_code"]), ("repository_unreachable", 106))
        self.assertIn("gone", result["comment"])
        self.assertEqual((result["changed"], self.versions()), (False, ["app-1.0", "lib-1.0"]))

    def test_a_repository_that_is_gone_is_named_and_not_the_conflict_that_comes_of_it(self):
        self.add("broken")
        gone = os.path.join(self.folder, "gone")
        os.makedirs(gone)
        ground.quiet("zypper", "--root", self.root, "-n", "addrepo", "-G", "file://" + gone, "gone")
        os.rmdir(gone)
        for dry_run in (True, False):
            result = self.dup("r-{}".format(dry_run), dry_run=dry_run)
            self.assertEqual((result["reason"], result["exit_code"]), ("repository_unreachable", 4))
            self.assertTrue(result["comment"].startswith("Repository gone could not be reached; "), result["comment"])
            self.assertEqual((len(result["problems"]), result["changed"]), (2, False))

    def test_a_package_that_rpm_refuses_is_the_reason_though_a_repository_was_left_out(self):
        self.add("failing")
        for name in ("flaky", "other"):
            shutil.copytree(os.path.join(ground.repositories(), "sp1"), os.path.join(self.folder, name))
            ground.quiet(
                "zypper", "--root", self.root, "-n", "addrepo", "-G", "-f", "file://" + os.path.join(self.folder, name),
                name)
        self.configure("repo.refresh.delay = 0\n")
        # It goes between the plan and the run.
        self.stand_in("zypper", "case \"$*\" in *in-advance*) mv {0} {0}.gone ;; esac\nexec {1} \"$@\"".format(
            os.path.join(self.folder, "flaky"), shutil.which("zypper")))
        result = self.dup("r", dry_run=False)
        self.assertEqual((result["reason"], result["exit_code"], result["changed"]), ("packages", 8, False))
        lines = result["comment"].splitlines()
        self.assertEqual(
            lines[0], "zypper dup failed: installation or removal of packages failed (exit code 8).")
        self.assertIn("it does not want to", result["comment"])
        self.assertEqual(lines[-1], "Repository flaky could not be reached.")

    def test_a_repository_that_does_not_let_the_minion_in_is_said_to(self):
        channel = {"label": "shut", "url": served.folder(self, self.folder) + "closed/", "gpgcheck": False}
        for run_id, more in (("r1", {}), ("r2", {"username": "u", "password": "SECRET"})):
            ground.module.set_channels([dict(channel, **more)], root=self.root)
            result = self.dup(run_id, dry_run=False)
            self.assertEqual((result["reason"], result["exit_code"]), ("repository_unreachable", 106))
            self.assertEqual(
                result["comment"].splitlines()[0],
                "Repository shut does not let this minion in: its credentials are wrong or missing.")
            self.assertNotIn("SECRET", str(result))

    def test_a_package_that_is_gone_stops_a_real_run_before_it_changes_anything(self):
        self.add("lost")
        result = self.dup("r", dry_run=False)
        self.assertEqual((result["outcome"], result["reason"], result["exit_code"]), ("failed", "packages", 8))
        self.assertIn("app-2.0-1.noarch.rpm", result["comment"])
        self.assertEqual((result["changed"], result["changes"]), (False, {}))
        self.assertEqual(self.versions(), ["app-1.0", "lib-1.0"])

    def test_a_lock_that_is_held_is_named_with_its_holder(self):
        self.add("sp2")
        with subprocess.Popen(
                ["zypper", "--root", self.root, "shell"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            # It prompts when it has the lock.
            self.assertEqual(holder.stdout.read(6), b"zypper")
            result = self.dup("r", dry_run=False)
            holder.stdin.close()
            holder.stdout.close()
        self.assertEqual((result["reason"], result["exit_code"]), ("locked", 7))
        self.assertIn("process {} (zypper --root".format(holder.pid), result["comment"])
        self.assertEqual(result["checks"]["locked_by"]["pid"], holder.pid)
        self.assertTrue(self.dup("r2", dry_run=False)["success"])

    def test_a_licence_must_be_agreed_to(self):
        self.add("licensed")
        result = self.dup("r1", dry_run=False)
        self.assertEqual((result["reason"], result["exit_code"], result["changed"]), ("licence", 4, False))
        self.assertIn("app", result["comment"])
        self.assertEqual(self.dup("r2")["reason"], "licence")
        self.assertTrue(self.dup("r3", dry_run=False, auto_agree_with_licenses=True)["success"])
        self.assertIn("app-2.0", self.versions())

    def test_too_little_room_stops_a_real_run(self):
        self.add("huge")
        result = self.dup("r", dry_run=False)
        self.assertEqual((result["reason"], result["changed"]), ("no_space", False))
        self.assertIn(str(10 ** 17), result["comment"])

    def test_no_repository_at_all(self):
        self.assertEqual(self.dup("r")["reason"], "no_repositories")


class WhatItDoes(ground.System):
    def test_a_real_run(self):
        self.install("app", "lib", "tool", "conf")
        self.add("sp2")
        result = self.dup("r", dry_run=False)
        self.assertEqual((result["outcome"], result["success"], result["changed"]), ("succeeded", True, True))
        self.assertEqual(result["changes"], {
            "app": {"old": "1.0-1", "new": "2.0-1"}, "conf": {"old": "1.0-1", "new": ""},
            "extra": {"old": "", "new": "1.0-1"}, "lib": {"old": "1.0-1", "new": "1.1-1"},
            "tool": {"old": "2.0-1", "new": "1.0-1"}})
        self.assertEqual(self.versions(), ["app-2.0", "extra-1.0", "lib-1.1", "tool-1.0"])
        self.assertEqual(self.names(result["plan"]["remove"]), ["conf"])
        with open(self.path("r", "packages.after")) as file:
            self.assertEqual(json.load(file)["app"], [["2.0-1", "noarch", "Lab"]])
        self.assertEqual(self.times_run("r"), 1)

    def test_a_reboot_that_will_be_and_is_needed(self):
        self.install("app")
        self.add("kernel")
        self.assertTrue(self.dup("r1")["reboot_needed"])
        result = self.dup("r2", dry_run=False)
        self.assertEqual((result["success"], result["reboot_needed"]), (True, True))
        self.assertFalse(self.dup("r3")["reboot_needed"])

    def test_nothing_to_do(self):
        self.install("app")
        self.add("sp1")
        for run_id, dry in (("r1", True), ("r2", False)):
            result = self.dup(run_id, dry_run=dry)
            self.assertEqual((result["outcome"], result["success"], result["changed"]), ("nothing_to_do", True, False))
            self.assertIsNotNone(result["test_case"]["path"])
        self.assertEqual(self.times_run("r2"), 0)

    def test_removals_over_the_limit_stop_a_real_run_before_it_changes_anything(self):
        self.install("app", "conf")
        self.add("sp2")
        for run_id, limits in (("r1", {"remove_limit": 0}), ("r2", {"forbid_removal": ["conf"]})):
            result = self.dup(run_id, dry_run=False, **limits)
            self.assertEqual((result["reason"], result["changed"]), ("removal_limit", False))
            self.assertEqual(self.times_run(run_id), 0)
        self.assertEqual(self.versions(), ["app-1.0", "conf-1.0"])

    def test_an_order_that_is_no_good_is_refused(self):
        for wrong in ({"dry_run": "no"}, {"allow_vendor_change": "yes"}, {"remove_limit": -1}, {"from_repos": [""]}):
            with self.assertRaises(ValueError):
                self.dup("r", **wrong)
        for wrong in ("", "../x", "a/b", ".x", "x" * 101, 5):
            with self.assertRaises(ValueError):
                self.dup(wrong)
        self.assertFalse(os.path.exists(self.path("r", "order.json")))


def module_of():
    return ground.module
