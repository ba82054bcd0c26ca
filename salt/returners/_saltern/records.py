"""
What is stored: a return, a publication or an event, as the texts of its columns; and as a line of the spool and back.
"""

import datetime
import json
import zlib

from . import content, publication

RETURN, LOAD, EVENT = "return", "load", "event"

# The names of the columns, in the order in which a line of the spool has them.
_COLUMNS = {
    RETURN: ("at", "fun", "jid", "id", "success", "summary", "head", "body"),
    LOAD: ("at", "jid", "load"),
    EVENT: ("at", "tag", "data", "master_id"),
}

# Those that are JSON already.
_STAMPED = '{"_stamp": "'
_JSON = ("summary", "head", "body", "load", "data")


class Record:
    """One row to be. `doubt` names the session that may or may not have stored it already."""

    def __init__(self, kind, values, doubt=""):
        self.kind = kind
        self.values = values
        self.doubt = doubt

    def size(self):
        return sum(len(value) for name, value in self.values.items() if name != "summary")

    def name(self):
        """For messages: which it is, and nothing of what it says."""
        if self.kind == EVENT:
            return "event {}".format(self.values["tag"][:200])
        if self.kind == LOAD:
            return "publication of {}".format(self.values["jid"][:200])
        return "return of {} from {}".format(self.values["jid"][:200], self.values["id"][:200])

    def line(self):
        """One line, with a sum that tells a whole one from a torn one."""
        if self.kind == RETURN:
            self.summary()
        fields = [self.kind, content.text_of(self.doubt)]
        for column in _COLUMNS[self.kind]:
            value = self.values[column]
            fields.append(value if column in _JSON else content.text_of(value))
        text = "\t".join(fields).encode("ascii")
        return b"%08x\t%s\n" % (zlib.crc32(text), text)

    def summary(self):
        """The row of its jid, for a return that has none; made when it is needed, which is once a job."""
        if callable(self.values["summary"]):
            self.values["summary"] = self.values["summary"]()
        return self.values["summary"]

    def full_return(self):
        head = self.values["head"][:-1]
        return head + (', "return": ' if head != "{" else '"return": ') + self.values["body"] + "}"

    def stamp(self):
        """How `full_ret` begins where the return has a stamp; else None."""
        head = self.values["head"]
        return head[: head.index('"', len(_STAMPED)) + 1] if head.startswith(_STAMPED) else None


def of_return(returned, most_bytes):
    """A return as Salt hands it over: a dict with jid, id, fun, return and more."""
    fields = {name: value for name, value in returned.items() if name not in ("return", "_stamp")}
    if isinstance(returned.get("_stamp"), str) and returned["_stamp"].isprintable() and '"' not in returned["_stamp"]:
        fields = dict([("_stamp", returned["_stamp"])] + list(fields.items()))
    if fields.get("fun_args"):
        # The arguments of the call come back with each return, its pillar among them.
        fields["fun_args"] = publication.arguments_of(fields["fun_args"])
    fun = returned.get("fun", "")
    body = content.text_of(publication.result_of(returned))
    head = content.text_of(fields)
    if len(body) + len(head) > most_bytes:
        fields["saltern_cut"] = {"bytes": len(body) + len(head), "most": most_bytes}
        head, body = _cut(fields, publication.result_of(returned), most_bytes)
    return Record(RETURN, {
        "at": now(),
        "fun": content.column(", ".join(map(str, fun)) if isinstance(fun, (list, tuple)) else fun),
        "jid": content.column(returned.get("jid", "")),
        "id": content.column(returned.get("id", "")),
        "success": _success(returned.get("success", False)),
        "summary": lambda: _summary(returned, most_bytes),
        "head": head,
        "body": body,
    })


def of_load(jid, load, minions, most_bytes):
    kept = publication.of_load(load, minions)
    text = content.text_of(kept)
    if len(text) > most_bytes:
        text = content.shorten(dict(kept, saltern_cut={"bytes": len(text), "most": most_bytes}), most_bytes)
    return Record(LOAD, {"at": now(), "jid": content.column(jid), "load": text})


def of_event(event, master_id, most_bytes):
    tag = content.column(event.get("tag", ""))
    data = event.get("data", "")
    if tag.startswith("salt/job/") and tag.endswith("/new"):
        # The announcement of a job repeats the publication.
        data = publication.without_secrets(data)
    elif tag.startswith("salt/job/") and "/ret/" in tag and isinstance(data, dict):
        # Only where all events are kept.
        data = publication.event_of_return(data)
    text = content.text_of(data)
    if len(text) > most_bytes:
        text = content.shorten(data, most_bytes)
    return Record(EVENT, {"at": now(), "tag": tag, "data": text, "master_id": content.column(master_id)})


def of_line(line):
    """The record of a line, or None where the line is torn."""
    total, _, text = line.rstrip(b"\n").partition(b"\t")
    try:
        if int(total, 16) != zlib.crc32(text):
            return None
        fields = text.decode("ascii").split("\t")
        columns = _COLUMNS[fields[0]]
        values = {}
        for column, field in zip(columns, fields[2:]):
            values[column] = field if column in _JSON else json.loads(field)
        return Record(fields[0], values, json.loads(fields[1])) if len(fields) == len(columns) + 2 else None
    except (ValueError, KeyError, IndexError):
        return None


def now():
    """This moment as PostgreSQL and the spool write it."""
    return datetime.datetime.utcnow().isoformat(timespec="microseconds") + "+00:00"


def _summary(returned, most_bytes):
    text = content.text_of(publication.of_return(returned))
    if len(text) > most_bytes // 4:
        few = {name: returned.get(name) for name in ("jid", "id", "fun", "user")}
        text = content.text_of(publication.of_return(few))
    return text


def _success(value):
    """As PostgreSQL writes a bool; Salt says True or False, and nothing where a return is a runner's."""
    return "true" if value is True else "false" if value is False or value is None else content.column(value)


def _cut(fields, body, most_bytes):
    """Both parts small enough: what is beside the result rarely is large, and may take a quarter."""
    head = content.text_of(fields)
    if len(head) > most_bytes // 4:
        kept = ("_stamp", "id", "jid", "fun", "success", "retcode", "metadata", "saltern_cut")
        head = content.text_of({name: fields[name] for name in kept if name in fields})
    if len(head) > most_bytes // 4:
        head = content.text_of({name: fields[name] for name in ("_stamp", "saltern_cut") if name in fields})
    return head, content.shorten(body, most_bytes - len(head))
