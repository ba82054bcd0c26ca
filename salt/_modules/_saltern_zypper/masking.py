"""
Takes secrets out of what leaves the minion. The addresses of repositories carry them: a password before the host, or
a token as the query (SUSE Customer Center gives out such). A query that names a file of credentials is none.
"""

import re

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*:/{1,3})(?P<user>[^/@\s'\"<>|]*@)?(?P<rest>[^\s'\"<>|\]]*)", re.I)
_HARMLESS = re.compile(r"^(credentials|proxy|proxyport|ssl_verify|auth|mediahandler)=", re.I)


def mask(text):
    """The text with the secrets in its addresses replaced."""
    return _ADDRESS.sub(_without_secrets, text)


def mask_all(value):
    """The same for all text in lists and dictionaries."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: mask_all(one) for key, one in value.items()}
    if isinstance(value, list):
        return [mask_all(one) for one in value]
    return value


def _without_secrets(found):
    place, mark, query = found.group("rest").partition("?")
    parts = [part if _HARMLESS.match(part) else "***" for part in query.split("&")] if query else []
    user = "***@" if found.group("user") else ""
    return found.group("scheme") + user + place + mark + "&".join(parts)
