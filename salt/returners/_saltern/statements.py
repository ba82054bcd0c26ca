"""
The statements that store records, each unless its record is there already. Sessions prepare them once: planning a
statement over the partitions of all days takes PostgreSQL longer than running it.

A return is there already when one with its jid, minion and `_stamp` is. The stamp is the first thing in `full_ret`, so
that a comparison of its beginning is exact and opens no JSON (`->>` raises on an escaped NUL); and it is looked for
within the hours around the moment when it was taken in, which opens the index of a day, not of every day. A return
without a stamp, and an event, are known by that moment and by all that they say.
"""

from . import publication, records

_UNLESS_STAMPED = """where not exists (
    select from salt.salt_returns r where r.jid = $2 and r.id = $4
      and r.alter_time >= $7 - interval '1 hour' and r.alter_time <= $7 + interval '1 hour'
      and starts_with(r.full_ret::text, $8))"""

_UNLESS_THERE = """where not exists (
    select from salt.salt_returns r where r.jid = $2 and r.id = $4
      and r.alter_time = $7 and r.full_ret::text = $6::text and $8 is not null)"""

_RETURN = """prepare {name} (text, text, json, text, text, json, timestamptz, text{more}) as
{with_jid}
insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
select $1, $2, $3, $4, $5, $6, $7
{unless}"""

_WITH_JID = "with made as (insert into salt.jids (jid, load) values ($2, $9) on conflict (jid) do nothing)"

# The first publication stays, whatever comes later under its jid; only what stands in for one gives way.
_LOAD = """prepare saltern_load (text, json) as
insert into salt.jids (jid, load) values ($1, $2)
on conflict (jid) do update set load = excluded.load where starts_with(jids.load::text, '{row_of_return}')"""

_EVENT = """prepare saltern_event (text, json, text, timestamptz) as
insert into salt.salt_events (tag, data, master_id, alter_time)
select $1, $2, $3, $4
where not exists (
    select from salt.salt_events e
    where e.tag = $1 and e.alter_time = $4 and e.master_id = $3 and e.data::text = $2::text)"""

PREPARE_SQL = ";\n".join([
    _RETURN.format(name="saltern_return", with_jid="", more="", unless=_UNLESS_STAMPED),
    _RETURN.format(name="saltern_return_with_jid", with_jid=_WITH_JID, more=", json", unless=_UNLESS_STAMPED),
    _RETURN.format(name="saltern_return_without_stamp", with_jid=_WITH_JID, more=", json", unless=_UNLESS_THERE),
    _LOAD.format(row_of_return=publication.ROW_OF_RETURN),
    _EVENT,
])


def storing(batch, quote, known_jids=()):
    """
    SQL that stores these records. A return makes the row of its jid where there may be none; that of a known one is
    spared.
    """
    return ";".join(_storing(record, quote, known_jids) for record in batch)


def _storing(record, quote, known_jids):
    values = record.values
    if record.kind == records.LOAD:
        return _execute("saltern_load", quote, values["jid"], values["load"])
    if record.kind == records.EVENT:
        return _execute("saltern_event", quote, values["tag"], values["data"], values["master_id"], values["at"])
    columns = [values[name] for name in ("fun", "jid", "body", "id", "success")] + [record.full_return(), values["at"]]
    stamp = record.stamp()
    if stamp is None:
        return _execute("saltern_return_without_stamp", quote, *columns, "", record.summary())
    if values["jid"] in known_jids:
        return _execute("saltern_return", quote, *columns, stamp)
    return _execute("saltern_return_with_jid", quote, *columns, stamp, record.summary())


def _execute(name, quote, *values):
    return "execute {}({})".format(name, ", ".join(map(quote, values)))
