"""
One connection to PostgreSQL, through psycopg2 or psycopg, that never waits longer than it is told to: both are driven
without blocking, since a time-out of the driver's own covers neither a server that takes a statement and never answers
nor a network that swallows it. (The look-up of a host name does block; an address avoids it.)
"""

import select
import time

from . import statements

try:
    import psycopg2
    import psycopg2.extensions as psycopg2_extensions
except ImportError:
    psycopg2 = None

try:
    import psycopg
    import psycopg.conninfo
    import psycopg.pq
except ImportError:
    psycopg = None

MISSING = "The Saltern returner needs psycopg2 or psycopg, which this Python lacks (Debian, SUSE: python3-psycopg2)."

# What PostgreSQL refuses in the record itself: data, constraints, limits. It would refuse it again.
_REFUSALS = ("22", "23", "54")

# After these nobody knows whether the statement was committed: the connection ended, or the server.
_DOUBTFUL = ("08", "57P")

# What a session sets for itself: lock_timeout ends a wait for a lock on the server, also inside the trigger, which
# survives it; no trigger survives a statement_timeout, so that keeping time is left to us.
_BEGIN_SQL = """
    select pg_backend_pid()::text || ' ' || extract(epoch from backend_start)::text,
           set_config('lock_timeout', {}, false), set_config('statement_timeout', '0', false)
    from pg_stat_activity where pid = pg_backend_pid()"""

# Ends sessions and waits until they have; false where one would not.
_END_SQL = """
    select pg_terminate_backend(pid, 5000)::text from pg_stat_activity
    where usename = current_user and pid <> pg_backend_pid()
      and pid::text || ' ' || extract(epoch from backend_start)::text in ({})"""


class Away(Exception):
    """The database cannot take it now. `doubt` names the session that may have taken it all the same."""

    def __init__(self, reason, doubt=""):
        super().__init__(reason)
        self.doubt = doubt


class Refused(Exception):
    """PostgreSQL says that this record is nothing it can store."""


class Session:
    """A connection with the name by which PostgreSQL knows it: its process and when that began."""

    def __init__(self, settings, deadline):
        self.identity = ""
        self.is_closed = False
        driver = _Psycopg2 if psycopg2 else _Psycopg if psycopg else None
        if driver is None:
            raise Away(MISSING)
        try:
            parameters = _parameters(settings)
            self._driver = driver(parameters, deadline)
        except Exception as error:
            raise Away(_words(error)) from error
        lock_milliseconds = str(max(50, int(settings.timeout * 500)))
        self.identity = self.run(_BEGIN_SQL.format(self.quote(lock_milliseconds)), deadline)[0][0]
        self.run(statements.PREPARE_SQL, deadline)

    def quote(self, text):
        return self._driver.quote(text)

    def run(self, sql, deadline):
        """Runs it and gives the rows, all texts. Several statements in one text are one transaction."""
        try:
            return self._driver.run(sql, deadline)
        except _TimedOut as error:
            self.close()
            raise Away(_words(error), self.identity) from error
        except Exception as error:
            state = self._driver.state_of(error)
            if state and state[:2] in _REFUSALS:
                raise Refused(_words(error)) from error
            doubtful = not state or state.startswith(_DOUBTFUL)
            if doubtful:
                self.close()
            raise Away(_words(error), self.identity if doubtful else "") from error

    def end_sessions(self, identities, deadline):
        """So that what they may still be doing is either done or never will be."""
        wanted = sorted(identity for identity in identities if identity)
        if wanted:
            rows = self.run(_END_SQL.format(", ".join(self.quote(identity) for identity in wanted)), deadline)
            if any(row[0] != "true" for row in rows):
                raise Away("a session whose outcome is not known would not end")

    def close(self):
        self.is_closed = True
        self._driver.close()


def deadline_in(seconds, size=0):
    """A moment; what is large gets a second more for each 8 MB."""
    return time.monotonic() + seconds + size / (8 * 1024 * 1024)


class _TimedOut(Exception):
    pass


