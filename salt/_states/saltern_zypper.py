"""
The states of a service-pack migration. What they are to do comes as pillar of the call, under one key (`saltern`
unless `pillar_key` says otherwise), and is read here and not by the SLS: so no secret of a channel gets into a rendered
file, a cached low state or the message of a failed rendering.

The whole result of `dist_upgraded` is in its return under `saltern`; `changes` has the packages that really changed.
"""

__virtualname__ = "saltern_zypper"

_PREFIX = "saltern:"

# What the pillar calls as the module does.
_SAME = (
    "auto_agree_with_licenses", "replace_files", "no_recommends", "remove_limit", "forbid_removal", "snapshots",
    "patch_stack_first", "allow_vendor_change", "lock_wait")

_KNOWN = _SAME + ("run_id", "dry_run", "private", "channels", "foreign", "from", "root", "zypp_conf", "runs_folder")


def __virtual__():
    if "saltern_zypper.dist_upgrade" not in __salt__:
        return False, "The execution module saltern_zypper is not there."
    return __virtualname__


def channels(name, pillar_key="saltern"):
    """
    Exactly the channels of the pillar are the minion's repositories of our name. For a dry run they go to a folder of
    their own instead, and the minion's repositories stay as they are. Without a run a key that cannot be had is a
    warning: channels come back while the network is away, and zypper refuses what it does not trust.
    """
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    try:
        given = _given(pillar_key)
        if "channels" not in given:
            raise ValueError("pillar {} has no channels".format(pillar_key))
        foreign, root = given.get("foreign", "keep"), given.get("root")
        if _is_private(given):
            if __opts__.get("test"):
                return dict(ret, result=None, comment="The channels would be given to the dry run alone.")
            __salt__["saltern_zypper.set_private_channels"](
                given["run_id"], given["channels"], foreign=foreign, root=root, runs_folder=given.get("runs_folder"))
            return dict(ret, comment="The channels are given to the dry run alone; the repositories are as they were.")
        changes = __salt__["saltern_zypper.set_channels"](
            given["channels"], foreign=foreign, test=bool(__opts__.get("test")), root=root, with_keys=_keys_are(given))
    except (ValueError, OSError) as error:
        return dict(ret, result=False, comment="The channels could not be set: {}".format(error))
    warnings = ["A key is missing: {}.".format(one.rstrip(".")) for one in changes.pop("warnings")]
    ret["changes"] = {key: value for key, value in changes.items() if value}
    if __opts__.get("test") and ret["changes"]:
        return dict(ret, result=None, comment="Would change: {}.".format(_channel_words(changes)))
    done = "Changed: {}.".format(_channel_words(changes)) if ret["changes"] else "The channels are as they should be."
    if warnings:
        ret["warnings"] = warnings
    return dict(ret, comment="\n".join([done] + warnings))


def dist_upgraded(name, pillar_key="saltern"):
    """`zypper dup` as the pillar says, done once for its run_id."""
    ret = {"name": name, "result": False, "changes": {}, "comment": ""}
    try:
        given = _given(pillar_key)
        if "run_id" not in given or "dry_run" not in given:
            raise ValueError("pillar {} must have run_id and dry_run".format(pillar_key))
        if __opts__.get("test"):
            return dict(ret, result=None, comment="zypper dup would be {} as run {}.".format(
                "tried" if given["dry_run"] else "done", given["run_id"]))
        result = __salt__["saltern_zypper.dist_upgrade"](given["run_id"], **_arguments(given))
    except (ValueError, OSError) as error:
        return dict(ret, comment="The run could not begin: {}".format(error))
    return dict(
        ret, result=result["success"], changes=result.get("changes", {}), saltern=result, comment=_comment(result))


def _given(pillar_key):
    given = __salt__["pillar.get"](pillar_key, None)
    if not isinstance(given, dict):
        raise ValueError("there is no pillar {}".format(pillar_key))
    unknown = sorted(set(given) - set(_KNOWN))
    if unknown:
        raise ValueError("pillar {} has what is not known: {}".format(pillar_key, ", ".join(unknown)))
    return given


def _is_private(given):
    """A dry run has its channels for itself, unless it is told to use the minion's own."""
    return given.get("dry_run") is True and given.get("private", True) and "run_id" in given


def _keys_are(given):
    """A run that has begun, or has its result, is waited for or handed back, whatever became of the network."""
    if "run_id" not in given:
        return "wished"
    if __opts__.get("test"):
        return "needed"
    known = __salt__["saltern_zypper.run_result"](given["run_id"], runs_folder=given.get("runs_folder"))
    return "needed" if known["outcome"] == "not_begun" else "left out"


def _arguments(given):
    arguments = {key: given[key] for key in _SAME if key in given}
    arguments.update({key: given[key] for key in ("dry_run", "root", "zypp_conf", "runs_folder") if key in given})
    arguments["from_repos"] = [_PREFIX + label for label in given.get("from") or []]
    if _is_private(given) and "channels" in given:
        arguments["reposd_dir"] = __salt__["saltern_zypper.set_private_channels"](
            given["run_id"], given["channels"], foreign=given.get("foreign", "keep"), root=given.get("root"),
            runs_folder=given.get("runs_folder"))
    return arguments


def _channel_words(changes):
    words = ["{} {}".format(alias, what) for alias, what in sorted(changes["channels"].items())]
    words += ["{} {}".format(alias, what) for alias, what in sorted(changes["foreign"].items())]
    words += ["key {} imported".format(key) for key in changes["keys"]]
    return ", ".join(words) or "credentials"


def _comment(result):
    lines = [result["comment"]]
    for problem in result.get("problems", []):
        lines.append("Problem: " + problem["problem"])
        lines += [" Solution {}: {}".format(number, one) for number, one in enumerate(problem["solutions"], 1)]
    if result.get("plan", {}).get("remove"):
        lines.append("Removed: " + ", ".join(one["name"] for one in result["plan"]["remove"]))
    if result.get("reboot_needed"):
        lines.append("A reboot is needed.")
    if result.get("recorded"):
        lines.append("(Recorded result of run {}.)".format(result["run_id"]))
    return "\n".join(line for line in lines if line)
