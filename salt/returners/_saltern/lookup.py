"""What Salt's runners and clients ask the job cache."""

import json

_LOAD_SQL = "select load::text from salt.jids where jid = {}"
_JID_SQL = "select id, full_ret::text from salt.salt_returns where jid = {} order by alter_time"
_FUN_SQL = """
    select distinct on (id) id, full_ret::text from salt.salt_returns where fun = {} order by id, alter_time desc"""
_JIDS_SQL = "select jid, load::text from salt.jids"
_MINIONS_SQL = "select distinct id from salt.salt_returns order by id"

_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def load_of(keeper, jid):
    rows = keeper.read(_LOAD_SQL, jid)
    return json.loads(rows[0][0]) if rows else {}


def returns_of_jid(keeper, jid):
    """The latest return of each minion."""
    return {minion: json.loads(full) for minion, full in keeper.read(_JID_SQL, jid)}


def returns_of_fun(keeper, fun):
    return {minion: json.loads(full) for minion, full in keeper.read(_FUN_SQL, fun)}


def jids(keeper):
    return {jid: _instance(jid, json.loads(load)) for jid, load in keeper.read(_JIDS_SQL)}


def minions(keeper):
    return [row[0] for row in keeper.read(_MINIONS_SQL)]


def _instance(jid, load):
    """As Salt's own format_jid_instance has it, which one jid of no real month makes fail for all."""
    load = load if isinstance(load, dict) else {}
    kwargs = load.get("kwargs")
    job = {
        "Function": load.get("fun", "unknown-function"),
        "Arguments": _list(load.get("arg")),
        "Target": load.get("tgt", "unknown-target"),
        "Target-type": load.get("tgt_type", "list"),
        "User": load.get("user", "root"),
        "StartTime": _start(jid),
    }
    metadata = load.get("metadata", kwargs.get("metadata") if isinstance(kwargs, dict) else None)
    if metadata is not None:
        job["Metadata"] = metadata
    return job


def _list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value] if value else []


def _start(jid):
    digits = jid[:20]
    if len(digits) < 20 or not digits.isdigit() or not 1 <= int(digits[4:6]) <= 12:
        return ""
    return "{}, {} {} {}:{}:{}.{}".format(
        digits[:4], _MONTHS[int(digits[4:6])], digits[6:8], digits[8:10], digits[10:12], digits[12:14], digits[14:])
