"""
The channels of a minion as its repositories. Ours are all in one file, which is replaced as a whole: at any moment
the minion has either the channels of before or those of after, and the way back is the same single step.

A dry run gets a folder of its own instead, with ours and the foreign ones that stay; nothing of the minion changes.
"""

import os
import re
import shutil

from . import keys, records, repositories

PREFIX = "saltern:"
FILE = "saltern:channels.repo"
CREDENTIALS = "etc/zypp/credentials.d"
SWITCHED_OFF = "var/lib/saltern/switched-off.json"

_LABEL = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$")
_KNOWN = {
    "label", "name", "url", "enabled", "priority", "gpgcheck", "gpgkey", "autorefresh", "username", "password",
    "headers"}


class Channels:
    """What is wanted: channels, and `foreign` = "keep" or "disable"."""

    def __init__(self, wanted, foreign="keep", root=None):
        if foreign not in ("keep", "disable"):
            raise ValueError("foreign is keep or disable, not {!r}".format(foreign))
        if not isinstance(wanted, list):
            raise ValueError("channels is a list, not {!r}".format(type(wanted).__name__))
        self.wanted = [_checked(channel) for channel in wanted]
        labels = [channel["label"] for channel in self.wanted]
        if len(set(labels)) < len(labels):
            raise ValueError("a channel is named twice: {}".format(
                ", ".join(sorted(label for label in set(labels) if labels.count(label) > 1))))
        self.foreign = foreign
        self.root = root or "/"

    def apply(self, test=False, with_keys=keys.NEEDED):
        """
        Makes it so. What changed, without secrets: {"channels": {alias: …}, "foreign": {…}, "keys": […]}, and
        "warnings" of keys that could not be had.
        """
        if with_keys not in (keys.NEEDED, keys.WISHED, keys.LEFT_OUT):
            raise ValueError("keys are needed, wished or left out, not {!r}".format(with_keys))
        if with_keys == keys.NEEDED:
            keys.check(self.wanted)
        folder = repositories.folder_of(self.root)
        path = os.path.join(folder, FILE)
        credentials = os.path.join(self.root, CREDENTIALS)
        text = self._text("")
        before = records.read(path) or ""
        changes = {"channels": _between(before, text), "foreign": self._switches(folder), "keys": [], "warnings": []}
        stray = [one for one in repositories.files(folder) if self._is_stray(one)]
        changes["channels"].update({alias: "removed" for one in stray for alias in _ours(one)})
        new_credentials = self._credentials()
        if test:
            return changes
        os.makedirs(folder, exist_ok=True)
        if with_keys != keys.LEFT_OUT:
            changes["keys"] = keys.import_all(
                self.wanted, self.root, changes["warnings"] if with_keys == keys.WISHED else None)
        # Credentials that are needed come before, those that are not go after: no moment without.
        changes["credentials"] = _write_credentials(credentials, new_credentials)
        if before != text:
            records.write(path, text, 0o600 if "?" in text else 0o644)
        for one in stray:
            records.remove(one)
        changes["credentials"] |= _remove_other_credentials(credentials, new_credentials)
        self._switch_foreign(folder, changes["foreign"])
        return changes

    def write_private(self, folder, credentials):
        """The same for a dry run, into a folder of its own. Keys are only noted: as rpm's they would stay."""
        fingerprints = keys.fingerprints(self.wanted, self.root)
        for place in (folder, credentials):
            shutil.rmtree(place, ignore_errors=True)
            records.make_folder(place)
        records.write_json(os.path.join(folder, keys.NOTE), fingerprints)
        _write_credentials(credentials, self._credentials())
        records.write(os.path.join(folder, FILE), self._text(credentials + "/"))
        if self.foreign == "keep":
            back = records.read_json(os.path.join(self.root, SWITCHED_OFF)) or {}
            for path in repositories.files(repositories.folder_of(self.root)):
                if os.path.basename(path) != FILE and not self._is_stray(path):
                    aliases = back.get(os.path.relpath(path, self.root), [])
                    text = repositories.switched(records.read(path), {alias: True for alias in aliases})
                    records.write(os.path.join(folder, os.path.basename(path)), text)

    def _text(self, credentials_folder):
        lines = ["# Kept by Saltern. What is changed here does not last."]
        for channel in self.wanted:
            lines += ["", "[{}{}]".format(PREFIX, channel["label"]), "name=" + channel["name"]]
            for flag in ("enabled", "autorefresh"):
                lines.append("{}={}".format(flag, int(channel[flag])))
            lines += ["baseurl=" + _address(channel, credentials_folder), "type=rpm-md"]
            lines += ["priority={}".format(channel["priority"]), "gpgcheck={}".format(int(channel["gpgcheck"]))]
            addresses = keys.addresses(channel)
            lines += ["gpgkey=" + "\n       ".join(addresses)] if addresses else []
        return "\n".join(lines) + "\n"

    def _credentials(self):
        """{name of the file: its text} for channels with a password or with headers."""
        texts = {}
        for channel in self.wanted:
            if channel.get("password") is not None:
                texts["saltern-" + channel["label"]] = "username={}\npassword={}\n".format(
                    channel["username"], channel["password"])
            elif channel.get("headers"):
                texts["saltern-headers-" + channel["label"]] = "{}\n{}".format(channel["url"], "".join(
                    "{}: {}\n".format(*header) for header in sorted(channel["headers"].items())))
        return texts

    def _is_stray(self, path):
        """A file of repositories that bear our name, beside ours: somebody else's doing, or of an earlier version."""
        return os.path.basename(path) != FILE and bool(_ours(path))

    def _switches(self, folder):
        """What is to be switched: {alias: "disabled" | "enabled"}."""
        off = records.read_json(os.path.join(self.root, SWITCHED_OFF)) or {}
        found = {}
        for path in self._foreign_files(folder):
            states = repositories.states(records.read(path) or "")
            for alias, on in states.items():
                if self.foreign == "disable" and on:
                    found[alias] = "disabled"
                elif self.foreign == "keep" and not on and alias in off.get(os.path.relpath(path, self.root), []):
                    found[alias] = "enabled"
        return found

    def _foreign_files(self, folder):
        """Repositories of others, and the services that would bring them back."""
        repos = repositories.files(folder)
        repos = [path for path in repos if os.path.basename(path) != FILE and not self._is_stray(path)]
        return repos + repositories.files(repositories.services_of(self.root), ".service")

    def _switch_foreign(self, folder, changes):
        """Foreign ones go off with a note of it, and `keep` puts on again those of the note and no others."""
        note = os.path.join(self.root, SWITCHED_OFF)
        off = records.read_json(note) or {}
        if self.foreign == "disable" and changes:
            for path in self._foreign_files(folder):
                mine = [alias for alias in repositories.states(records.read(path) or "") if alias in changes]
                if mine:
                    key = os.path.relpath(path, self.root)
                    off[key] = sorted(set(off.get(key, [])) | set(mine))
            records.make_folder(os.path.dirname(note))
            records.write_json(note, off)
        for path in self._foreign_files(folder):
            states = repositories.states(records.read(path) or "")
            on = {alias: changes[alias] == "enabled" for alias in states if alias in changes}
            if on:
                repositories.rewrite(path, on)
        if self.foreign == "keep":
            records.remove(note)


