"""
A folder on the master where records wait while the database is away. One line a record, in files that are only ever
appended to, numbered by the time when they began; `position` says how far the first of them is stored already.

All processes of the master share it. `lock` is held for each append, which takes well under a millisecond, and while a
batch is read; `replaying` is held by the one process that stores what waits. A record counts as kept when it is synced.
A line that was torn by a crash is told by its sum; the next append begins a new line after it.
"""

import contextlib
import errno
import fcntl
import logging
import os
import time

from . import records

log = logging.getLogger(__name__)

_SEGMENT_BYTES = 16 * 1024 * 1024
_ENDING = ".records"
_LOCK_SECONDS = 1.0


class SpoolFull(Exception):
    """Nothing more fits into what the settings allow."""


class Spool:
    """`append` keeps; `read`, `advance` give what waits, in order, to whoever holds `replaying`."""

    def __init__(self, folder, most_bytes):
        self.folder = folder
        self._most_bytes = most_bytes

    def is_empty(self):
        return not self._segments()

    def append(self, record):
        """Keeps one record. Raises SpoolFull, or OSError where the folder cannot be written."""
        self._make_folder()
        line = record.line()
        if self._bytes() + len(line) > self._most_bytes:
            raise SpoolFull("{} holds as much as spool_max_bytes allows".format(self.folder))
        try:
            with self._locked("lock", _LOCK_SECONDS):
                descriptor = self._write(self._segment_to_append(), line)
        except BlockingIOError:
            # Whoever has the lock is stopped. A file of its own needs none.
            descriptor = self._write_apart(line)
        try:
            # Outside of the lock, so that those who append at the same time sync at the same time.
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def read(self, most_records, most_bytes):
        """
        The next records and the position after them. Files that have been read to their end are removed first; both
        are empty when nothing waits any more.
        """
        if self.is_empty():
            return [], None
        with self._locked("lock", None):
            for name in self._segments():
                batch, after = self._read_segment(name, most_records, most_bytes)
                if batch:
                    return batch, (name, after)
                self._remove_segment(name)
            return [], None

    def advance(self, position):
        """What lies before this position is stored. Not synced: what is read again is found to be there."""
        temporary = os.path.join(self.folder, "position.new")
        with os.fdopen(self._open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w") as file:
            file.write("{} {}".format(*position))
        os.replace(temporary, os.path.join(self.folder, "position"))

    def set_aside(self, record, reason):
        """For a record that PostgreSQL will never take: kept in `refused`, out of the way of the others."""
        self._make_folder()
        log.error("PostgreSQL refuses the %s (%s); it is kept in %s/refused.", record.name(), reason, self.folder)
        descriptor = self._write(os.path.join(self.folder, "refused"), record.line())
        os.fsync(descriptor)
        os.close(descriptor)

    def note_lost(self, record, reason):
        """The name of a record that could be kept nowhere; the minion may still have it."""
        log.critical("Lost: the %s. The database is away, and the spool cannot take it: %s", record.name(), reason)
        try:
            path = os.path.join(self.folder, "lost")
            descriptor = self._open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            if os.fstat(descriptor).st_size < _SEGMENT_BYTES:
                os.write(descriptor, "{} {}\n".format(records.now(), ascii(record.name())).encode("ascii"))
            os.close(descriptor)
        except OSError as error:
            log.error("It cannot even be noted in %s: %s", self.folder, error)

    def session(self):
        """The session of whoever replayed last; what it did at its end is not known."""
        try:
            with open(os.path.join(self.folder, "session"), encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            return ""

    def set_session(self, identity):
        path = os.path.join(self.folder, "session")
        with os.fdopen(self._open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w") as file:
            file.write(identity)

    def take_turn(self):
        """The right to replay, or None while another process has it."""
        self._make_folder()
        turn = _Lock(self._open(os.path.join(self.folder, "replaying"), os.O_RDWR | os.O_CREAT))
        if turn.take(0):
            return turn
        turn.release()
        return None

    def unique_jid_time(self, wanted):
        """This moment in microseconds, or the first one after it that no process of this master was given before."""
        self._make_folder()
        path = os.path.join(self.folder, "last-jid")
        with self._locked("last-jid", _LOCK_SECONDS):
            with open(path, "r+", encoding="ascii") as file:
                last = file.read().strip()
                # A clock that was set back must not hand out the past for hours.
                if last.isdigit() and wanted <= int(last) < wanted + 1000000:
                    wanted = int(last) + 1
                file.seek(0)
                file.write("{:020d}".format(wanted))
        return wanted

    def look(self):
        """What is there, without changing it: records that wait, bytes, the oldest, those refused, those lost."""
        waiting, oldest, torn = 0, None, 0
        position = self._position()
        for name in self._segments():
            with open(os.path.join(self.folder, name), "rb") as file:
                file.seek(position[1] if position[0] == name else 0)
                for line in file:
                    record = records.of_line(line) if line.strip() else None
                    torn += bool(line.strip()) and record is None
                    waiting += record is not None
                    oldest = oldest or (record.values["at"] if record else None)
        return {
            "folder": self.folder, "records": waiting, "bytes": self._bytes(), "most_bytes": self._most_bytes,
            "oldest": oldest, "torn": torn + self._lines("torn"),
            "refused": self._lines("refused"), "lost": self._lines("lost"),
        }

    def _read_segment(self, name, most_records, most_bytes):
        batch, taken = [], 0
        position = self._position()
        with open(os.path.join(self.folder, name), "rb") as file:
            after = position[1] if position[0] == name else 0
            file.seek(after)
            while len(batch) < most_records and (not batch or taken < most_bytes):
                line = file.readline()
                if not line:
                    break
                after += len(line)
                record = records.of_line(line) if line.strip() else None
                if record:
                    batch.append(record)
                    taken += len(line)
                elif line.strip():
                    self._keep_torn(name, line)
        return batch, after

    def _keep_torn(self, name, line):
        log.error("%s/%s has a torn line of %d bytes; it is kept in `torn`.", self.folder, name, len(line))
        os.close(self._write(os.path.join(self.folder, "torn"), line))

    def _remove_segment(self, name):
        # A position names its file, and no two files ever have the same name: it may outlive its file.
        os.unlink(os.path.join(self.folder, name))

    def _position(self):
        try:
            with open(os.path.join(self.folder, "position"), encoding="ascii") as file:
                name, _, offset = file.read().partition(" ")
                return name, int(offset)
        except (OSError, ValueError):
            return "", 0

    def _segments(self):
        try:
            return sorted(name for name in os.listdir(self.folder) if name.endswith(_ENDING))
        except OSError as error:
            if error.errno == errno.ENOENT:
                return []
            raise

    def _segment_to_append(self):
        names = self._segments()
        if names:
            latest = os.path.join(self.folder, names[-1])
            if os.path.getsize(latest) < _SEGMENT_BYTES:
                return latest
        number = max(time.time_ns() if hasattr(time, "time_ns") else int(time.time() * 1e9), _number(names) + 1)
        return os.path.join(self.folder, "{:020d}{}".format(number, _ENDING))

    def _write(self, path, line):
        """Appends a whole line, or nothing; gives the open file."""
        is_new = not os.path.exists(path)
        descriptor = self._open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
        size = os.fstat(descriptor).st_size
        try:
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = b"\n" + line
            view = memoryview(line)
            while view:
                view = view[os.write(descriptor, view):]
            if is_new:
                self._sync_folder()
        except OSError:
            os.ftruncate(descriptor, size)
            os.close(descriptor)
            raise
        return descriptor

    def _write_apart(self, line):
        path = os.path.join(self.folder, "apart-{}-{}".format(os.getpid(), time.time()))
        descriptor = self._write(path, line)
        number = max(int(time.time() * 1e9), _number(self._segments()) + 1)
        os.rename(path, os.path.join(self.folder, "{:020d}-{}{}".format(number, os.getpid(), _ENDING)))
        self._sync_folder()
        return descriptor

    def _bytes(self):
        with contextlib.suppress(FileNotFoundError):
            return sum(_size(entry) for entry in os.scandir(self.folder))
        return 0

    def _lines(self, name):
        try:
            with open(os.path.join(self.folder, name), "rb") as file:
                return sum(1 for line in file if line.strip())
        except FileNotFoundError:
            return 0

    def _make_folder(self):
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
        if os.stat(self.folder).st_mode & 0o077:
            os.chmod(self.folder, 0o700)

    def _sync_folder(self):
        descriptor = os.open(self.folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    @staticmethod
    def _open(path, flags):
        return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    @contextlib.contextmanager
    def _locked(self, name, seconds):
        lock = _Lock(self._open(os.path.join(self.folder, name), os.O_RDWR | os.O_CREAT))
        try:
            if not lock.take(seconds):
                raise BlockingIOError(errno.EWOULDBLOCK, "another process holds the lock of " + self.folder)
            yield
        finally:
            lock.release()


class _Lock:
    """A lock on an open file. Released by word and not by closing: a child of a fork may have the file open too."""

    def __init__(self, descriptor):
        self._descriptor = descriptor

    def take(self, seconds):
        if seconds is None:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            return True
        until = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() >= until:
                    return False
                time.sleep(0.0005)

    def release(self):
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
                os.close(self._descriptor)
            self._descriptor = -1

    def forget(self):
        """In the child of a fork: closes its copy and leaves the lock with the parent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _number(names):
    return int(names[-1].split(".")[0].split("-")[0]) if names else 0


def _size(entry):
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0
