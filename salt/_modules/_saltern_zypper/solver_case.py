"""
The solver test case: what zypper's solver was asked, with everything it knew. zypper writes it to one place, where the
next one overwrites it; a copy under the run stays. It also tells what zypper's plan leaves out: which repository a
package comes from, and the vendors.
"""

import base64
import gzip
import io
import os
import re
import shutil
import tarfile

from . import masking, records

DEFAULT = "/var/log/zypper.solverTestCase"

_WRITTEN = re.compile(r"Solver test case generated successfully at (.*)\.$")
_STEP = re.compile(r"^(?:install|upgrade|downgrade|reinstall|change|obsolete|multi\w*)\s.*?(\S+)@(\S+)$")
_REBOOT = "installhint(reboot-needed)"
_TEXTS = ("y2log", "zypp-control.yaml", "testcase.t")


def place_of(messages):
    """Where zypper says that it put the test case; None where it says no such thing."""
    for _, text in messages:
        found = _WRITTEN.match(text)
        if found:
            return found.group(1)
    return None


def keep(source, target):
    """
    A copy under the run, whole or not there. Neither it nor the original, which supportconfig collects, has secrets in
    addresses.
    """
    for name in _TEXTS:
        path = os.path.join(source, name)
        text = records.read(path)
        if text is not None and masking.mask(text) != text:
            records.write(path, masking.mask(text))
    beside = target + ".new"
    shutil.rmtree(beside, ignore_errors=True)
    shutil.copytree(source, beside)
    shutil.rmtree(target, ignore_errors=True)
    os.rename(beside, target)
    records.sync_folder(os.path.dirname(target))


def complete(plan, folder):
    """Adds vendors and repositories to the packages of a plan. Whether one of those that come wants a reboot."""
    sources = _sources(records.read(os.path.join(folder, "solver.result")) or "")
    wanted = {(one["name"], one.get("new") or one["old"]) for part in plan.values() for one in part}
    wanted |= {(one["name"], one["old"]) for part in plan.values() for one in part if "old" in one}
    vendors, hints = {}, set()
    for name in sorted(os.listdir(folder)):
        if name.endswith(".repo.gz"):
            vendors[name[:-len(".repo.gz")]] = _vendors(os.path.join(folder, name), wanted, hints)
    for kind, part in plan.items():
        for package in part:
            _complete(package, kind, sources, vendors)
    coming = {(one["name"], one["new"], one["arch"]) for part in plan.values() for one in part if "new" in one}
    return bool(coming & hints)


def _complete(package, kind, sources, vendors):
    if "old" in package:
        old_arch = package.get("old_arch") or package["arch"]
        vendor = vendors.get("@System", {}).get((package["name"], package["old"], old_arch))
        if vendor is not None:
            package["old_vendor"] = vendor
    if kind == "remove":
        return
    repository = sources.get("{}-{}.{}".format(package["name"], package["new"], package["arch"]))
    if repository is None:
        return
    package["repository"] = repository
    vendor = vendors.get(_file_name(repository), {}).get((package["name"], package["new"], package["arch"]))
    if vendor is not None:
        package["vendor"] = vendor


def _file_name(repository):
    """libzypp writes a slash in an alias as an underscore in the file's name."""
    return repository.replace("/", "_")


def _sources(result):
    """The repository of each package that would come, by its full name."""
    found = {}
    for line in result.splitlines():
        step = _STEP.match(line)
        if step and not step.group(2).startswith("@"):
            found[step.group(1)] = step.group(2)
    return found


def _vendors(path, wanted, hints):
    """
    Vendors by (name, version, architecture); the files can be large, so that only what is wanted is kept. `hints` gets
    the packages after which libzypp will ask for a reboot.
    """
    found, package = {}, None
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("=Pkg: "):
                name, version, release, arch = (line[6:].split() + [""] * 4)[:4]
                edition = version + ("-" + release if release else "")
                package = (name, edition, arch) if (name, edition) in wanted else None
            elif package and line.startswith("=Vnd: "):
                found[package] = line[6:].strip()
            elif package and line.startswith(_REBOOT):
                hints.add(package)
    return found


def packed(folder, limit):
    """The test case as a tar.gz in base64; without the log of the solver where it would be larger than the limit."""
    if not os.path.isdir(folder):
        return {"found": False}
    for left_out in ((), ("y2log",)):
        content = _tar(folder, left_out)
        encoded = base64.b64encode(content).decode("ascii")
        if len(encoded) <= limit:
            return {"found": True, "bytes": len(content), "left_out": list(left_out), "content": encoded}
    return {"found": True, "bytes": len(content), "too_large": True, "limit": limit}


def _tar(folder, left_out):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as tar:
        for name in sorted(os.listdir(folder)):
            if name not in left_out:
                tar.add(os.path.join(folder, name), arcname="solverTestCase/" + name)
    return memory.getvalue()
