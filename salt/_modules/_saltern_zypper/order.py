"""What a run is asked to do, checked before anything else."""

DEFAULTS = {
    "dry_run": True, "from_repos": [], "allow_vendor_change": None, "auto_agree_with_licenses": False,
    "replace_files": False, "no_recommends": False, "remove_limit": None, "forbid_removal": [], "snapshots": False,
    "patch_stack_first": False, "lock_wait": 900, "reposd_dir": None, "root": None, "zypp_conf": None,
}

_FLAGS = ("dry_run", "auto_agree_with_licenses", "replace_files", "no_recommends", "snapshots", "patch_stack_first")


def of(given):
    """The order with all its values; ValueError with a sentence where one is no good."""
    order = dict(DEFAULTS)
    order.update((name, value) for name, value in given.items() if value is not None)
    for name in _FLAGS:
        if not isinstance(order[name], bool):
            raise ValueError("{} is true or false, not {!r}".format(name, order[name]))
    if order["allow_vendor_change"] not in (None, True, False):
        raise ValueError("allow_vendor_change is true, false or absent, not {!r}".format(order["allow_vendor_change"]))
    for name in ("from_repos", "forbid_removal"):
        if isinstance(order[name], str):
            order[name] = [order[name]]
        if not isinstance(order[name], list) or not all(isinstance(one, str) and one for one in order[name]):
            raise ValueError("{} is a list of names, not {!r}".format(name, order[name]))
    for name in ("remove_limit", "lock_wait"):
        number = order[name]
        if number is not None and (isinstance(number, bool) or not isinstance(number, int) or number < 0):
            raise ValueError("{} is a number from 0, not {!r}".format(name, number))
    if order["reposd_dir"] and not order["dry_run"]:
        raise ValueError("a private folder of repositories is for dry runs only")
    return order
