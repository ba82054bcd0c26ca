"""Decides from zypper's answer whether all is well. Each failure is a word for programs and a sentence for people."""

import fnmatch
import re

from . import exits

_LICENCE = re.compile(r"^In order to install '([^']*)'.*you must agree to terms", re.S)
_REFUSED = re.compile(r"^Repository '(.*)' is invalid\.\n.*Signature verification failed", re.S)
_LEFT_OUT = re.compile(r"^Skipping repository '(.*)' because of the above error", re.S)
_NOT_LET_IN = re.compile(r"^ - Login failed\b|The requested URL returned error: 40[13]\b", re.M)
_ROOM = 1.05

# Of these, what was missing because a repository was left out may be the cause.
_FOR_LACK_OF_A_REPOSITORY = (3, 4, 6, 104, exits.REPOSITORY_LEFT_OUT)

_WORDS = (
    ("install", "to install"), ("upgrade", "to upgrade"), ("downgrade", "to downgrade"),
    ("reinstall", "to reinstall"), ("remove", "to remove"), ("change_vendor", "to change vendor"),
    ("change_arch", "to change architecture"),
)


def in_words(plan):
    """As zypper sums up: "2 to upgrade, 1 to remove"."""
    said = ["{} {}".format(len(plan[kind]), words) for kind, words in _WORDS if plan.get(kind)]
    return ", ".join(said) or "nothing to do"


def of_plan(code, said, order, holder):
    """(reason, comment) why this plan is not to be carried out; None where nothing speaks against it."""
    if code == exits.LOCKED:
        return "locked", locked_words(said, holder)
    if code not in exits.DONE or said.problems or said.plan is None:
        return of_failure(code, said, "zypper dup --dry-run failed")
    return _of_removals(said.plan["remove"], order["remove_limit"], order["forbid_removal"])


def of_signatures(said, trusted=()):
    """
    What is wrong with the signatures of repositories. `trusted` are the fingerprints of keys that zypper does not know
    yet and a real run would make known.
    """
    words = []
    for repository in (found.group(1) for found in map(_REFUSED.match, said.errors()) if found):
        unknown = [one for one in said.unknown_keys if one["repository"] == repository]
        if unknown and all(any(key.endswith(one["fingerprint"]) for key in trusted) for one in unknown):
            continue
        if unknown:
            keys = ", ".join("{} {}".format(one["name"], one["fingerprint"]).strip() for one in unknown)
            words.append("Repository '{}' is signed with a key that is not known here: {}.".format(repository, keys))
        elif any("from repository '{}' is unsigned".format(repository) in one for one in said.warnings()):
            words.append("Repository '{}' is not signed.".format(repository))
        else:
            words.append("The signature of repository '{}' does not fit what it has.".format(repository))
    return ("signature", "\n".join(words)) if words else None


def of_failure(code, said, what):
    left_out = [found.group(1) for found in map(_LEFT_OUT.match, said.warnings()) if found]
    if code == exits.REPOSITORY_LEFT_OUT or (left_out and code in _FOR_LACK_OF_A_REPOSITORY):
        # Before the problems: what is missing there may be in the repository that zypper went on without.
        return of_signatures(said) or ("repository_unreachable", "\n".join(
            [_unreachable_words(said, left_out, "; without it a plan means nothing")] + said.errors()))
    reason, words = _of_failure_itself(code, said, what)
    if left_out and code not in exits.DONE:
        words += "\n" + (of_signatures(said) or (None, _unreachable_words(said, left_out)))[1]
    return reason, words


def _of_failure_itself(code, said, what):
    if said.problems:
        return "conflict", "\n".join(["Dependencies cannot be met:"] + [one["problem"] for one in said.problems])
    licences = [found.group(1) for found in (_LICENCE.match(text) for _, text in said.messages) if found]
    if licences and code not in exits.DONE:
        return "licence", "A licence must be agreed to: {}.".format(", ".join(licences))
    errors = "\n".join(said.errors())
    if code == exits.LOCKED:
        return "locked", locked_words(said, None)
    words = "{}: {} (exit code {}).".format(what, exits.meaning(code), code)
    reason = {3: "parameters", 6: "no_repositories", 8: "packages"}.get(code, "zypper")
    return reason, words + ("\n" + errors if errors else "")


def _unreachable_words(said, left_out, so=""):
    errors = said.errors()
    refused = [name for name in left_out if any(
        text.startswith("Repository '{}' ".format(name)) and _NOT_LET_IN.search(text) for text in errors)]
    away = [name for name in left_out if name not in refused]
    words = ["Repository {} does not let this minion in: its credentials are wrong or missing.".format(
        ", ".join(refused))] if refused else []
    words += ["{} could not be reached{}.".format(
        "Repository " + ", ".join(away) if away else "A repository", so)] if away or not refused else []
    return " ".join(words)


def locked_words(said, holder):
    if holder:
        return "The package management is locked by process {} ({}).".format(holder["pid"], holder["name"])
    return "\n".join(["The package management is locked."] + said.errors())


def of_room(said, free):
    """Downloads go to the cache before anything is changed; the growth goes to the root file system as a whole."""
    needs = (("cache", said.download_bytes, "the downloads"), ("root", said.disk_bytes, "the new packages"))
    for place, bytes_needed, what in needs:
        if bytes_needed and bytes_needed > 0 and bytes_needed * _ROOM > free[place]:
            return "no_space", "{} bytes are needed for {}, and {} are free.".format(bytes_needed, what, free[place])
    return None


def _of_removals(removals, limit, forbidden):
    """
    Packages only: a service pack replaces its product and patterns. What is forbidden may be named of any kind, and
    with wildcards.
    """
    named = sorted({one["name"] for one in removals
                    if any(fnmatch.fnmatchcase(one["name"], pattern) for pattern in forbidden)})
    if named:
        return "removal_limit", "These would be removed and must not be: {}.".format(", ".join(named))
    gone = sorted(one["name"] for one in removals if "kind" not in one)
    if limit is not None and len(gone) > limit:
        return "removal_limit", "{} would be removed, and {} allowed: {}.".format(
            "1 package" if len(gone) == 1 else "{} packages".format(len(gone)),
            "none is" if limit == 0 else "1 is" if limit == 1 else "{} are".format(limit), ", ".join(gone))
    return None
