"""
One run under its run_id, on the minion's disk. It is done once, however often it is asked for.

    worker.json      the process that works on it
    order.json       what was asked, written before anything else
    packages.before  the packages when it began
    plan.json        what zypper would do
    changing.json    written before the first thing that may change the system
    packages.after, result.json

The lock of the folder is held by whoever works on it: by the process that begins it, handed on to the worker and to
zypper itself. So a free lock and no result mean that the run broke off. If nothing had been begun that changes the
system, it may begin again; else it never does: its result is then the comparison of the packages.
"""

import fcntl
import os
import re
import shutil
import time

from . import masking, records, system

DEFAULT_FOLDER = "/var/lib/saltern/runs"
KEPT_TEST_CASES = 10
KEPT_PRIVATE_SECONDS = 86400

_RUN_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")


class Run:
    def __init__(self, run_id, folder=None):
        if not isinstance(run_id, str) or not _RUN_ID.match(run_id):
            raise ValueError("a run_id is up to 100 letters, digits, dots, dashes and underscores, not: {!r}".format(
                run_id))
        self.run_id = run_id
        self.folder = os.path.join(folder or DEFAULT_FOLDER, run_id)

    def path(self, name):
        return os.path.join(self.folder, name)

    def exists(self):
        return os.path.isdir(self.folder)

    def order(self):
        return records.read_json(self.path("order.json"))

    def result(self):
        return records.read_json(self.path("result.json"))

    def began_to_change(self):
        return os.path.exists(self.path("changing.json"))

    def is_transactional(self):
        """Whether it changes the system of the next boot; a run that patches first has no plan until that is done."""
        plan, changing = (records.read_json(self.path(name)) or {} for name in ("plan.json", "changing.json"))
        return bool(plan.get("checks", {}).get("transactional") or changing.get("transactional"))

    def packages_before(self):
        return records.read_json(self.path("packages.before"))

    def lock(self, wait=None):
        """
        The handle of the lock, or None where somebody else has it: after `wait` seconds, or, where that is None, never.
        """
        records.make_folder(self.folder)
        handle = os.open(self.path("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if wait is None:
            fcntl.flock(handle, fcntl.LOCK_EX)
            return handle
        give_up = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except BlockingIOError:
                left = give_up - time.monotonic()
                if left <= 0:
                    os.close(handle)
                    return None
                time.sleep(min(1, left))

    def write(self, name, value):
        records.write_json(self.path(name), value)

    def log(self, text):
        """A line for people, without the secrets in addresses."""
        if text.strip():
            with open(self.path("log"), "a", encoding="utf-8", errors="replace") as file:
                file.write(masking.mask(text.rstrip()) + "\n")

    def finish(self, result):
        """The result is written last; what a dry run alone needed goes before, so that nothing of it stays."""
        self.remove_private()
        self.write("result.json", result)

    def remove_private(self):
        """The private repositories and caches of a dry run."""
        order = self.order() or {}
        places = [self.path("repos.d"), self.path("credentials.d"), self.path("cache")]
        if order.get("root"):
            # Under --root, libzypp puts the list of installed packages below the root.
            places.append(order["root"].rstrip("/") + self.path("cache"))
        for place in places:
            shutil.rmtree(place, ignore_errors=True)

    def set_torn_result_aside(self):
        if os.path.exists(self.path("result.json")) and self.result() is None:
            os.rename(self.path("result.json"), self.path("result.torn"))

    def changes_since(self):
        """
        The packages of then against those of now; None where either are not known, as while rpm works, or its list is
        broken.
        """
        before = self.packages_before()
        root = (self.order() or {}).get("root")
        if before is None or not system.rpm_rests(root, 0):
            return None
        try:
            return system.differences(before, system.packages(root))
        except OSError as error:
            self.log("The packages cannot be listed: {}".format(error))
            return None


def remove_old_test_cases(folder=None):
    """Test cases can be tens of megabytes: those of the latest runs stay. Results always do."""
    top = folder or DEFAULT_FOLDER
    cases = [os.path.join(top, name, "solverTestCase") for name in os.listdir(top)]
    cases = sorted((case for case in cases if os.path.isdir(case)), key=os.path.getmtime, reverse=True)
    for case in cases[KEPT_TEST_CASES:]:
        shutil.rmtree(case, ignore_errors=True)


def remove_left_behind(folder=None):
    """What dry runs that broke off had to themselves, credentials among it, where nobody asked for them for a day."""
    top = folder or DEFAULT_FOLDER
    for run in [Run(name, top) for name in os.listdir(top) if _RUN_ID.match(name)]:
        place = run.path("credentials.d")
        if not os.path.isdir(place) or time.time() - os.path.getmtime(place) < KEPT_PRIVATE_SECONDS:
            continue
        handle = run.lock(0)
        if handle is not None:
            run.remove_private()
            os.close(handle)
