"""
Service-pack migrations on the minion: channels as repositories, and `zypper dup` with all that Saltern must know about
it. For Salt 3004 and newer, Python 3.6 and newer. docs/service-packs.md describes parameters and results.

A run is done once under its run_id, by a process of its own that outlives the minion. Its result and the packages of
before and after are on the disk, under /var/lib/saltern/runs/<run_id>, before anything is returned.
"""

import importlib.util
import logging
import os
import shutil
import sys

log = logging.getLogger(__name__)

__virtualname__ = "saltern_zypper"

_PARTS = "_saltern_zypper_parts"


def _load_parts():
    """The package `_saltern_zypper` beside this file, anew each time that Salt loads this one: it may be a new one."""
    for name in [name for name in sys.modules if name == _PARTS or name.startswith(_PARTS + ".")]:
        del sys.modules[name]
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_saltern_zypper")
    spec = importlib.util.spec_from_file_location(
        _PARTS, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PARTS] = package
    spec.loader.exec_module(package)


_load_parts()

from _saltern_zypper_parts import channels as _channels  # noqa: E402
from _saltern_zypper_parts import launch as _launch  # noqa: E402
from _saltern_zypper_parts import order as _order  # noqa: E402
from _saltern_zypper_parts import records as _records  # noqa: E402
from _saltern_zypper_parts import runs as _runs  # noqa: E402
from _saltern_zypper_parts import solver_case as _solver_case  # noqa: E402
from _saltern_zypper_parts import system as _system  # noqa: E402


def __virtual__():
    if shutil.which("zypper") is None:
        return False, "There is no zypper here."
    return __virtualname__


def dist_upgrade(
        run_id, dry_run=True, from_repos=None, allow_vendor_change=None, auto_agree_with_licenses=False,
        replace_files=False, no_recommends=False, remove_limit=None, forbid_removal=None, snapshots=False,
        patch_stack_first=False, lock_wait=None, reposd_dir=None, root=None, zypp_conf=None, runs_folder=None,
        wait=None):
    """
    `zypper dup`, or what it would do. Asked again with the same run_id, it waits for that run and hands back its
    result. `wait` bounds the waiting, in seconds; the outcome is "running" then.

    .. code-block:: bash

        salt '*' saltern_zypper.dist_upgrade run-1 dry_run=True
    """
    run = _runs.Run(run_id, runs_folder)
    order = _order.of({
        "dry_run": dry_run, "from_repos": from_repos, "allow_vendor_change": allow_vendor_change,
        "auto_agree_with_licenses": auto_agree_with_licenses, "replace_files": replace_files,
        "no_recommends": no_recommends, "remove_limit": remove_limit, "forbid_removal": forbid_removal,
        "snapshots": snapshots, "patch_stack_first": patch_stack_first, "lock_wait": lock_wait,
        "reposd_dir": reposd_dir, "root": root, "zypp_conf": zypp_conf})
    return _launch.dist_upgrade(run, order, wait)


def run_result(run_id, runs_folder=None):
    """
    The recorded result of a run. Its outcome is "running" while the run goes on, "not_begun" where there is no trace of
    it, and "interrupted" where it broke off after it had begun to change packages.
    """
    return _launch.result_of(_runs.Run(run_id, runs_folder))


def changed_since(run_id, runs_folder=None):
    """
    The packages when the run began against those of now. `changed` is None where that is not known: while rpm is at
    work, or on a transactional system, where no difference may mean that it has not booted since. A run that never
    began to change the system has `began_to_change` false.
    """
    run = _runs.Run(run_id, runs_folder)
    changes = run.changes_since() if run.exists() else None
    if not changes and run.is_transactional():
        changes = None
    return {
        "run_id": run_id, "recorded": run.order() is not None, "began_to_change": run.began_to_change(),
        "changed": None if changes is None else bool(changes), "changes": changes or {},
    }


def fetch_test_case(run_id, limit=10000000, runs_folder=None):
    """The solver test case of a run: `content` is a tar.gz in base64, of at most `limit` characters."""
    return dict(_solver_case.packed(_runs.Run(run_id, runs_folder).path("solverTestCase"), limit), run_id=run_id)


def rollback(number):
    """
    Makes the system that of a snapshot, by `snapper rollback`; it takes effect with the next boot. Only ever done when
    it is asked for.
    """
    if isinstance(number, bool) or not str(number).isdigit() or int(number) < 1:
        raise ValueError("a snapshot has a number from 1, not {!r}".format(number))
    code, said = _system.snapper("rollback", str(number))
    return {
        "success": code == 0, "number": int(number), "exit_code": code, "said": said.strip(),
        "reboot_needed": code == 0}


def set_channels(channels, foreign="keep", test=False, root=None, with_keys="needed"):
    """
    Makes exactly these channels the minion's repositories of our name. What changed, without secrets. Where a key
    cannot be had nothing is changed; with `with_keys="wished"` that is a warning; with "left out" none is looked at.
    """
    return _channels.Channels(channels, foreign, root).apply(test, with_keys)


def set_private_channels(run_id, channels, foreign="keep", root=None, runs_folder=None):
    """
    The same for a dry run: into a folder under its run, which the run removes when it ends. The folder, for
    dist_upgrade; nothing is written where the run has its result already.
    """
    run = _runs.Run(run_id, runs_folder)
    wanted = _channels.Channels(channels, foreign, root)
    handle = run.lock(0)
    if handle is not None:
        try:
            if run.result() is None and not run.began_to_change():
                wanted.write_private(run.path("repos.d"), run.path("credentials.d"))
        finally:
            os.close(handle)
    return run.path("repos.d")
