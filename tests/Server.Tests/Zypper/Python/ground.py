"""
The ground of the tests: small packages, repositories of them, and systems below a folder on which zypper works.
Packages are built once for all tests, in a folder that goes with the process.
"""

import atexit
import gzip
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4))
SALT = os.path.join(ROOT, "salt")
TEST_CASE = "/var/log/zypper.solverTestCase"

_SPEC = """
Name: {name}
Version: {version}
Release: 1
Summary: a package of a test
License: MIT
Vendor: {vendor}
BuildArch: noarch
{more}
%description
Nothing.
%files
"""

# Blocks the installation until the test lets it go on: it says that it is there, then waits at the gate.
GATED = """
%post -p <lua>
local reached = io.open("/reached", "w")
reached:write("x")
reached:close()
local gate = io.open("/gate", "r")
gate:read("*a")
gate:close()
"""

# The same before the package is there.
HELD = GATED.replace("%post", "%pre")

# rpm gives up on the package.
FAILING = """
%pre -p <lua>
error("it does not want to")
"""

_PACKAGES = {
    "sp1": [("app", "1.0", "Lab"), ("lib", "1.0", "Lab"), ("tool", "2.0", "Lab"),
            ("conf", "1.0", "Lab", "Requires: app = 1.0"), ("slow", "1.0", "Lab")],
    "sp2": [("app", "2.0", "Lab", "Requires: extra"), ("extra", "1.0", "Lab"), ("lib", "1.1", "Other"),
            ("tool", "1.0", "Lab")],
    "new": [("app", "3.0", "Lab")],
    "kernel": [("app", "4.0", "Lab", "Provides: installhint(reboot-needed)")],
    "gated": [("app", "2.5", "Lab"), ("slow", "2.0", "Lab", "Requires: app = 2.5", GATED)],
    "held": [("slow", "3.0", "Lab", "", HELD)],
    "broken": [("app", "2.0", "Lab", "Requires: missing"), ("lib", "2.0", "Lab", "Requires: also-missing")],
    "licensed": [("app", "2.0", "Lab")],
    "lost": [("app", "2.0", "Lab", "Requires: lib = 1.2"), ("lib", "1.2", "Lab")],
    "huge": [("app", "2.0", "Lab")],
    "failing": [("app", "2.0", "Lab", "", FAILING)],
    "stack": [("app", "2.0", "Lab"), ("tool", "3.0", "Lab")],
    "rebooting-stack": [("tool", "3.0", "Lab")],
    "failing-stack": [
        ("app", "2.0", "Lab"), ("tool", "3.0", "Lab"), ("lib", "2.0", "Lab", "Requires: tool = 3.0", FAILING)],
}

# The packages of repositories that a patch of the update stack brings.
_STACKS = {
    "stack": [("tool", "3.0")], "rebooting-stack": [("tool", "3.0", "<reboot_suggested>1</reboot_suggested>")],
    "failing-stack": [("tool", "3.0"), ("lib", "2.0")],
}

_PATCH = """<?xml version="1.0" encoding="UTF-8"?>
<updates>
<update from="lab@example.com" status="stable" type="recommended" version="1">
<id>stack</id><title>The update stack</title><severity>moderate</severity><release>Lab</release>
<issued date="1795829576"/><references/><description>Mends it.</description>
<pkglist><collection short="lab"><name>Lab</name>
{}
</collection></pkglist>
</update>
</updates>
"""

_PATCHED = """
<package name="{0}" epoch="0" version="{1}" release="1" arch="noarch" src="{0}-{1}-1.src.rpm">
<filename>{0}-{1}-1.noarch.rpm</filename><restart_suggested>1</restart_suggested>{2}
</package>
"""

