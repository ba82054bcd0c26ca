"""
Stores what waits in the spool, in order, batch by batch, one process at a time. A crash between the commit and the
note of the position makes a batch be read again: each record is then stored unless it is there. So that this holds, no
older session may still be about to commit: those that a record or the spool names as doubtful are ended first.
"""

import logging

from . import database, statements

log = logging.getLogger(__name__)

_MOST_RECORDS = 200
_MOST_BYTES = 4 * 1024 * 1024


class Replay:
    """One pass; `run` gives how many records it stored, and raises Away where the database is not there."""

    def __init__(self, spool, settings):
        self._spool = spool
        self._settings = settings
        self._patience = settings.replay_timeout

    def run(self):
        """To be called by whoever has the turn. It goes on until nothing waits."""
        stored = 0
        session = database.Session(self._settings, database.deadline_in(self._settings.timeout))
        try:
            self._end_doubt(session, [self._spool.session()])
            self._spool.set_session(session.identity)
            while True:
                batch, position = self._spool.read(_MOST_RECORDS, _MOST_BYTES)
                if not batch:
                    return stored
                self._end_doubt(session, [record.doubt for record in batch])
                self._store(session, batch)
                self._spool.advance(position)
                stored += len(batch)
                self._patience = self._settings.replay_timeout
        finally:
            session.close()

    def _end_doubt(self, session, identities):
        session.end_sessions(set(identities), database.deadline_in(self._settings.replay_timeout))

    def _store(self, session, batch):
        try:
            self._run(session, batch)
        except database.Refused as refusal:
            if len(batch) == 1:
                self._spool.set_aside(batch[0], str(refusal))
                return
            # Which of them it is shows when each goes alone.
            for record in batch:
                self._store(session, [record])

    def _run(self, session, batch):
        sql = statements.storing(batch, session.quote)
        deadline = database.deadline_in(self._patience, len(sql))
        # Where the time does not suffice, the next pass takes more of it: this waits in no master's way.
        self._patience = min(self._patience * 2, 3600)
        session.run(sql, deadline)
