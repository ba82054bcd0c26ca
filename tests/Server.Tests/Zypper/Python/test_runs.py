import contextlib
import json
import os
import signal
import subprocess
import sys

import ground


class OneRunOnly(ground.System):
    def setUp(self):
        super().setUp()
        self.install("app", "lib")
        self.add("new")

    def test_the_same_run_id_hands_back_the_recorded_result(self):
        first = self.dup("r", dry_run=False)
        self.assertEqual((first["changes"], first["recorded"]), ({"app": {"old": "1.0-1", "new": "3.0-1"}}, False))
        again = self.dup("r", dry_run=False)
        self.assertTrue(again["recorded"])
        self.assertEqual(dict(again, recorded=False), first)
        self.assertEqual(self.times_run("r"), 1)
        asked = ground.module.run_result("r", runs_folder=self.runs)
        self.assertEqual(dict(asked, recorded=False), first)

    def test_the_same_run_id_with_other_parameters_is_refused(self):
        self.dup("r")
        other = self.dup("r", dry_run=False)
        self.assertEqual((other["success"], other["reason"]), (False, "parameters"))
        self.assertEqual(self.versions(), ["app-1.0", "lib-1.0"])
        self.assertTrue(ground.module.run_result("r", runs_folder=self.runs)["success"])

    def test_what_never_began_is_known_as_such(self):
        self.assertEqual(ground.module.run_result("r", runs_folder=self.runs)["outcome"], "not_begun")
        since = ground.module.changed_since("r", runs_folder=self.runs)
        self.assertEqual((since["recorded"], since["began_to_change"], since["changed"]), (False, False, None))
        self.assertFalse(os.path.exists(self.path("r", "")))

    def test_what_changed_since_a_run_began(self):
        self.dup("r1", dry_run=False)
        since = ground.module.changed_since("r1", runs_folder=self.runs)
        self.assertEqual((since["began_to_change"], since["changed"]), (True, True))
        self.assertEqual(since["changes"], {"app": {"old": "1.0-1", "new": "3.0-1"}})
        self.dup("r2")
        since = ground.module.changed_since("r2", runs_folder=self.runs)
        self.assertEqual((since["recorded"], since["began_to_change"], since["changed"]), (True, False, False))
        with open(self.path("r2", "plan.json"), "w") as plan:
            json.dump({"checks": {"transactional": True}}, plan)
        self.assertIsNone(ground.module.changed_since("r2", runs_folder=self.runs)["changed"])

    def test_a_torn_result_of_a_real_run_is_settled_by_the_packages_and_the_run_not_done_again(self):
        self.dup("r", dry_run=False)
        self.tear("r")
        again = self.dup("r", dry_run=False)
        self.assertEqual((again["outcome"], again["success"], again["changed"]), ("interrupted", False, True))
        self.assertEqual(again["changes"], {"app": {"old": "1.0-1", "new": "3.0-1"}})
        self.assertEqual([one["new"] for one in again["plan"]["upgrade"]], ["3.0-1"])
        self.assertEqual(self.times_run("r"), 1)
        self.assertEqual(ground.module.run_result("r", runs_folder=self.runs)["outcome"], "interrupted")

    def test_a_torn_result_of_a_dry_run_is_made_anew(self):
        self.dup("r")
        self.tear("r")
        self.assertEqual(ground.module.run_result("r", runs_folder=self.runs)["outcome"], "not_begun")
        self.assertEqual(self.dup("r")["outcome"], "succeeded")

    def test_a_run_that_broke_off_before_it_changed_anything_may_begin_again(self):
        self.dup("r", dry_run=False)
        for name in ("result.json", "changing.json"):
            os.remove(self.path("r", name))
        self.assertEqual(ground.module.run_result("r", runs_folder=self.runs)["outcome"], "not_begun")
        self.assertEqual(self.dup("r", dry_run=False)["outcome"], "nothing_to_do")

    def test_a_worker_that_cannot_begin_is_said_and_not_tried_for_ever(self):
        os.makedirs(self.path("r", "worker.json"))
        result = self.dup("r")
        self.assertEqual((result["success"], result["reason"], result["changed"]), (False, "internal", False))
        self.assertEqual(result["log_tail"].count("IsADirectoryError"), 3)

    def test_what_goes_wrong_in_the_worker_is_its_result(self):
        os.makedirs(self.path("r", "packages.before"))
        result = self.dup("r")
        self.assertEqual((result["success"], result["reason"], result["changed"]), (False, "internal", False))
        self.assertIn("IsADirectoryError", result["comment"])

    def test_test_cases_of_old_runs_go_and_their_results_stay(self):
        for number in range(12):
            self.dup("r{}".format(number))
        kept = [name for name in os.listdir(self.runs) if os.path.isdir(self.path(name, "solverTestCase"))]
        self.assertEqual(len(kept), 10)
        self.assertTrue(ground.module.run_result("r0", runs_folder=self.runs)["success"])

    def test_what_a_dry_run_that_broke_off_had_to_itself_goes_with_a_later_run(self):
        channel = {"label": "c", "url": "https://example.com/", "username": "u", "password": "SECRET"}
        for run_id in ("old", "new", "held"):
            ground.module.set_private_channels(run_id, [channel], root=self.root, runs_folder=self.runs)
        for run_id in ("old", "held"):
            os.utime(self.path(run_id, "credentials.d"), (0, 0))
        handle = ground.module._runs.Run("held", self.runs).lock()
        self.addCleanup(os.close, handle)
        self.dup("r")
        # The run takes its leave after it has its result.
        os.close(ground.module._runs.Run("r", self.runs).lock())
        kept = [one for one in ("held", "new", "old") if os.path.exists(self.path(one, "credentials.d/saltern-c"))]
        self.assertEqual(kept, ["held", "new"])
        self.assertFalse(os.path.exists(self.path("old", "repos.d")))

    def tear(self, run_id):
        with open(self.path(run_id, "result.json"), "r+") as file:
            file.truncate(100)


