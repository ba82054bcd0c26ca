"""
The keys with which repositories are signed. A channel names them as text or by an address; a real run makes them
rpm's, for zypper trusts no others when nobody answers its questions, whatever the file of repositories names. A dry run
only notes their fingerprints, and compares.
"""

import os
import re
import ssl
import tempfile
import urllib.error
import urllib.request

from . import masking, records, system

NOTE = "keys.json"

_SECONDS = 60
_MOST_BYTES = 1000000

# Where distributions keep what vouches for servers; a Python that Salt brings with it may know none of these.
_BUNDLES = ("/etc/ssl/ca-bundle.pem", "/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/certs/ca-certificates.crt")


def is_address(key):
    return "\n" not in key and re.match(r"^[a-z]+:/", key) is not None


def texts(channels):
    """The keys of all channels as text, once each; ValueError where one cannot be had."""
    wanted = sorted({key for channel in channels for key in channel["gpgkey"]})
    return [_fetched(key) if is_address(key) else key for key in wanted]


def import_all(channels, root):
    """Makes them rpm's, but for those that are: rpm cannot write where the root is read-only. Which were new."""
    before = _known(root)
    for text in texts(channels):
        if _rpm_names(text) <= before:
            continue
        code, said = _with_file(text, ["rpm"] + _root_option(root) + ["--import"])
        if code != 0:
            raise ValueError("a key could not be imported: {}".format(said.strip()))
    return sorted(_known(root) - before)


def fingerprints(channels):
    """Of the keys that a real run would make rpm's."""
    return sorted(one for text in texts(channels) for one in _fingerprints(text))


def noted(folder):
    """What a dry run has noted of them beside its repositories."""
    return records.read_json(os.path.join(folder, NOTE)) or []


def _rpm_names(text):
    """The packages as which rpm keeps the keys of a text."""
    return set("gpg-pubkey-{}-{:x}".format(key[-8:].lower(), int(created)) for key, created in re.findall(
        r"^pub:(?:[^:]*:){3}([0-9A-Fa-f]+):([0-9]+):", _shown(text), re.M))


def _fingerprints(text):
    """Of a key and its subkeys: zypper names the one that signed."""
    return [one.upper() for one in re.findall(r"^fpr:+([0-9A-Fa-f]+):", _shown(text), re.M)]


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


def _fetched(address):
    context = ssl.create_default_context(cafile=next((one for one in _BUNDLES if os.path.exists(one)), None))
    try:
        with urllib.request.urlopen(address, timeout=_SECONDS, context=context) as answer:
            content = answer.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ValueError("the key {} cannot be had: {}".format(masking.mask(address), masking.mask(str(error))))
    if len(content) > _MOST_BYTES:
        raise ValueError("the key {} is none: it is too large".format(masking.mask(address)))
    return content.decode("utf-8", "surrogateescape")


def _root_option(root):
    return [] if root == "/" else ["--root", root]


def _known(root):
    _, said = system.run(["rpm"] + _root_option(root) + ["-q", "gpg-pubkey"])
    return set(line for line in said.split() if line.startswith("gpg-pubkey-"))
