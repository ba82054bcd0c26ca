"""
What the worker does for one run: look, plan, judge, and, if the run is a real one and nothing speaks against it,
change. Nothing is changed before zypper's own dry run went well and stayed within the limits.
"""

import os
import re
import time
import traceback

from . import exits, judgement, keys, masking, records, repositories, solver_case, system, transactional, zypper

LOG_TAIL_BYTES = 16000
_STACK_ROUNDS = 5


class Stop(Exception):
    """Why the run ends here: a word for programs and a sentence for people."""

    def __init__(self, reason, comment):
        super().__init__(comment)
        self.reason = reason
        self.comment = comment


class Work:
    def __init__(self, run, order, kept_open=()):
        self.run = run
        self.order = order
        self.zypper = zypper.Zypper(run, order, kept_open)
        self.result = empty_result(run, order)
        self.patched = False
        self.repositories = repositories.enabled(order["reposd_dir"], order["root"])

    def carry_out(self):
        """The result, which is on the disk when this returns."""
        result = self.result
        try:
            self._steps()
        except Stop as stop:
            result.update(outcome="failed", reason=stop.reason, comment=stop.comment)
        except Exception as error:  # pylint: disable=broad-except
            self.run.log(traceback.format_exc())
            result.update(outcome="failed", reason="internal", comment="{}: {}".format(type(error).__name__, error))
        self._snapshot("after")
        self._compare()
        result["success"] = result["outcome"] in ("succeeded", "nothing_to_do")
        result["ended"] = time.time()
        result["log_tail"] = records.tail(self.run.path("log"), LOG_TAIL_BYTES)
        result = masking.mask_all(result)
        self.run.finish(result)
        return result

    def _steps(self):
        root = self.order["root"]
        self.run.write("packages.before", system.packages(root))
        self._check()
        if self.order["patch_stack_first"] and not self.order["dry_run"]:
            self._patch_stack()
        self._make_test_case()
        self._plan()
        count = sum(len(part) for part in self.result["plan"].values())
        if count == 0 and self.patched:
            self._take_reboot()
            self.result.update(outcome="succeeded", comment="Done: patches of the update stack. Nothing else to do.")
        elif count == 0:
            self.result.update(outcome="nothing_to_do", comment="Nothing to do.")
        elif self.order["dry_run"]:
            self.result.update(
                outcome="succeeded", comment="Would succeed: {}.".format(judgement.in_words(self.result["plan"])))
        else:
            self._change()

    def _check(self):
        """Looks at the system. What speaks against any run stops it here, before zypper is asked."""
        order, checks = self.order, self.result["checks"]
        checks["unsigned_repositories"] = [one["alias"] for one in self.repositories if not one["signed"]]
        checks["read_only_root"] = system.is_read_only(order["root"])
        checks["transactional"] = checks["read_only_root"] and transactional.tukit() is not None
        if checks["read_only_root"] and not checks["transactional"] and not order["dry_run"]:
            raise Stop("read_only", "The root file system is read-only, and there is no transactional-update (tukit).")
        if not self.repositories:
            raise Stop("no_repositories", "No repository is enabled.")
        checks["locked_by"] = system.lock_holder(order["root"])
        self._check_signatures()
        code, said = self._call("stack", ["patch-check", "--updatestack-only"])
        if code == exits.LOCKED:
            self._stop_locked(said)
        checks["update_stack_patches_pending"] = code in (100, 101)

    def _check_signatures(self):
        """Whether a real run would take the repositories of a dry run that has them to itself."""
        if not self.order["reposd_dir"]:
            return
        self.zypper.checks_signatures = True
        code, said = self._call("signatures", ["refresh"])
        self.zypper.checks_signatures = False
        if code == exits.LOCKED:
            self._stop_locked(said)
        wrong = judgement.of_signatures(said, keys.noted(self.order["reposd_dir"]))
        if wrong is not None:
            self._take_code(code)
            self._take_words(said)
            raise Stop(*wrong)

    def _patch_stack(self):
        """Patches of zypper itself come first; each may bring a zypper that finds more of them."""
        if not self.result["checks"]["update_stack_patches_pending"]:
            return
        self._begin_to_change()
        self.zypper.transactional = self.result["checks"]["transactional"]
        for _ in range(_STACK_ROUNDS):
            code, said = self._call("patch", ["patch", "--updatestack-only"] + (
                ["--auto-agree-with-licenses"] if self.order["auto_agree_with_licenses"] else []))
            self._take_code(code)
            self._take_words(said)
            self._look_at_snapshot("patch", code)
            if code not in exits.DONE:
                self.result["problems"] = said.problems
                raise Stop(*judgement.of_failure(code, said, "The patches of the update stack failed"))
            self.patched |= said.plan is not None and any(said.plan.values())
            self.result["reboot_needed"] |= code == 102 or said.reboot_needed
            if code not in (102, 103):
                break
        self.zypper.transactional = False

    def _make_test_case(self):
        """Always first, so that it is there whatever happens next. zypper does nothing else in such a call."""
        code, said = self._call("testcase", self.zypper.dup_arguments() + ["--dry-run", "--debug-solver"])
        if code == exits.LOCKED:
            self._stop_locked(said)
        place, case = solver_case.place_of(said.messages), self.result["test_case"]
        if place is None or not os.path.isdir(place):
            case["error"] = "zypper wrote none"
            return
        try:
            solver_case.keep(place, self.run.path("solverTestCase"))
            case.update(path=self.run.path("solverTestCase"), latest=place)
        except OSError as error:
            case["error"] = str(error)

    def _plan(self):
        result = self.result
        code, said = self._call("plan", self.zypper.dup_arguments() + ["--dry-run"])
        self._take_code(code)
        if said.plan is not None:
            if result["test_case"].get("path"):
                said.reboot_needed |= solver_case.complete(said.plan, result["test_case"]["path"])
            result.update(
                plan=said.plan, counts={kind: len(part) for kind, part in said.plan.items()},
                download_bytes=said.download_bytes, disk_bytes=said.disk_bytes)
        result["problems"] = said.problems
        result["reboot_needed"] |= said.reboot_needed
        self._take_words(said)
        self.run.write("plan.json", masking.mask_all(result))
        reason = judgement.of_plan(code, said, self.order, system.lock_holder(self.order["root"]))
        if reason is None:
            reason = self._lack_of_room(said)
        if reason is not None:
            raise Stop(*reason)

    def _lack_of_room(self, said):
        root = self.order["root"] or "/"
        free = {"cache": system.free_bytes(os.path.join(root, "var/cache/zypp")), "root": system.free_bytes(root)}
        self.result["checks"]["free_bytes"] = free
        return judgement.of_room(said, free)

    def _change(self):
        result = self.result
        self._begin_to_change()
        self.zypper.transactional = result["checks"]["transactional"]
        code, said = self._call("dup", self.zypper.dup_arguments() + ["--download", "in-advance"])
        self._take_code(code)
        self._take_words(said)
        self._look_at_snapshot("dup", code)
        result["problems"] = said.problems
        if code not in exits.DONE:
            raise Stop(*judgement.of_failure(code, said, "zypper dup failed"))
        result["reboot_needed"] |= code == 102 or said.reboot_needed
        self._take_reboot()
        result.update(outcome="succeeded", comment="Done: {}.".format(judgement.in_words(result["plan"])))
        if code == 107:
            result["comment"] += " Scripts of packages failed; see the log."

    def _take_reboot(self):
        """What the system itself says, after it was changed."""
        self.result["reboot_needed"] |= self.result["checks"]["transactional"] or (
            self.order["root"] is None and system.wants_reboot())

    def _look_at_snapshot(self, name, code):
        """What zypper cannot say itself: that it did not come to run, or that its work was thrown away after all."""
        if self.zypper.transactional and not self.zypper.kept_last and (code is None or code in exits.DONE):
            raise Stop("transaction", "{}:\n{}".format(
                "zypper could not be run in a snapshot" if code is None else "tukit did not keep what zypper had done",
                records.tail(self.run.path(name + ".errors"), LOG_TAIL_BYTES).strip()))

    def _begin_to_change(self):
        """From here on the run is never begun again."""
        if not self.run.began_to_change():
            self._snapshot("before")
            self.run.write("changing.json", {
                "began": time.time(), "snapshots": self.result["snapshots"],
                "transactional": self.result["checks"]["transactional"]})

    def _snapshot(self, when):
        snapshots = self.result["snapshots"]
        if not self.order["snapshots"] or (when == "after" and "before" not in snapshots):
            return
        arguments = ["create", "--cleanup-algorithm", "number", "--print-number"]
        if when == "before":
            arguments += ["--type", "pre"]
        else:
            arguments += ["--type", "post", "--pre-number", str(snapshots["before"])]
        code, said = system.snapper(*arguments, "--description", "saltern " + self.run.run_id)
        number = re.search(r"^(\d+)\s*$", said, re.M)
        if code == 0 and number:
            snapshots[when] = int(number.group(1))
        elif when == "before":
            raise Stop("snapshot", "No snapshot could be made: {}".format(said.strip()))
        else:
            snapshots["error"] = said.strip()

    def _compare(self):
        """What really changed. A list that cannot be had is said to be unknown, not empty."""
        result = self.result
        if self.order["dry_run"] or not self.run.began_to_change():
            result["changed"] = False
            return
        try:
            after = self._packages_after()
            self.run.write("packages.after", after)
            result["changes"] = system.differences(self.run.packages_before(), after)
            result["changed"] = bool(result["changes"])
        except OSError as error:
            result["changed"] = None
            self.run.log(str(error))

    def _packages_after(self):
        """Those of now; on a transactional system those of the next boot, if a snapshot is to be its root."""
        if self.zypper.has_next_boot:
            if self.zypper.packages_of_next_boot is None:
                raise OSError("What the snapshot of the next boot has is not known.")
            return self.zypper.packages_of_next_boot
        if not system.rpm_rests(self.order["root"]):
            raise OSError("rpm is still changing packages; what it comes to is not known.")
        return system.packages(self.order["root"])

    def _stop_locked(self, said):
        self._take_code(exits.LOCKED)
        self._take_words(said)
        raise Stop("locked", judgement.locked_words(said, system.lock_holder(self.order["root"])))

    def _take_code(self, code):
        self.result.update(exit_code=code, exit_meaning=exits.meaning(code))

    def _take_words(self, said):
        self.result.update(errors=said.errors(), warnings=said.warnings())

    def _call(self, name, arguments):
        self.run.log("# zypper {}".format(" ".join(arguments)))
        code, said = self.zypper.call(name, arguments)
        for kind, text in said.messages:
            self.run.log(text if kind == "info" else "{}: {}".format(kind, text))
        for problem in said.problems:
            self.run.log("Problem: " + problem["problem"])
            for number, solution in enumerate(problem["solutions"], 1):
                self.run.log(" Solution {}: {}".format(number, solution))
        self.run.log(records.tail(self.run.path(name + ".errors"), LOG_TAIL_BYTES))
        self.run.log("# exit code {}: {}\n".format(code, exits.meaning(code)))
        return code, said


def empty_result(run, order):
    return {
        "run_id": run.run_id, "dry_run": order["dry_run"], "began": time.time(), "outcome": "failed", "success": False,
        "reason": None, "comment": "", "exit_code": None, "exit_meaning": None, "changed": None, "changes": {},
        "plan": {}, "counts": {}, "problems": [], "errors": [], "warnings": [], "checks": {}, "snapshots": {},
        "test_case": {"path": None}, "download_bytes": None, "disk_bytes": None, "reboot_needed": False,
        "log_tail": "",
    }
