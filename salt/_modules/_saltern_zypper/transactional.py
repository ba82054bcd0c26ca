"""
A system whose root is read-only. tukit, which transactional-update is made of, runs a program in a new snapshot of the
root; if the program succeeds the snapshot is the root of the next boot, else it is thrown away.

`transactional-update run` does the same with words of its own between those of the program, and before its version 5.5
it ended with 0 and kept the snapshot whatever became of the program.
"""

import shutil

from . import exits, records

# Arguments: handles for zypper's exit code and for the packages of the snapshot; how many words the command has that
# lists these; that command; and then zypper's. Its exit codes that mean success are one for tukit.
_SCRIPT = """
code_to=$1 packages_to=$2 words=$3
shift 3
"${{@:words+1}}"
code=$?
echo $code >&$code_to
case $code in {done}) "${{@:1:words}}" >&$packages_to && exit 0 ;; esac
exit 1
""".format(done="|".join(str(code) for code in exits.DONE))

CODE = "transaction.code"
PACKAGES = "transaction.packages"


def tukit():
    """The program, or None where there is none."""
    return shutil.which("tukit")


def command(handles, continued, list_command, zypper_command):
    """
    zypper in a new snapshot: of the root as it is, or of that of the next boot where an earlier call has made one.
    """
    return (
        [tukit(), "--quiet"] + (["--continue"] if continued else [])
        + ["execute", "bash", "-c", _SCRIPT, "saltern"] + [str(handle) for handle in handles]
        + [str(len(list_command))] + list_command + zypper_command)


def zyppers_code(run):
    """zypper's own exit code; None where it did not come to its end."""
    try:
        return int(records.read(run.path(CODE)) or "")
    except ValueError:
        return None
