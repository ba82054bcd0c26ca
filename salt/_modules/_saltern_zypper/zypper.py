"""
Runs zypper. Its output goes to a file of the run, not to a pipe: if the process that waits for it is killed, zypper
goes on, and what it did can be read afterwards.
"""

import os
import subprocess
import time

from . import exits, output, records, system, transactional

_PAUSE_SECONDS = 5


class Zypper:
    """zypper as one run calls it. `kept_open` are handles that zypper inherits: the lock of the run lasts as long."""

    def __init__(self, run, order, kept_open=()):
        self.run = run
        self.order = order
        self.kept_open = kept_open
        self.transactional = False
        self.kept_last = None  # Whether the last snapshot is the root of the next boot.
        self.has_next_boot = False
        self.packages_of_next_boot = None  # Also where they cannot be told.
        self.checks_signatures = False

    def call(self, name, arguments):
        """
        (exit code, Output) of one call, whose files are named for it. A held lock is waited for, as long as the order
        says.
        """
        give_up = time.monotonic() + self.order["lock_wait"]
        while True:
            code, said = self._call_once(name, arguments)
            if code != exits.LOCKED or time.monotonic() >= give_up:
                return code, said
            time.sleep(_PAUSE_SECONDS)

    def _call_once(self, name, arguments):
        path = self.run.path(name + ".xml")
        command = self._command() + arguments
        with open(path, "wb") as file, open(self.run.path(name + ".errors"), "wb") as errors:
            try:
                code = (self._in_snapshot if self.transactional else self._run)(command, file, errors)
            except OSError as error:
                errors.write(str(error).encode("utf-8", "replace"))
                return 127, output.parse("")
        return code, self.output_of(name)

    def _run(self, command, file, errors, handles=()):
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=errors, pass_fds=tuple(self.kept_open) + handles,
            env=system.clean_environment(self._environment())).wait()

    def _in_snapshot(self, command, file, errors):
        """zypper's exit code, None where it did not end by itself; `kept_last` says what became of the snapshot."""
        self.kept_last = None
        with open(self.run.path(transactional.CODE), "wb") as code, \
                open(self.run.path(transactional.PACKAGES), "wb") as packages:
            handles = (code.fileno(), packages.fileno())
            command = transactional.command(
                handles, self.has_next_boot, system.packages_command(self.order["root"]), command)
            self.kept_last = self._run(command, file, errors, handles) == 0
        if self.kept_last:
            self.has_next_boot = True
            try:
                self.packages_of_next_boot = system.packages_of(
                    records.read(self.run.path(transactional.PACKAGES)) or "")
            except OSError as error:
                self.packages_of_next_boot = None
                self.run.log(str(error))
        return transactional.zyppers_code(self.run)

    def output_of(self, name):
        return output.parse(records.read(self.run.path(name + ".xml")) or "")

    def _command(self):
        order = self.order
        # Patches that need a restart of the machine are interactive to zypper, which would leave them out.
        command = ["zypper", "--non-interactive", "--non-interactive-include-reboot-patches", "--xmlout", "--userdata",
                   "saltern:" + self.run.run_id]
        if order["root"]:
            command += ["--root", order["root"]]
        if order["reposd_dir"]:
            command += ["--reposd-dir", order["reposd_dir"], "--cache-dir", self.run.path("cache")]
            # What is dry imports no keys, for they would stay; so it looks at signatures once, and then no more.
            command += [] if self.checks_signatures else ["--no-gpg-checks"]
        return command

    def _environment(self):
        more = {"ZYPP_CONF": self.order["zypp_conf"]} if self.order["zypp_conf"] else {}
        if self.transactional:
            more["DISABLE_SNAPPER_ZYPP_PLUGIN"] = "1"
        return more

    def dup_arguments(self):
        order = self.order
        arguments = ["dup"]
        for repository in order["from_repos"]:
            arguments += ["--from", repository]
        if order["allow_vendor_change"] is not None:
            arguments.append("--allow-vendor-change" if order["allow_vendor_change"] else "--no-allow-vendor-change")
        for name, option in (
                ("auto_agree_with_licenses", "--auto-agree-with-licenses"), ("replace_files", "--replacefiles"),
                ("no_recommends", "--no-recommends")):
            if order[name]:
                arguments.append(option)
        return arguments

    def has_errors_file(self, name):
        return os.path.exists(self.run.path(name + ".errors"))
