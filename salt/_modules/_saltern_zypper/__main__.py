"""
The worker: carries out one run whose order lies in its folder. Arguments: the folder, and the handle of its lock, which
it has inherited. All it needs is loaded before it begins, for a migration may replace these files and Python itself.
"""

import fcntl
import importlib.util
import os
import signal
import sys

_PARTS = "_saltern_zypper_parts"


def main(folder, handle):
    package = _load()
    from _saltern_zypper_parts import runs, work  # pylint: disable=import-error

    assert package is not None
    top, run_id = os.path.split(folder)
    run = runs.Run(run_id, top)
    handle = _lock(run, handle)
    if handle is None or run.result() is not None or run.began_to_change():
        return 1
    if os.fork():
        # Whoever began us goes on, and the worker has no parent any more that would end it with its own children.
        return 0
    os.setsid()
    os.set_inheritable(handle, False)
    run.write("worker.json", {"pid": os.getpid()})
    result = work.Work(run, run.order(), kept_open=(handle,)).carry_out()
    runs.remove_old_test_cases(top)
    runs.remove_left_behind(top)
    return 0 if result["success"] else 2


def _lock(run, handle):
    """The inherited lock; a new one where whatever began us has not handed it on."""
    try:
        if os.path.samestat(os.fstat(handle), os.stat(run.path("lock"))):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
    except OSError:
        pass
    return run.lock(0)


def _load():
    """The package around this file, under a name of its own, and all its parts."""
    folder = os.path.dirname(os.path.abspath(__file__))
    # The folder of this file would hide modules of Python's own that have the same names.
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != folder]
    spec = importlib.util.spec_from_file_location(
        _PARTS, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PARTS] = package
    spec.loader.exec_module(package)
    return package


if __name__ == "__main__":
    # A hang-up of the session that began us is nothing to us; nor is the minion's wish to end its jobs.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
