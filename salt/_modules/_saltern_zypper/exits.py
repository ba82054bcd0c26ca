"""What zypper's exit codes mean (its manual page, section "Exit codes")."""

MEANINGS = {
    0: "no error",
    1: "a bug in zypper",
    2: "a wrong option or argument",
    3: "wrong arguments: a repository or package that is not there",
    4: "libzypp found a problem: dependencies that cannot be met, or a confirmation that was not given",
    5: "not enough privileges",
    6: "no repositories are defined",
    7: "the package management is locked by another process",
    8: "installation or removal of packages failed",
    100: "updates are available",
    101: "security updates are available",
    102: "done; a reboot is needed",
    103: "done; the package manager itself was updated and must be started again",
    104: "a package was not found",
    105: "zypper was ended by a signal",
    106: "a repository could not be reached and was left out",
    107: "done, but scripts of packages failed",
}

DONE = (0, 100, 101, 102, 103, 107)
LOCKED = 7
REPOSITORY_LEFT_OUT = 106


def meaning(code):
    if code is None:
        return "zypper did not end by itself"
    if code < 0:
        return "zypper was killed by signal {}".format(-code)
    return MEANINGS.get(code, "unknown")