_built = []


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, os.path.join(SALT, path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


module = load("_modules/saltern_zypper.py", "salt_loaded_saltern_zypper")


def quiet(*command, **more):
    return subprocess.run(
        command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True, **more).stdout


def repositories():
    """The folder with one repository each."""
    if not _built:
        folder = tempfile.mkdtemp(prefix="saltern-rpms-")
        atexit.register(shutil.rmtree, folder, True)
        for name, packages in _PACKAGES.items():
            for package in packages:
                _build(folder, name, *package)
            quiet("createrepo_c", "-q", "--no-database", "--simple-md-filenames", os.path.join(folder, name))
        _change_primary(
            os.path.join(folder, "licensed"), lambda text: text.replace("<format>", "<eula>Agree!</eula><format>"))
        _change_primary(
            os.path.join(folder, "huge"),
            lambda text: re.sub(r'size package="\d+"', 'size package="{}"'.format(10 ** 17), text))
        os.remove(os.path.join(folder, "lost", "app-2.0-1.noarch.rpm"))
        for name, packages in _STACKS.items():
            path = os.path.join(folder, "updateinfo.xml")
            with open(path, "w") as file:
                file.write(_PATCH.format("".join(_PATCHED.format(*package + ("",)) for package in packages)))
            quiet("modifyrepo_c", path, os.path.join(folder, name, "repodata"))
        _built.append(folder)
    return _built[0]


def _build(folder, repository, name, version, vendor, more="", scripts=""):
    target = os.path.join(folder, repository)
    os.makedirs(target, exist_ok=True)
    path = os.path.join(folder, "{}.spec".format(name))
    with open(path, "w") as file:
        file.write(_SPEC.format(name=name, version=version, vendor=vendor, more=more).replace(
            "%files", scripts + "\n%files"))
    quiet("rpmbuild", "-bb", "--quiet", "--define", "_topdir " + os.path.join(folder, "build"), "--define",
          "_rpmdir " + target, "--define", "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm", path)


def _change_primary(repository, change):
    """Changes the list of packages, and what vouches for it."""
    folder = os.path.join(repository, "repodata")
    with gzip.open(os.path.join(folder, "primary.xml.gz"), "rt") as file:
        text = change(file.read())
    packed = gzip.compress(text.encode())
    with open(os.path.join(folder, "primary.xml.gz"), "wb") as file:
        file.write(packed)

    def vouch(found):
        block = found.group(0)
        for tag, value in (
                ("checksum", hashlib.sha256(packed).hexdigest()),
                ("open-checksum", hashlib.sha256(text.encode()).hexdigest()),
                ("size", len(packed)), ("open-size", len(text.encode()))):
            block = re.sub("(<{}[^>]*>)[0-9a-f]+".format(tag), lambda one: one.group(1) + str(value), block)
        return block

    path = os.path.join(folder, "repomd.xml")
    with open(path) as file:
        text_of_all = file.read()
    with open(path, "w") as file:
        file.write(re.sub('<data type="primary">.*?</data>', vouch, text_of_all, flags=re.S))


def files_below(folder):
    """What lies below a folder: the text of files, by path."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, folder)] = file.read()
    return found


def descendants(pid):
    """The processes below a process, as Salt finds them when it ends a job with all that it began."""
    parents = {}
    for name in os.listdir("/proc"):
        try:
            with open("/proc/{}/stat".format(name)) as file:
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    found = [child for child, parent in parents.items() if parent == pid]
    return found + [one for child in found for one in descendants(child)]


def is_alive(pid):
    return os.path.exists("/proc/{}".format(pid))


def hanging_rpm(test, once_there="/"):
    """
    A stand-in that never lists the packages once a file is there, and else is the real one. The function that comes
    back has the numbers of the processes that hung.
    """
    asked = os.path.join(test.folder, "asked")
    test.stand_in("rpm", "case \"$*\" in *-qa*) [ ! -e {} ] || {{ echo $$ >> {}; exec sleep 300; }} ;; esac\n"
                         "exec {} \"$@\"".format(once_there, asked, shutil.which("rpm")))
    test.addCleanup(setattr, module._system, "PACKAGES_SECONDS", module._system.PACKAGES_SECONDS)
    module._system.PACKAGES_SECONDS = 1

    def numbers():
        with open(asked) as file:
            return [int(line) for line in file]

    test.addCleanup(lambda: [os.kill(pid, signal.SIGKILL) for pid in numbers() if is_alive(pid)])
    return numbers


class System(unittest.TestCase):
    """A system of its own for each test, and the runs on it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="saltern-system-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.root = os.path.join(self.folder, "root")
        self.runs = os.path.join(self.folder, "runs")
        self.conf = os.path.join(self.folder, "zypp.conf")
        os.makedirs(self.root)
        self.configure("")
        quiet("rpm", "--root", self.root, "--initdb")

    def configure(self, text):
        with open(self.conf, "w") as file:
            file.write("[main]\n" + text)

    def install(self, *names, repository="sp1"):
        paths = [path for name in names for path in self.rpms(repository, name)]
        quiet("rpm", "--root", self.root, "-i", "--nodeps", "--force", *paths)

    @staticmethod
    def rpms(repository, name):
        folder = os.path.join(repositories(), repository)
        return [os.path.join(folder, file) for file in os.listdir(folder) if file.startswith(name + "-")]

    def add(self, *names):
        """Adds repositories, whose alias is their name."""
        for name in names:
            quiet("zypper", "--root", self.root, "-n", "addrepo", "-G", self.address(name), name)

    @staticmethod
    def address(name):
        return "file://" + os.path.join(repositories(), name)

    def settings(self, **more):
        given = {"root": self.root, "zypp_conf": self.conf, "runs_folder": self.runs, "lock_wait": 0}
        given.update(more)
        return given

    def stand_in(self, name, command):
        """A program of this name that is found first."""
        folder = os.path.join(self.folder, "bin")
        if not os.path.isdir(folder):
            os.makedirs(folder)
            path = os.environ["PATH"]
            self.addCleanup(os.environ.__setitem__, "PATH", path)
            os.environ["PATH"] = folder + os.pathsep + path
        place = os.path.join(folder, name)
        with open(place, "w") as file:
            file.write("#!/bin/sh\n" + command + "\n")
        os.chmod(place, 0o755)

    def dup(self, run_id, **more):
        return module.dist_upgrade(run_id, **self.settings(**more))

    def work(self, **more):
        """A real run, unless said otherwise, whose worker is this process."""
        run = module._runs.Run("r", self.runs)
        given = self.settings(**dict({"dry_run": False}, **more))
        del given["runs_folder"]
        order = module._order.of(given)
        os.close(run.lock())
        run.write("order.json", order)
        return module._launch.work.Work(run, order).carry_out()

    def versions(self):
        """The installed packages as zypper sees them after all: name-version."""
        said = quiet("rpm", "--root", self.root, "-qa", "--qf", "%{NAME}-%{VERSION}\n")
        return sorted(line for line in said.splitlines() if re.match(r"^[a-z]+-\d", line))

    def path(self, run_id, name):
        return os.path.join(self.runs, run_id, name)

    def times_run(self, run_id):
        """How often zypper itself has noted that it changed something for this run."""
        path = os.path.join(self.root, "var/log/zypp/history")
        if not os.path.exists(path):
            return 0
        with open(path) as file:
            return sum("|command|" in line and "saltern:" + run_id in line for line in file)

    def names(self, part):
        return sorted(one["name"] for one in part)
