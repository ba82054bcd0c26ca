"""Files that are whole or absent: written beside their place, synced, renamed, and the folder synced."""

import json
import os


def make_folder(path):
    """A folder that only its owner may enter: names of packages are no secret, but lists of repositories may be."""
    os.makedirs(path, mode=0o700, exist_ok=True)


def sync_folder(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path, text, mode=0o600):
    beside = "{}.{}.new".format(path, os.getpid())
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
        os.fchmod(handle, mode)
        file.write(text)
        file.flush()
        os.fsync(handle)
    os.rename(beside, path)
    sync_folder(os.path.dirname(path))


def remove(path):
    """Whether there was something to remove."""
    try:
        os.remove(path)
    except FileNotFoundError:
        return False
    sync_folder(os.path.dirname(path))
    return True


def write_json(path, value):
    write(path, json.dumps(value, sort_keys=True) + "\n")


def read(path):
    """Its text, or None."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_json(path):
    """What it holds, or None where it is absent or torn (which the disk may do to a file, not we)."""
    text = read(path)
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None


def tail(path, most_bytes):
    """The end of a file as text, from the beginning of a line."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most_bytes))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return text if size <= most_bytes else "…" + text[text.find("\n"):]
