"""Files of repositories (`*.repo`): what is in them, and small changes that leave the rest of a file as it is."""

import configparser
import os
import re

from . import records

FOLDER = "etc/zypp/repos.d"
SERVICES = "etc/zypp/services.d"

_SECTION = re.compile(r"^\s*\[(.+)\]\s*$")
_ENABLED = re.compile(r"^\s*enabled\s*=\s*(.*?)\s*$", re.I)


def folder_of(root=None):
    return os.path.join(root or "/", FOLDER)


def services_of(root=None):
    return os.path.join(root or "/", SERVICES)


def files(folder, suffix=".repo"):
    """The files of a folder, by name; none where there is no folder."""
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(suffix))
    except FileNotFoundError:
        return []


def enabled(reposd_dir=None, root=None):
    """[{"alias", "signed"}] of all enabled repositories; signed says whether signatures are checked at all."""
    found = []
    for path in files(reposd_dir or folder_of(root)):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for alias in parser.sections():
            if is_on(parser.get(alias, "enabled", fallback="1")):
                unsigned = any(not is_on(parser.get(alias, name, fallback="1"))
                               for name in ("gpgcheck", "repo_gpgcheck", "pkg_gpgcheck"))
                found.append({"alias": alias, "signed": not unsigned})
    return found


def is_on(text):
    return str(text).strip().lower() in ("1", "yes", "true", "on", "always")


def states(text):
    """{alias: enabled} of a file's text."""
    found, alias = {}, None
    for line in text.splitlines():
        section = _SECTION.match(line)
        if section:
            alias = section.group(1)
            found[alias] = True
        elif alias is not None and _ENABLED.match(line):
            found[alias] = is_on(_ENABLED.match(line).group(1))
    return found


def switched(text, on):
    """The text with repositories switched: `on` maps aliases to true or false. All other lines stay as they are."""
    lines, alias, position = [], None, {}
    for line in text.splitlines():
        section = _SECTION.match(line)
        if section:
            alias = section.group(1)
            position[alias] = len(lines) + 1
        if alias in on and _ENABLED.match(line):
            line = "enabled={}".format(int(on[alias]))
            position.pop(alias, None)
        lines.append(line)
    # A section that does not say it is enabled; from the last to the first, so that the places stay right.
    for alias, place in sorted(position.items(), key=lambda one: -one[1]):
        if alias in on:
            lines.insert(place, "enabled={}".format(int(on[alias])))
    return "\n".join(lines) + "\n"


def rewrite(path, on):
    text = records.read(path)
    if text is not None:
        records.write(path, switched(text, on), os.stat(path).st_mode & 0o777)
