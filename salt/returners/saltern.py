"""
Saltern's job cache for a Salt master: returns, publications and events go to PostgreSQL, into the tables that Salt's
pgjsonb returner knows; while PostgreSQL is away they wait in a folder on the master.

For Salt 3004 and newer. It needs psycopg2 or psycopg. In the master's configuration:

    returner_dirs: [/usr/local/lib/saltern/returners]
    master_job_cache: saltern
    event_return: [saltern]
    returner.saltern.host: 127.0.0.1
    returner.saltern.port: 5432
    returner.saltern.db: saltern
    returner.saltern.user: salt_master1
    returner.saltern.passfile: /etc/salt/saltern.password

The settings of the connection have the names of the stock returner's, whose values serve where ours are not given
(returner.pgjsonb.host and so on). All of them: docs/connecting-a-master.md. `ret_config` and `ret_kwargs`, with which
a return chooses the database that it goes to, are not supported: on a master they would let minions choose.

Differences from the stock returner: one kept connection and one statement a return; nothing is lost while PostgreSQL
is away; content of any kind arrives; jids.load keeps the publication, without secrets; clean_old_jobs does nothing,
since Saltern ends rows itself.
"""

import datetime
import importlib.util
import logging
import os
import sys

log = logging.getLogger(__name__)

__virtualname__ = "saltern"

_PARTS = "_saltern_returner"


def _load_parts():
    """The package `_saltern` beside this file, once per process: Salt loads this file many times."""
    if _PARTS not in sys.modules:
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_saltern")
        spec = importlib.util.spec_from_file_location(
            _PARTS, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder])
        package = importlib.util.module_from_spec(spec)
        sys.modules[_PARTS] = package
        spec.loader.exec_module(package)


_load_parts()

from _saltern_returner import database, keeper, lookup, publication, records, settings  # noqa: E402

_kept_settings = []


def __virtual__():
    if database.psycopg2 is None and database.psycopg is None:
        return False, database.MISSING
    return __virtualname__


def returner(ret):
    """Keeps one return."""
    given = _settings()
    keeper.keeper_of(given).keep([records.of_return(ret, given.most_return_bytes)])


def event_return(events):
    """Keeps a batch of events."""
    given = _settings()
    batch = [records.of_event(event, given.master_id, given.most_return_bytes) for event in events]
    if batch:
        keeper.keeper_of(given).keep(batch)


def save_load(jid, load, minions=None):
    """
    Keeps a publication. Salt calls this again with each return, which says nothing that returner() does not get a
    moment later; where a jid has no publication, the return makes its row there.
    """
    if publication.is_return(load):
        return
    given = _settings()
    keeper.keeper_of(given).keep([records.of_load(jid, load, minions, given.most_return_bytes)])


def save_minions(jid, minions, syndic_id=None):  # pylint: disable=unused-argument
    """The minions of a syndic; each of their returns says it too."""


def prep_jid(nocache=False, passed_jid=None):  # pylint: disable=unused-argument
    """
    The jid that was passed, or a new one that no process of this master has had. `nocache` asks for a job that is not
    kept; that costs nothing here, so that it is kept all the same.
    """
    if passed_jid is not None:
        return passed_jid
    epoch = datetime.datetime(1970, 1, 1)
    microseconds = (datetime.datetime.utcnow() - epoch) // datetime.timedelta(microseconds=1)
    try:
        microseconds = keeper.keeper_of(_settings()).spool.unique_jid_time(microseconds)
    except OSError as error:
        log.warning("The jid may not be unique: %s", error)
    jid = (epoch + datetime.timedelta(microseconds=microseconds)).strftime("%Y%m%d%H%M%S%f")
    return "{}_{}".format(jid, os.getpid()) if __opts__.get("unique_jid") else jid


def get_load(jid):
    """The publication of a job; empty where there is none."""
    return lookup.load_of(keeper.keeper_of(_settings()), jid)


def get_jid(jid):
    """The returns of a job, by minion."""
    return lookup.returns_of_jid(keeper.keeper_of(_settings()), jid)


def get_fun(fun):
    """The latest return of a function, by minion."""
    return lookup.returns_of_fun(keeper.keeper_of(_settings()), fun)


def get_jids():
    """All jobs."""
    return lookup.jids(keeper.keeper_of(_settings()))


def get_minions():
    """All minions that have returned something."""
    return lookup.minions(keeper.keeper_of(_settings()))


def clean_old_jobs():
    """Nothing: Saltern ends rows by whole days, when nothing needs them any more."""


def _settings():
    """Read once for each time that Salt loads this file: the options behind a loader do not change."""
    if not _kept_settings:
        _kept_settings.append(settings.of_options(__opts__))
    return _kept_settings[0]
