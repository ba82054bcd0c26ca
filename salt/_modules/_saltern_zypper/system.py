"""What the system itself says: packages, who holds the lock, room on the disk, snapshots, read-only root."""

import fcntl
import os
import shutil
import subprocess
import time

SYSTEMD = "/run/systemd/system"

# rpm waits for ever for a lock that its database kept of an rpm that was killed. Whoever asks waits for us meanwhile,
# the server for ten minutes.
PACKAGES_SECONDS = 120

_FORMAT = "%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{VENDOR}\\n"


def clean_environment(more=None):
    """For programs of the system: in English, and without what a Salt that brings its own libraries has set."""
    kept = {name: value for name, value in os.environ.items()
            if name not in ("LD_LIBRARY_PATH", "LANGUAGE") and not name.startswith(("PYTHON", "LC_"))}
    kept.update({"LC_ALL": "C", "LANG": "C"})
    kept.setdefault("HOME", "/root")
    kept.setdefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
    kept.update(more or {})
    return kept


def run(command, seconds=600):
    """Exit code and text of a program; a code of None where it could not be run at all."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=clean_environment(), timeout=seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, str(error)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def rpm_rests(root=None, seconds=600):
    """
    Whether no transaction of rpm is under way, or ends within some seconds. One that zypper had begun outlives a zypper
    that is killed, and changes packages until it ends. rpm holds its lock meanwhile.
    """
    code, path = run(["rpm", "--eval", "%{?_rpmlock_path}"])
    path = (root or "").rstrip("/") + path.strip()
    if code != 0 or not os.path.isfile(path):
        return True
    give_up = time.monotonic() + seconds
    with open(path, "rb") as file:
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return True
            except (BlockingIOError, PermissionError):
                if time.monotonic() >= give_up:
                    return False
                time.sleep(0.5)


def packages(root=None):
    """
    All installed packages by name: a sorted list of [version, architecture, vendor]. Keys of repositories, which
    rpm keeps as packages, are none. An OSError where the list cannot be had, whatever the cause.
    """
    try:
        done = subprocess.run(
            packages_command(root), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=clean_environment(), timeout=PACKAGES_SECONDS)
    except subprocess.SubprocessError as error:
        raise OSError("rpm -qa was ended after {} seconds without an answer.".format(PACKAGES_SECONDS)
                      if isinstance(error, subprocess.TimeoutExpired) else "rpm -qa: {}".format(error))
    if done.returncode != 0:
        raise OSError("rpm -qa ended with {}: {}".format(
            done.returncode, done.stderr.decode("utf-8", "replace").strip()))
    return packages_of(done.stdout.decode("utf-8", "replace"))


def packages_command(root=None):
    return ["rpm"] + (["--root", root] if root else []) + ["-qa", "--qf", _FORMAT]


def packages_of(text):
    """What that command lists; an OSError where that is something else."""
    found = {}
    for line in text.splitlines():
        try:
            name, version, arch, vendor = line.split("\t")
        except ValueError:
            raise OSError("rpm -qa lists what is no package: {!r}".format(line[:200]))
        if name != "gpg-pubkey":
            found.setdefault(name, []).append([version, arch, vendor])
    return {name: sorted(versions) for name, versions in found.items()}


def differences(before, after):
    """What changed between two lists, as Salt says it: {name: {"old": …, "new": …}}; no text where there is none."""
    changes = {}
    for name in sorted(set(before) | set(after)):
        old, new = before.get(name, []), after.get(name, [])
        if [one[:2] for one in old] != [one[:2] for one in new]:
            with_arch = [one[0] for one in old] == [one[0] for one in new]
            changes[name] = {"old": _versions(old, with_arch), "new": _versions(new, with_arch)}
    return changes


def _versions(packages_of_name, with_arch):
    return ",".join(".".join(one[:2]) if with_arch else one[0] for one in packages_of_name)


def lock_holder(root=None):
    """Who holds the lock of the package management: {"pid", "name"}, or None."""
    for path in ("run/zypp.pid", "var/run/zypp.pid"):
        try:
            with open(os.path.join(root or "/", path)) as file:
                pid = int(file.read().split()[0])
            with open("/proc/{}/cmdline".format(pid), "rb") as file:
                words = file.read().split(b"\0")
            return {"pid": pid, "name": " ".join(word.decode("utf-8", "replace") for word in words[:4]).strip()}
        except (OSError, ValueError, IndexError):
            continue
    return None


def is_read_only(root=None):
    """Asked as access(2): a snapshot of btrfs may be read-only itself, though it is mounted to be written to."""
    return bool(os.statvfs(root or "/").f_flag & os.ST_RDONLY) or not os.access(root or "/", os.W_OK)


def free_bytes(path):
    """Room for root on the file system of a path that may not exist yet."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize


def systemd_runs():
    return os.path.isdir(SYSTEMD) and shutil.which("systemd-run") is not None


def snapper(*arguments):
    """Exit code and text; None as the code where there is no snapper that could be asked."""
    if shutil.which("snapper") is None:
        return None, "snapper is not installed"
    return run(["snapper"] + (["--no-dbus"] if not systemd_runs() else []) + list(arguments))


def wants_reboot():
    return any(os.path.exists(path) for path in ("/run/reboot-needed", "/var/run/reboot-needed"))
