"""
Reads what `zypper --xmlout` writes: the plan, the problems with their solutions, and what it said. Takes output that is
torn (zypper was killed) or has lines of others between (scripts of packages).
"""

import html
import re
import xml.etree.ElementTree

KINDS = ("install", "upgrade", "downgrade", "reinstall", "remove", "change_vendor", "change_arch")

_SECTIONS = {"to-" + kind.replace("_", "-"): kind for kind in KINDS}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SOLUTION = re.compile(r"^ Solution \d+: ?", re.M)
_PROBLEM = re.compile(r"^Problem: (?:\d+: )?")
_KEY = re.compile("<gpgkey-info>(.*?)</gpgkey-info>", re.S)
_NAMELESS_KEY = re.compile("from repository '(.*)' is signed with an unknown key '([0-9A-Fa-f]+)'")
_KEY_PART = re.compile("<(repository|key-name|key-fingerprint)>(.*?)</")


class Output:
    """`plan` is None where zypper came to none."""

    def __init__(self):
        self.plan = None
        self.download_bytes = None
        self.disk_bytes = None
        self.reboot_needed = False  # Older zyppers do not say it; see solver_case.
        self.problems = []
        self.messages = []
        self.unknown_keys = []
        self.prompts = []
        self.whole = False

    def errors(self):
        return [text for kind, text in self.messages if kind == "error"]

    def warnings(self):
        return [text for kind, text in self.messages if kind == "warning"]

    def said(self, phrase):
        return any(phrase in text for _, text in self.messages)


def parse(text):
    output = Output()
    pull = xml.etree.ElementTree.XMLPullParser(["start", "end"])
    section = None
    pull.feed(_NOT_XML.sub("\ufffd", text[max(0, text.find("<?xml")):]))
    for event, element in _events(pull):
        if element.tag in _SECTIONS:
            section = _SECTIONS[element.tag] if event == "start" else None
        elif event == "start" and element.tag == "install-summary":
            output.plan = {kind: [] for kind in KINDS}
        elif event == "end":
            _take(output, element, section)
    _add_problems_without_solution(output)
    return output


def _events(pull):
    """All of them, or those that came before a place that is no XML."""
    try:
        yield from pull.read_events()
    except xml.etree.ElementTree.ParseError:
        return


def _take(output, element, section):
    if element.tag == "stream":
        output.whole = True
    elif element.tag == "solvable" and section:
        output.plan[section].append(_package(element, section))
    elif element.tag == "install-summary":
        output.download_bytes = _number(element.get("download-size"))
        output.disk_bytes = _number(element.get("space-usage-diff"))
        output.reboot_needed = _yes(element.get("need-reboot"))
    elif element.tag == "message":
        output.messages.append((element.get("type") or "info", _text(element)))
    elif element.tag == "prompt":
        output.prompts.append(element.get("id"))
        output.unknown_keys += _keys(_text(element))
        description = element.find("description")
        if description is not None and _SOLUTION.search(_text(description)):
            output.problems.append(_problem(_text(description)))


def _package(element, section):
    package = {"name": element.get("name"), "arch": element.get("arch")}
    if element.get("type", "package") != "package":
        package["kind"] = element.get("type")
    if section == "remove":
        package["old"] = element.get("edition")
        return package
    package["new"] = element.get("edition")
    if element.get("edition-old"):
        package["old"] = element.get("edition-old")
    if element.get("arch-old") not in (None, element.get("arch")):
        package["old_arch"] = element.get("arch-old")
    return package


def _problem(description):
    first, *solutions = _SOLUTION.split(description)
    return {
        "problem": _PROBLEM.sub("", first.strip()),
        "solutions": ["\n".join(line.strip() for line in one.strip().splitlines()) for one in solutions],
    }


def _keys(text):
    """Keys that zypper asks whether to trust: {"repository", "name", "fingerprint"}. Of some it has the end only."""
    found = [{"repository": repository, "name": "", "fingerprint": end.upper()}
             for repository, end in _NAMELESS_KEY.findall(text)]
    for info in _KEY.findall(text):
        parts = dict(_KEY_PART.findall(info))
        found.append({
            "repository": html.unescape(parts.get("repository", "")), "name": html.unescape(parts.get("key-name", "")),
            "fingerprint": parts.get("key-fingerprint", "").upper()})
    return found


def _add_problems_without_solution(output):
    """With several problems zypper lists them all, and shows the solutions of the first only before it gives up."""
    known = {problem["problem"].splitlines()[0] for problem in output.problems if problem["problem"]}
    for _, text in output.messages:
        if _PROBLEM.match(text):
            problem = _PROBLEM.sub("", text.strip())
            if problem.splitlines()[0] not in known:
                output.problems.append({"problem": problem, "solutions": []})


def _text(element):
    return "".join(element.itertext()).strip()


def _number(text):
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def _yes(text):
    return text in ("1", "true", "yes")
