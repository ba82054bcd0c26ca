"""
The keys with which repositories are signed. A channel names them as text or by an address; a real run makes them
rpm's, for zypper trusts no others when nobody answers its questions, whatever the file of repositories names. A dry run
only notes their fingerprints, and compares.
"""

import contextlib
import os
import re
import tempfile

from . import key_addresses, records, system

NOTE = "keys.json"

# What becomes of channels whose keys cannot be had: nothing is changed; they are set all the same, for zypper refuses
# by itself what it does not trust; or keys are not looked at.
NEEDED, WISHED, LEFT_OUT = "needed", "wished", "left out"


class Key:
    """A text with one public key or several; ValueError where it has none."""

    def __init__(self, text):
        self.text = text
        shown = _shown(text)
        found = re.findall(
            r"^pub:(?:[^:]*:){3}([0-9A-Fa-f]+):([0-9]+):.*\n(?:fpr:+([0-9A-Fa-f]+):)?", shown, re.M)
        # The names as which rpm keeps them.
        self.packages = set("gpg-pubkey-{}-{:x}".format(one[-8:].lower(), int(created)) for one, created, _ in found)
        self._names = [{one[-8:].lower(), one.lower(), whole.lower()} for one, _, whole in found]
        # Of subkeys too: zypper names the one that signed.
        self.fingerprints = [one.upper() for one in re.findall(r"^fpr:+([0-9A-Fa-f]+):", shown, re.M)]

    def is_among(self, packages):
        """
        Whether rpm has them, whatever it calls them: it has named them by the time of their latest signature by
        themselves instead of that of their creation, and it has named them by their whole fingerprint.
        """
        versions = {one.split("-")[2].lower() for one in packages}
        return all(names & versions for names in self._names)


def check(channels):
    """ValueError where a key is never taken from where it is said to be."""
    for key in _wanted(channels):
        if key_addresses.is_address(key):
            key_addresses.check(key)


def import_all(channels, root, warnings=None):
    """
    Makes them rpm's, but for those that are: rpm cannot write where the root is read-only. Which were new. What stands
    against one goes to `warnings`; where that is None it is raised.
    """
    with _going_on(warnings):
        before = _known(root)
        for key in _keys(channels, root, warnings):
            with _going_on(warnings):
                _import(key, before, root)
        return sorted(_known(root) - before)
    return []


def fingerprints(channels, root):
    """Of the keys that a real run would make rpm's."""
    return sorted(one for key in _keys(channels, root) for one in key.fingerprints)


def addresses(channel):
    """Those of its keys that are for the file of repositories."""
    return [key for key in channel["gpgkey"] if key_addresses.is_address(key) and key_addresses.is_trusted(key)]


def noted(folder):
    """What a dry run has noted of them beside its repositories."""
    return records.read_json(os.path.join(folder, NOTE)) or []


@contextlib.contextmanager
def _going_on(warnings):
    try:
        yield
    except ValueError as error:
        if warnings is None:
            raise
        warnings.append(str(error))


def _wanted(channels):
    return sorted({key for channel in channels for key in channel["gpgkey"]})


def _keys(channels, root, warnings=None):
    """All are had before the first is used, so that one that cannot be had changes nothing."""
    found, places = [], key_addresses.Addresses(root)
    for key in _wanted(channels):
        with _going_on(warnings):
            found.append(places.key(key, Key) if key_addresses.is_address(key) else Key(key))
    return found


def _import(key, known, root):
    if key.packages <= known or (system.is_read_only(root) and key.is_among(known)):
        return
    code, said = _with_file(key.text, ["rpm"] + _root_option(root) + ["--import"])
    if code != 0:
        raise ValueError("a key could not be imported: {}".format(said.strip()))


def _shown(text):
    with tempfile.TemporaryDirectory() as home:
        code, said = _with_file(text, ["gpg", "--homedir", home, "--batch", "--with-colons", "--show-keys"])
    if code != 0 or "\nfpr:" not in said:
        raise ValueError("a key could not be read: {}".format(said.strip()))
    return said


def _with_file(text, command):
    with tempfile.NamedTemporaryFile("w", suffix=".asc", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        return system.run(command + [file.name])


def _root_option(root):
    return [] if root == "/" else ["--root", root]


def _known(root):
    code, said = system.run(["rpm"] + _root_option(root) + ["-qa", "gpg-pubkey*"])
    if code != 0:
        raise ValueError("the keys that rpm has could not be listed: {}".format(said.strip()))
    return set(line for line in said.split() if line.startswith("gpg-pubkey-"))