class _Psycopg2:
    def __init__(self, parameters, deadline):
        self._connection = psycopg2.connect(async_=1, **parameters)
        self._wait(deadline)

    def run(self, sql, deadline):
        cursor = self._connection.cursor()
        cursor.execute(sql)
        self._wait(deadline)
        return cursor.fetchall() if cursor.description else []

    def quote(self, text):
        quoted = psycopg2_extensions.QuotedString(text)
        quoted.prepare(self._connection)
        return quoted.getquoted().decode("utf-8")

    def state_of(self, error):
        return getattr(error, "pgcode", None)

    def close(self):
        self._connection.close()

    def _wait(self, deadline):
        while True:
            state = self._connection.poll()
            if state == psycopg2_extensions.POLL_OK:
                return
            writing = state == psycopg2_extensions.POLL_WRITE
            _wait_for(self._connection.fileno(), select.POLLOUT if writing else select.POLLIN, deadline)


class _Psycopg:
    def __init__(self, parameters, deadline):
        self._pq = psycopg.pq
        self._connection = self._pq.PGconn.connect_start(psycopg.conninfo.make_conninfo(**parameters).encode("utf-8"))
        status = self._pq.PollingStatus
        while True:
            state = self._connection.connect_poll()
            if state == status.OK:
                break
            if state == status.FAILED:
                raise psycopg.OperationalError(self._error_message())
            _wait_for(self._connection.socket, select.POLLOUT if state == status.WRITING else select.POLLIN, deadline)
        self._connection.nonblocking = 1

    def run(self, sql, deadline):
        self._connection.send_query(sql.encode("utf-8"))
        while self._connection.flush():
            # Reads while it writes: the server may have something to say first.
            if _wait_for(self._connection.socket, select.POLLIN | select.POLLOUT, deadline) & select.POLLIN:
                self._connection.consume_input()
        rows, error = [], None
        while True:
            while self._connection.is_busy():
                _wait_for(self._connection.socket, select.POLLIN, deadline)
                self._connection.consume_input()
            result = self._connection.get_result()
            if result is None:
                break
            rows, error = self._rows(result), error or self._error(result)
        if error:
            raise error
        return rows

    def quote(self, text):
        return self._pq.Escaping(self._connection).escape_literal(text.encode("utf-8")).decode("utf-8")

    def state_of(self, error):
        return getattr(error, "saltern_state", None)

    def close(self):
        self._connection.finish()

    def _rows(self, result):
        return [
            tuple(self._text(result.get_value(row, column)) for column in range(result.nfields))
            for row in range(result.ntuples)]

    @staticmethod
    def _text(value):
        return None if value is None else bytes(value).decode("utf-8")

    def _error(self, result):
        if result.status not in (self._pq.ExecStatus.FATAL_ERROR, self._pq.ExecStatus.BAD_RESPONSE):
            return None
        error = psycopg.DatabaseError((result.error_message or b"").decode("utf-8", "replace"))
        error.saltern_state = (result.error_field(self._pq.DiagnosticField.SQLSTATE) or b"").decode("ascii")
        return error

    def _error_message(self):
        return (self._connection.error_message or b"").decode("utf-8", "replace")


def _wait_for(descriptor, events, deadline):
    """poll rather than select: a master has more files open than select can name."""
    left = deadline - time.monotonic()
    waiting = select.poll()
    waiting.register(descriptor, events)
    happened = waiting.poll(int(left * 1000) + 1) if left > 0 else []
    if not happened:
        raise _TimedOut("no answer from the database in time")
    return happened[0][1]


def _parameters(settings):
    """libpq's names."""
    parameters = {
        "host": settings.host, "port": str(settings.port), "dbname": settings.db, "user": settings.user,
        "password": settings.password_now(), "application_name": "saltern returner", "client_encoding": "UTF8",
        "keepalives": "1", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
    }
    for name in ("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl"):
        parameters[name] = getattr(settings, name)
    return {name: value for name, value in parameters.items() if value}


def _words(error):
    """The first line: what follows may quote the record."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
