"""What the master's configuration says: `returner.saltern.<name>`, flat or as one table `returner.saltern`."""

import logging
import os

log = logging.getLogger(__name__)

_MEBIBYTE = 1024 * 1024

# Each with its default. Those of the connection are named as the stock returner names them.
_TEXTS = {
    "host": "127.0.0.1",
    "user": "salt",
    "pass": "",
    "passfile": "",
    "db": "salt",
    "sslmode": "",
    "sslcert": "",
    "sslkey": "",
    "sslrootcert": "",
    "sslcrl": "",
    "spool": "",
}

# Each with its default, the least and the most.
_NUMBERS = {
    "port": (5432, 1, 65535),
    "timeout": (2.0, 0.1, 60.0),
    "read_timeout": (30.0, 1.0, 3600.0),
    "replay_timeout": (60.0, 1.0, 3600.0),
    "retry_seconds": (2.0, 0.1, 3600.0),
    "most_return_bytes": (64 * _MEBIBYTE, 16 * 1024, 192 * _MEBIBYTE),
    "spool_max_bytes": (1024 * _MEBIBYTE, 64 * 1024, 1024 * 1024 * _MEBIBYTE),
}

# Where a master changes over from the stock returner, these may stay as they are.
_SHARED_WITH_PGJSONB = ("host", "port", "user", "pass", "db", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl")


class Settings:
    """The settings as attributes; `password` reads the password file each time, since it may be replaced."""

    def __init__(self, given, master_id, cache_folder):
        for name, default in _TEXTS.items():
            setattr(self, "password" if name == "pass" else name, str(given.get(name) or default))
        for name, (default, least, most) in _NUMBERS.items():
            setattr(self, name, _number(name, given.get(name), default, least, most))
        self.spool = self.spool or os.path.join(cache_folder, "saltern-spool")
        self.master_id = master_id

    def password_now(self):
        if not self.passfile:
            return self.password
        with open(self.passfile, encoding="utf-8") as file:
            return file.read().rstrip("\r\n")

    def key(self):
        """The same for the same settings: what a process keeps is kept under it."""
        return tuple(sorted(self.__dict__.items()))


def of_options(options):
    """Reads the options of a master (or of a minion: `--return saltern`)."""
    table = options.get("returner.saltern")
    given = dict(table) if isinstance(table, dict) else {}
    for name in list(_TEXTS) + list(_NUMBERS):
        for prefix in ("returner.saltern.", "returner.pgjsonb."):
            if prefix == "returner.pgjsonb." and name not in _SHARED_WITH_PGJSONB:
                continue
            if name not in given and options.get(prefix + name) not in (None, ""):
                given[name] = options.get(prefix + name)
    _warn_of_unknown(options, given)
    # As in returns, which Salt names by `master_id` itself: a minion that goes to another master is followed by it.
    name = str(options.get("master_id") or options.get("id") or "master")
    return Settings(given, name, str(options.get("cachedir") or "/var/cache/salt/master"))


def _number(name, value, default, least, most):
    """A setting that makes no sense must not cost a return: it is said, and the default stands."""
    if value is None or value == "":
        return default
    try:
        number = type(default)(value)
    except (TypeError, ValueError):
        number = None
    if number is None or not least <= number <= most:
        log.error(
            "returner.saltern.%s is %r; it must be between %s and %s. %s is used.", name, value, least, most, default)
        return default
    return number


def _warn_of_unknown(options, given):
    known = set(_TEXTS) | set(_NUMBERS)
    try:
        names = [str(name)[len("returner.saltern."):] for name in options if str(name).startswith("returner.saltern.")]
    except TypeError:
        names = []
    for name in sorted((set(names) | set(given)) - known):
        log.warning("There is no setting returner.saltern.%s; there are %s.", name, ", ".join(sorted(known)))