class BrokenOff(ground.System):
    """In the middle of a real run: `app` is upgraded, and the script of `slow` waits at a gate in the system."""

    def setUp(self):
        super().setUp()
        self.install("app", "slow")
        self.add("gated")
        for name in ("gate", "reached"):
            os.mkfifo(os.path.join(self.root, name))
        self.settings_of_run = self.settings(dry_run=False)
        self.processes = []
        self.addCleanup(self.end_all)

    def begin(self):
        """Asks for the run as a job does, and comes back when zypper is in the middle."""
        process = self.ask()
        with open(os.path.join(self.root, "reached")) as file:
            self.assertEqual(file.read(), "x")
        return process

    def ask(self):
        process = subprocess.Popen(
            [sys.executable, os.path.join(os.path.dirname(__file__), "driver.py"), "r",
             json.dumps(self.settings_of_run)],
            stdout=subprocess.PIPE)
        self.processes.append(process)
        return process

    def open_gate(self):
        with open(os.path.join(self.root, "gate"), "w"):
            pass

    def worker(self):
        with open(self.path("r", "worker.json")) as file:
            return json.load(file)["pid"]

    def kill_all_of_the_run(self):
        """All processes of the worker's session, as when the machine loses its power."""
        session = self.worker()
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.getsid(int(name)) == session:
                    os.kill(int(name), signal.SIGKILL)
            except ProcessLookupError:
                continue

    def end_all(self):
        if os.path.exists(self.path("r", "worker.json")):
            self.kill_all_of_the_run()
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()

    def break_off(self):
        """All of the run is killed, and the job that waits for it, too."""
        job = self.begin()
        job.kill()
        job.wait()
        self.kill_all_of_the_run()
        os.close(ground.module._runs.Run("r", self.runs).lock())

    def result(self):
        return ground.module.run_result("r", runs_folder=self.runs)

    def test_a_job_that_is_killed_and_sent_again_ends_with_the_result_of_the_one_run(self):
        first = self.begin()
        first.kill()
        first.wait()
        self.assertEqual(self.result()["outcome"], "running")
        self.assertEqual(self.dup("r", dry_run=False, wait=0)["outcome"], "running")
        second = self.ask()
        self.open_gate()
        result = json.loads(second.communicate()[0].decode())
        self.assertEqual((result["outcome"], result["success"], result["recorded"]), ("succeeded", True, True))
        self.assertEqual(result["changes"], {
            "app": {"old": "1.0-1", "new": "2.5-1"}, "slow": {"old": "1.0-1", "new": "2.0-1"}})
        self.assertEqual(self.times_run("r"), 1)

    def test_a_job_that_is_ended_with_all_its_children_has_none_that_work(self):
        first = self.begin()
        self.assertEqual(ground.descendants(first.pid), [])
        self.open_gate()
        result = json.loads(first.communicate()[0].decode())
        self.assertEqual((result["outcome"], result["recorded"]), ("succeeded", False))

    def test_a_run_that_is_killed_in_the_middle_says_what_it_changed_and_is_not_done_again(self):
        first = self.begin()
        self.kill_all_of_the_run()
        result = json.loads(first.communicate()[0].decode())
        self.assertEqual((result["outcome"], result["success"], result["changed"]), ("interrupted", False, True))
        self.assertEqual(result["changes"]["app"], {"old": "1.0-1", "new": "2.5-1"})
        self.assertEqual(sorted(one["name"] for one in result["plan"]["upgrade"]), ["app", "slow"])
        self.assertIsNone(result["exit_code"])
        self.assertTrue(os.path.exists(result["test_case"]["path"]))
        self.assertEqual(self.dup("r", dry_run=False)["outcome"], "interrupted")
        self.assertEqual((self.result()["outcome"], self.times_run("r")), ("interrupted", 1))

    def test_of_a_transactional_update_that_is_killed_nobody_knows_what_it_changed(self):
        first = self.begin()
        path = os.path.join(self.runs, "r", "plan.json")
        with open(path) as file:
            plan = json.load(file)
        plan["checks"]["transactional"] = True
        with open(path, "w") as file:
            json.dump(plan, file)
        self.kill_all_of_the_run()
        result = json.loads(first.communicate()[0].decode())
        self.assertEqual((result["outcome"], result["changed"]), ("interrupted", None))

    def test_a_run_that_is_killed_is_settled_though_rpm_cannot_tell_its_packages_and_compared_when_it_can(self):
        self.break_off()
        self.stand_in("rpm", "echo error: cannot open Packages database >&2; exit 1")
        result = self.result()
        self.assertEqual((result["outcome"], result["success"], result["changed"]), ("interrupted", False, None))
        self.assertIn("cannot open Packages database", result["log_tail"])
        self.assertEqual(self.dup("r", dry_run=False)["outcome"], "interrupted")
        self.assertIsNone(ground.module.changed_since("r", runs_folder=self.runs)["changed"])
        os.remove(os.path.join(self.folder, "bin", "rpm"))
        since = ground.module.changed_since("r", runs_folder=self.runs)
        self.assertEqual((since["changed"], since["changes"]["app"]), (True, {"old": "1.0-1", "new": "2.5-1"}))

    def test_a_run_that_is_killed_is_settled_though_rpm_hangs_over_its_packages(self):
        self.break_off()
        asked = ground.hanging_rpm(self)
        result = self.result()
        self.assertEqual((result["outcome"], result["success"], result["changed"]), ("interrupted", False, None))
        self.assertIn("rpm -qa was ended after 1 seconds without an answer.", result["log_tail"])
        self.assertIsNone(ground.module.changed_since("r", runs_folder=self.runs)["changed"])
        self.assertEqual([ground.is_alive(pid) for pid in asked()], [False, False])
        os.remove(os.path.join(self.folder, "bin", "rpm"))
        self.assertTrue(ground.module.changed_since("r", runs_folder=self.runs)["changed"])

    def test_a_run_that_is_killed_is_settled_though_rpm_lists_what_is_no_package(self):
        self.break_off()
        self.stand_in("rpm", "case \"$*\" in *-qa*) echo cannot open Packages database ;; esac")
        result = self.result()
        self.assertEqual((result["outcome"], result["changed"]), ("interrupted", None))
        self.assertIn("rpm -qa lists what is no package: 'cannot open Packages database'", result["log_tail"])

    def test_a_run_that_is_killed_is_settled_though_the_disk_lost_its_files(self):
        self.break_off()
        for name in ("order.json", "plan.json", "packages.before"):
            os.truncate(self.path("r", name), 0)
        result = self.result()
        self.assertEqual((result["outcome"], result["dry_run"], result["changed"]), ("interrupted", False, None))
        self.assertIsNone(ground.module.changed_since("r", runs_folder=self.runs)["changed"])

    def test_a_run_goes_on_as_long_as_zypper_does_though_nobody_waits_for_it(self):
        first = self.begin()
        first.kill()
        first.wait()
        os.kill(self.worker(), signal.SIGKILL)
        self.assertEqual(self.result()["outcome"], "running")
        second = self.ask()
        self.open_gate()
        result = json.loads(second.communicate()[0].decode())
        self.assertEqual((result["outcome"], result["changed"]), ("interrupted", True))
        self.assertEqual(sorted(result["changes"]), ["app", "slow"])
        self.assertEqual(self.times_run("r"), 1)

    def test_an_rpm_that_outlives_its_zypper_is_waited_for(self):
        first = self.begin()
        first.kill()
        first.wait()
        self.kill_all_of_the_run()
        with self.hold_rpms_lock():
            self.assertEqual(self.dup("r", dry_run=False, wait=1)["outcome"], "running")
            self.assertEqual(self.result()["outcome"], "running")
            self.assertIsNone(ground.module.changed_since("r", runs_folder=self.runs)["changed"])
        result = self.dup("r", dry_run=False)
        self.assertEqual((result["outcome"], result["changed"]), ("interrupted", True))

    @contextlib.contextmanager
    def hold_rpms_lock(self):
        """As an rpm does that works."""
        code = ("import fcntl, sys; file = open(sys.argv[1], 'r+b'); fcntl.lockf(file, fcntl.LOCK_EX); "
                "print(flush=True); sys.stdin.read()")
        path = self.root + ground.quiet("rpm", "--eval", "%{_rpmlock_path}").strip()
        with subprocess.Popen(
                [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as rpm:
            rpm.stdout.readline()
            yield

    def test_a_worker_that_outlives_its_zypper_waits_for_rpm_too(self):
        ground.quiet("zypper", "--root", self.root, "-n", "removerepo", "gated")
        self.add("held")
        first = self.begin()
        os.kill(ground.descendants(self.worker())[0], signal.SIGKILL)
        # It ends when rpm does, and not before, however long that takes.
        with self.assertRaises(subprocess.TimeoutExpired):
            first.communicate(timeout=2)
        self.open_gate()
        result = json.loads(first.communicate()[0].decode())
        self.assertEqual((result["outcome"], sorted(result["changes"])), ("failed", ["slow"]))


class NoList(ground.System):
    """rpm does its work, and then cannot tell the packages."""

    def setUp(self):
        super().setUp()
        self.install("app")
        self.add("new")

    def test_a_run_whose_packages_rpm_hangs_over_at_its_end_has_its_result(self):
        asked = ground.hanging_rpm(self, self.path("r", "changing.json"))
        result = self.work()
        self.assertEqual((result["outcome"], result["changed"], result["changes"]), ("succeeded", None, {}))
        self.assertIn("rpm -qa was ended after 1 seconds", result["log_tail"])
        self.assertEqual([ground.is_alive(pid) for pid in asked()], [False])
        self.assertEqual(ground.module.run_result("r", runs_folder=self.runs)["outcome"], "succeeded")
        os.remove(os.path.join(self.folder, "bin", "rpm"))
        self.assertEqual(self.versions(), ["app-3.0"])

    def test_a_run_whose_packages_rpm_hangs_over_at_its_beginning_changes_nothing(self):
        asked = ground.hanging_rpm(self)
        result = self.work()
        self.assertEqual((result["outcome"], result["reason"], result["changed"]), ("failed", "internal", False))
        self.assertIn("rpm -qa was ended after 1 seconds", result["comment"])
        self.assertEqual([ground.is_alive(pid) for pid in asked()], [False])


class Scopes(ground.System):
    """A stand-in for systemd-run, and a folder that says that systemd is there."""

    def setUp(self):
        super().setUp()
        self.install("app")
        self.add("new")
        self.calls = os.path.join(self.folder, "calls")
        system = ground.module._system
        self.addCleanup(setattr, system, "SYSTEMD", system.SYSTEMD)
        system.SYSTEMD = self.folder

    def called(self):
        with open(self.calls) as file:
            return file.read().splitlines()

    def test_the_worker_has_one_of_its_own(self):
        self.stand_in("systemd-run", "echo \"$*\" >> {}; shift 4; exec \"$@\"".format(self.calls))
        self.assertTrue(self.dup("r", dry_run=False)["success"])
        self.assertEqual(len(self.called()), 1)
        self.assertRegex(
            self.called()[0], "^--scope --quiet --description Saltern run r {} -B /.*/__main__.py {} [0-9]+$".format(
                sys.executable, self.path("r", "").rstrip("/")))

    def test_where_none_can_be_had_the_run_goes_on_and_says_so(self):
        self.stand_in("systemd-run", "echo x >> {}; echo Failed to connect to bus >&2; exit 1".format(self.calls))
        result = self.dup("r", dry_run=False)
        self.assertTrue(result["success"], result["comment"])
        self.assertEqual(len(self.called()), 2)
        self.assertRegex(result["log_tail"], "No scope of its own could be had: .*\nFailed to connect to bus\n")


class Snapshots(ground.System):
    """A stand-in for snapper, for there is no file system with snapshots here."""

    def setUp(self):
        super().setUp()
        self.install("app")
        self.add("new")
        self.calls = os.path.join(self.folder, "calls")
        self.stand_in("snapper", "echo \"$*\" >> {0}; wc -l < {0}".format(self.calls))

    def test_their_numbers_are_in_the_result(self):
        result = self.dup("r", dry_run=False, snapshots=True)
        self.assertEqual((result["snapshots"], result["success"]), ({"before": 1, "after": 2}, True))
        with open(self.calls) as file:
            before, after = file.read().splitlines()
        self.assertIn("--type pre --description saltern r", before)
        self.assertIn("--type post --pre-number 1", after)

    def test_none_are_made_where_nothing_is_changed(self):
        self.dup("r1", snapshots=True)
        self.dup("r2", dry_run=False, snapshots=True, from_repos=["nosuch"])
        self.dup("r3", dry_run=False)
        self.assertFalse(os.path.exists(self.calls))

    def test_without_the_one_before_nothing_is_changed(self):
        self.stand_in("snapper", "echo no space; exit 1")
        result = self.dup("r", dry_run=False, snapshots=True)
        self.assertEqual((result["reason"], result["changed"]), ("snapshot", False))
        self.assertIn("no space", result["comment"])
        self.assertEqual(self.versions(), ["app-1.0"])

    def test_a_rollback_is_done_as_it_is_asked_for(self):
        self.assertTrue(ground.module.rollback(12)["reboot_needed"])
        with open(self.calls) as file:
            self.assertTrue(file.read().endswith("rollback 12\n"))
        for wrong in (0, "1; reboot", None, True):
            with self.assertRaises(ValueError):
                ground.module.rollback(wrong)