def _checked(channel):
    """The channel with all its values; ValueError with a sentence where one is no good, which names no secret."""
    if not isinstance(channel, dict) or not _LABEL.match(str(channel.get("label", ""))):
        raise ValueError("a channel needs a label of letters, digits, dots, dashes, plus signs and underscores")
    label = channel["label"]
    unknown = sorted(set(channel) - _KNOWN)
    if unknown:
        raise ValueError("channel {}: unknown: {}".format(label, ", ".join(unknown)))
    full = {"name": label, "enabled": True, "priority": 99, "gpgcheck": True, "gpgkey": [], "autorefresh": True}
    full.update((name, value) for name, value in channel.items() if value is not None)
    if isinstance(full["gpgkey"], str):
        full["gpgkey"] = [full["gpgkey"]]
    texts = [full["name"], full.get("url"), full.get("username", ""), full.get("password", "")]
    texts += [text for header in full.get("headers", {}).items() for text in header]
    if not isinstance(full["gpgkey"], list) or not all(isinstance(key, str) for key in full["gpgkey"]):
        raise ValueError("channel {}: gpgkey is addresses, or keys as text".format(label))
    if not all(isinstance(text, str) and "\n" not in text and "\r" not in text for text in texts):
        raise ValueError("channel {}: name, url, username, password and headers are text of one line".format(label))
    if not re.match(r"^[a-z]+:/", full["url"]):
        raise ValueError("channel {}: its url is none".format(label))
    if (full.get("password") is None) != (full.get("username") is None):
        raise ValueError("channel {}: username and password come together".format(label))
    if full.get("password") is not None and full.get("headers"):
        raise ValueError("channel {}: either a password or headers".format(label))
    for name in ("enabled", "gpgcheck", "autorefresh"):
        if not isinstance(full[name], bool):
            raise ValueError("channel {}: {} is true or false".format(label, name))
    if isinstance(full["priority"], bool) or not isinstance(full["priority"], int):
        raise ValueError("channel {}: priority is a number".format(label))
    return full


def _address(channel, credentials_folder):
    """The url with the name of the file that has the credentials; with headers, the word for our plugin."""
    if channel.get("headers"):
        name = credentials_folder + "saltern-headers-" + channel["label"]
        return "plugin:saltern?file=" + name
    if channel.get("password") is None:
        return channel["url"]
    name = credentials_folder + "saltern-" + channel["label"]
    return channel["url"] + ("&" if "?" in channel["url"] else "?") + "credentials=" + name


def _ours(path):
    return [alias for alias in repositories.states(records.read(path) or "") if alias.startswith(PREFIX)]


def _between(before, after):
    """{label: "added" | "removed" | "changed"}; never what is in them."""
    old, new = _sections(before), _sections(after)
    changes = {}
    for alias in sorted(set(old) | set(new)):
        if old.get(alias) != new.get(alias):
            changes[alias] = "added" if alias not in old else "removed" if alias not in new else "changed"
    return changes


def _sections(text):
    found, alias = {}, None
    for line in text.splitlines():
        if line.startswith("["):
            alias = line.strip("[]")
            found[alias] = []
        elif alias is not None and line:
            found[alias].append(line)
    return found


def _write_credentials(folder, texts):
    changed = False
    for name, text in sorted(texts.items()):
        path = os.path.join(folder, name)
        if records.read(path) != text:
            os.makedirs(folder, exist_ok=True)
            records.write(path, text, 0o600)
            changed = True
    return changed


def _remove_other_credentials(folder, texts):
    changed = False
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith("saltern-") and name not in texts:
            changed |= records.remove(os.path.join(folder, name))
    return changed
