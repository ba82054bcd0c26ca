"""
What a process of the master keeps: one connection, and the way into the spool.

Everything goes to the database while nothing waits in the spool, and into the spool while anything does. So nothing
overtakes an older return, and the spool itself says to all processes that the database is away: each of them loses at
most one time-out. Who finds something waiting starts a thread that stores it; one process at a time does.
"""

import collections
import logging
import os
import threading
import time

from . import database, replay, statements
from .spool import Spool, SpoolFull

log = logging.getLogger(__name__)

_MOST_KNOWN_JIDS = 2000

_KEEPERS = {}


def keeper_of(settings):
    """
    The keeper of this process. A child of a fork gets one of its own; its parent's connection stays untouched, since
    closing it would end it for the parent as well.
    """
    key = (os.getpid(), settings.key())
    keeper = _KEEPERS.get(key)
    if keeper is None:
        for (process, _), other in list(_KEEPERS.items()):
            if process != key[0]:
                other.forget_turn()
        keeper = _KEEPERS.setdefault(key, Keeper(settings))
    return keeper


class Keeper:
    """Keeps records wherever they can be kept, and never raises: whatever goes wrong, the master works on."""

    def __init__(self, settings):
        self._settings = settings
        self._lock = threading.Lock()
        self._session = None
        self._known_jids = collections.OrderedDict()
        self._turn = None
        self.spool = Spool(settings.spool, settings.spool_max_bytes)

    def keep(self, batch):
        """Stores these records in one transaction, or spools them."""
        doubt = ""
        try:
            if not self._something_waits():
                self._store(batch)
                return
        except database.Refused as refusal:
            self._keep_each(batch, str(refusal))
            return
        except database.Away as away:
            doubt = away.doubt
            log.error("The database is away (%s); what comes is kept in %s.", away, self.spool.folder)
        for record in batch:
            record.doubt = doubt
            self._spool_one(record)
        self.replay_soon()

    def read(self, sql, *values):
        """Rows for the functions that look something up; raises Away."""
        with self._lock:
            was_open = self._session is not None
            try:
                return self._read(sql, values)
            except database.Away as away:
                if not (was_open and away.doubt):
                    raise
                return self._read(sql, values)

    def replay_soon(self):
        """Starts to store what waits, unless a process does already."""
        if self._turn is not None:
            return
        try:
            turn = self.spool.take_turn()
        except OSError as error:
            log.error("The spool cannot be replayed: %s", error)
            return
        if turn is not None:
            self._turn = turn
            threading.Thread(target=self._replay, name="saltern-replay", daemon=True).start()

    def forget_turn(self):
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.forget()

    def _something_waits(self):
        try:
            return not self.spool.is_empty()
        except OSError as error:
            log.error("The spool cannot be read: %s", error)
            return False

    def _read(self, sql, values):
        session = self._open(database.deadline_in(self._settings.timeout))
        quoted = [session.quote(value) for value in values]
        return session.run(sql.format(*quoted), database.deadline_in(self._settings.read_timeout))

    def _store(self, batch):
        if not self._lock.acquire(timeout=self._settings.timeout):
            raise database.Away("another thread of this process still waits for it")
        try:
            deadline = database.deadline_in(self._settings.timeout, sum(record.size() for record in batch))
            was_open = self._session is not None
            session = self._open(deadline)
            try:
                self._run(session, batch, deadline)
            except database.Away as away:
                if not (was_open and away.doubt):
                    raise
                # A kept connection may have ended long ago, when PostgreSQL was restarted. A new one says more.
                self._session = None
                session = self._open(deadline, away.doubt)
                self._end_doubt(session, away.doubt, deadline)
                self._run(session, batch, deadline)
        finally:
            if self._session is not None and self._session.is_closed:
                self._session = None
            self._lock.release()

    def _open(self, deadline, doubt=""):
        if self._session is None or self._session.is_closed:
            try:
                self._session = database.Session(self._settings, deadline)
            except database.Away as away:
                raise database.Away(str(away), doubt) from away
        return self._session

    @staticmethod
    def _end_doubt(session, doubt, deadline):
        try:
            session.end_sessions([doubt], deadline)
        except (database.Away, database.Refused) as error:
            raise database.Away(str(error), doubt) from error

    def _run(self, session, batch, deadline):
        jids = [record.values["jid"] for record in batch if "jid" in record.values]
        session.run(statements.storing(batch, session.quote, self._known_jids), deadline)
        for jid in jids:
            self._known_jids[jid] = None
        while len(self._known_jids) > _MOST_KNOWN_JIDS:
            self._known_jids.popitem(last=False)

    def _keep_each(self, batch, reason):
        if len(batch) > 1:
            for record in batch:
                self.keep([record])
            return
        try:
            self.spool.set_aside(batch[0], reason)
        except OSError as error:
            self.spool.note_lost(batch[0], "{}; {}".format(reason, error))

    def _spool_one(self, record):
        try:
            self.spool.append(record)
        except (SpoolFull, OSError) as error:
            self.spool.note_lost(record, str(error))

    def _replay(self):
        """Until nothing waits any more; looks again every few seconds while the database is away."""
        try:
            self._replay_all()
        except Exception:  # pylint: disable=broad-except
            log.exception("The spool %s cannot be replayed", self.spool.folder)
            time.sleep(self._settings.retry_seconds)
        finally:
            turn, self._turn = self._turn, None
            if turn is not None:
                turn.release()
        # Whoever appended between the last look and the release of the turn could not take it.
        if self._something_waits():
            self.replay_soon()

    def _replay_all(self):
        work = replay.Replay(self.spool, self._settings)
        while not self.spool.is_empty():
            try:
                stored = work.run()
                log.warning("The database is back; %d records of the spool are stored.", stored)
            except database.Away as away:
                log.info("The database is still away: %s", away)
                time.sleep(self._settings.retry_seconds)
