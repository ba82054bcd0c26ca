"""
JSON of whatever a minion sent. The text is ASCII, so that NUL characters and lone surrogates are escapes, which the
column type json takes as they are. Nothing is refused: what JSON has no word for becomes text, and what is too large is
cut and says so.
"""

import datetime
import decimal
import json
import math

# How deep the slow way below goes: it needs three frames of Python's stack for a level.
_DEEPEST = 150

# Strings are cut to half of what is allowed, or to one of these lengths: the first that makes the whole small enough.
_LENGTHS = (1024 * 1024, 64 * 1024, 4 * 1024, 256)


def text_of(value):
    """JSON text of any value."""
    try:
        return json.dumps(value, default=_other, allow_nan=False)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return json.dumps(_plain(value, 0, ()), allow_nan=False)


def column(value):
    """Text that PostgreSQL's type text can hold: it knows neither NUL nor half a pair of surrogates."""
    text = value if isinstance(value, str) else _name(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd")


def shorten(value, most):
    """A value like this one whose text is at most so long, as text."""
    for longest in (most // 2,) + _LENGTHS:
        text = text_of(_with_short_strings(_plain(value, 0, ()), longest))
        if len(text) <= most:
            return text
    return text_of(_cut(text_of(value), max(0, most // 2 - 200)))


def _cut(text, longest):
    if len(text) <= longest:
        return text
    return "{}\n[cut by the Saltern returner: {} of {} characters]".format(text[:longest], longest, len(text))


def _with_short_strings(value, longest):
    if isinstance(value, str):
        return _cut(value, longest)
    if isinstance(value, list):
        return [_with_short_strings(item, longest) for item in value]
    if isinstance(value, dict):
        return {_cut(key, longest): _with_short_strings(item, longest) for key, item in value.items()}
    return value


def _other(value):
    """For values that the json module does not know."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    if isinstance(value, (datetime.timedelta, decimal.Decimal, complex)):
        return str(value)
    if hasattr(value, "items"):
        return dict(value.items())
    if hasattr(value, "__iter__") and hasattr(value, "__len__"):
        return list(value)
    return _words(value)


def _words(value):
    try:
        return str(value)
    except Exception:  # pylint: disable=broad-except
        return "[a {} that has no text]".format(type(value).__name__)


def _plain(value, depth, above):
    """The same in what JSON knows: the slow way, for values that the json module refused."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, float):
        return _number(value)
    if id(value) in above:
        return "[refers to itself]"
    if depth >= _DEEPEST:
        return "[nested deeper than {} levels, cut by the Saltern returner]".format(_DEEPEST)
    above = above + (id(value),)
    if isinstance(value, dict):
        return _plain_dict(value, depth, above)
    if isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1, above) for item in value]
    return _plain(_other(value), depth + 1, above)


def _number(value):
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _whole(value):
    try:
        str(int(value))
        return int(value)
    except ValueError:
        # Python refuses to write numbers of more than 4,300 digits in decimal.
        return hex(value)


def _plain_dict(value, depth, above):
    result = {}
    for key, item in value.items():
        name = key if isinstance(key, str) else _name(key)
        while name in result:
            # 1 and "1" are two keys of a dict and one of an object.
            name += "_"
        result[name] = _plain(item, depth + 1, above)
    return result


def _name(key):
    """A key as the json module writes those that it knows."""
    if isinstance(key, bytes):
        return key.decode("utf-8", "backslashreplace")
    if key is None or isinstance(key, bool):
        return json.dumps(key)
    return _words(key)
