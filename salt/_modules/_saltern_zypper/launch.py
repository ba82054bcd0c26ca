"""
Begins a run, or waits for it, or finds what became of it. The work itself is done by another process, which nothing
ties to the minion: a migration upgrades the minion, whose service is then restarted. A restart ends what is in its
control group, so there is a scope of its own where there is systemd; and a job of Salt's that is told to end passes
that on to all that descends from it, so the worker descends from none (see `__main__`).
"""

import os
import subprocess
import sys
import time

from . import masking, output, records, system, work

# The Python of the minion, that of the system, and at last without a scope: systemd may be there and not answer.
_BEGINNINGS = 3
_WITH_SCOPE = 2
_RPM_SECONDS = 600


def dist_upgrade(run, order, wait=None):
    """
    The result of the run, which is begun if it has not been. Who asks while it goes on gets its result when it is
    there: a resent job ends as the first would have. `wait` bounds that; then the outcome is "running".
    """
    workers = []
    while True:
        if workers and not _has_begun(workers[-1], wait):
            return still_running(run)
        handle = run.lock(wait)
        if handle is None:
            return still_running(run)
        try:
            result = _under_lock(run, order, wait)
            if result is not None:
                return dict(result, recorded=not workers)
            if len(workers) == _BEGINNINGS:
                return _never_began(run, order)
            workers.append(_begin(run, order, handle, len(workers)))
        finally:
            os.close(handle)


def _under_lock(run, order, wait):
    """The result where there is one; None where the run is to begin."""
    run.set_torn_result_aside()
    known = run.order()
    if known is not None and any(known.get(name, value) != value for name, value in order.items()):
        return dict(work.empty_result(run, order), reason="parameters", changed=None, comment=(
            "The run_id {} stands for a run with other parameters. A new run needs a new run_id.".format(run.run_id)))
    result = run.result()
    if result is not None:
        return result
    return settle_interrupted(run, _RPM_SECONDS if wait is None else wait) if run.began_to_change() else None


def _begin(run, order, handle, attempt):
    """
    Begins a worker that inherits the lock, and leaves before it sets to work. Our own handle is of the same lock, and
    closing it does not free it; so whoever asks, we too, waits for the end of the worker.
    """
    run.write("order.json", order)
    command = [_python(attempt), "-B", os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py"),
               run.folder, str(handle)]
    if system.systemd_runs() and attempt < _WITH_SCOPE:
        command = [
            "systemd-run", "--scope", "--quiet", "--description", "Saltern run {}".format(run.run_id)] + command
    elif system.systemd_runs():
        run.log("No scope of its own could be had: {}".format(records.tail(run.path("worker.log"), 500).strip()))
    with open(run.path("worker.log"), "ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[handle], start_new_session=True,
            cwd="/")


def _has_begun(worker, wait):
    """What we started is at its end when the worker proper has the lock, or when there will be none."""
    try:
        worker.wait(wait)
    except subprocess.TimeoutExpired:
        return False
    return True


def _python(attempt):
    """The Python that runs the minion, or the system's where that is no Python or did not get far."""
    own = sys.executable or ""
    return own if os.path.basename(own).startswith("python") and attempt == 0 else "/usr/bin/python3"


def still_running(run):
    return {
        "run_id": run.run_id, "outcome": "running", "success": False, "changed": None, "reason": None,
        "comment": "The run {} is still going on.".format(run.run_id),
    }


def _never_began(run, order):
    return dict(
        work.empty_result(run, order), reason="internal", changed=False if not run.began_to_change() else None,
        comment="The worker ended several times without a result.",
        log_tail=masking.mask(records.tail(run.path("worker.log"), work.LOG_TAIL_BYTES)))


def settle_interrupted(run, wait):
    """
    Called with the lock: nobody works on this run, it had begun to change the system, and has no result. It gets one
    that says what changed since, and is never begun again. An rpm that outlived its zypper is waited for; the run goes
    on as long as it does.
    """
    # A disk that lost the order may have lost the plan as well; a dry run never comes here.
    order = run.order() or {"dry_run": False}
    if not system.rpm_rests(order.get("root"), wait):
        return still_running(run)
    result = records.read_json(run.path("plan.json")) or work.empty_result(run, order)
    changing = records.read_json(run.path("changing.json")) or {}
    # What a transactional update changed is there after the next boot only: the packages of now prove nothing.
    changes = None if run.is_transactional() else run.changes_since()
    result.update(
        outcome="interrupted", success=False, reason="interrupted", exit_code=None, ended=time.time(),
        exit_meaning="zypper's end was not seen", snapshots=changing.get("snapshots", {}),
        changed=None if changes is None else bool(changes), changes=changes or {},
        comment=_interrupted_words(changes),
        log_tail=records.tail(run.path("log"), work.LOG_TAIL_BYTES) + _last_words(run))
    result = masking.mask_all(result)
    run.finish(result)
    return result


def _interrupted_words(changes):
    if changes is None:
        return "The run broke off. What it changed is not known."
    if not changes:
        return "The run broke off before any package had changed."
    return "The run broke off. {} packages have changed since it began.".format(len(changes))


def _last_words(run):
    said = output.parse(records.read(run.path("dup.xml")) or "")
    return "".join("\n" + text for _, text in said.messages)


def result_of(run):
    """What is known of a run, without beginning it."""
    if not run.exists():
        return dict(still_running(run), outcome="not_begun", comment="There is no trace of the run here.")
    handle = run.lock(0)
    if handle is None:
        return still_running(run)
    try:
        run.set_torn_result_aside()
        result = run.result()
        if result is not None:
            return dict(result, recorded=True)
        if run.began_to_change():
            return settle_interrupted(run, 0)
    finally:
        os.close(handle)
    return dict(still_running(run), outcome="not_begun", changed=False, comment=(
        "The run broke off before it had begun to change anything; it may be begun again."))
