"""
Keys that an address names. What an address gave is kept, for root alone, and serves while the address gives nothing:
the channels of before come back without the network, too.
"""

import hashlib
import http.client
import os
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request

from . import masking, records

KEPT = "var/lib/saltern/keys"

_SECONDS = 60
_MOST_BYTES = 1000000
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):/", re.I)

# A key is what vouches for all the rest: nobody on the way may have put another in its place.
_TRUSTED = ("https", "file")

# Where distributions keep what vouches for servers; a Python that Salt brings with it may know none of these.
_BUNDLES = ("/etc/ssl/ca-bundle.pem", "/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/certs/ca-certificates.crt")


def is_address(key):
    return "\n" not in key and _SCHEME.match(key) is not None


def is_trusted(address):
    return _scheme(address) in _TRUSTED


def check(address):
    """ValueError with a sentence where a key is never taken from such an address."""
    if not is_trusted(address):
        raise ValueError("the key {} is not taken from {}: keys come from https, file or as text".format(
            masking.mask(address), _scheme(address)))


class Addresses:
    """Those of one setting of channels: a server that does not answer is asked once."""

    def __init__(self, root):
        self.folder = os.path.join(root, KEPT)
        self._away = {}

    def key(self, address, reader):
        """
        What `reader` makes of the text there, or of the one that is kept; it raises ValueError for what is no key.
        """
        check(address)
        path = os.path.join(self.folder, hashlib.sha256(address.encode("utf-8", "replace")).hexdigest())
        kept = records.read(path)
        try:
            text = self._fetched(address)
            found = reader(text)
        except ValueError:
            if kept is None:
                raise
            return reader(kept)
        if text != kept:
            self._keep(path, text)
        return found

    def _keep(self, path, text):
        """It can be done without: on a system where nothing can be written the address is asked again."""
        try:
            records.make_folder(self.folder)
            records.write(path, text)
        except OSError:
            pass

    def _fetched(self, address):
        server = urllib.parse.urlsplit(address).netloc
        try:
            if server in self._away:
                raise self._away[server]
            with _opener().open(address, timeout=_SECONDS) as answer:
                content = answer.read(_MOST_BYTES + 1)
        except (OSError, ValueError, http.client.HTTPException) as error:
            if server and not isinstance(error, urllib.error.HTTPError):
                self._away[server] = error
            raise ValueError("the key {} cannot be had: {}".format(
                masking.mask(address), masking.mask(str(error) or type(error).__name__)))
        if len(content) > _MOST_BYTES:
            raise ValueError("the key {} is none: it is too large".format(masking.mask(address)))
        return content.decode("utf-8", "surrogateescape")


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):  # pylint: disable=too-many-arguments
        if _scheme(newurl) != "https":
            raise urllib.error.HTTPError(
                req.full_url, code, "sent on to {}, and not to https".format(_scheme(newurl)), headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener():
    context = ssl.create_default_context(cafile=next((one for one in _BUNDLES if os.path.exists(one)), None))
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _Redirects)


def _scheme(address):
    found = _SCHEME.match(address)
    return found.group(1).lower() if found else "an address without a scheme"
