"""Folders over http, and over https with a certificate that the modules are told to trust."""

import atexit
import functools
import http.server
import os
import shutil
import ssl
import tempfile
import threading

import ground

_made = []


def certificate():
    """One for this machine, with its key, in one file."""
    if not _made:
        folder = tempfile.mkdtemp(prefix="saltern-certificate-")
        atexit.register(shutil.rmtree, folder, True)
        path = os.path.join(folder, "both.pem")
        ground.quiet("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                     "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", path + ".crt")
        with open(path, "a") as file, open(path + ".crt") as signed:
            file.write(signed.read())
        _made.append(path)
    return _made[0]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Counts what was asked for; `/to/…` sends on to what follows, and nobody is let in at `/closed/…`."""

    asked = None

    def do_GET(self):
        self.asked.append(self.path)
        if self.path.startswith("/closed/"):
            return self.refuse()
        if not self.path.startswith("/to/"):
            return super().do_GET()
        self.send_response(302)
        self.send_header("Location", self.path[len("/to/"):])
        self.end_headers()
        return None

    def do_HEAD(self):
        return self.refuse() if self.path.startswith("/closed/") else super().do_HEAD()

    def refuse(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="lab"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class Server:
    def __init__(self, path, safe):
        self.asked = []
        handler = type("Here", (Handler,), {"asked": self.asked})
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=path))
        if safe:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate())
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        self.address = "{}://127.0.0.1:{}/".format("https" if safe else "http", self.http.server_port)
        self.open = True
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        if self.open:
            self.open = False
            self.http.shutdown()
            self.http.server_close()


def server(test, path, safe=False):
    """Serves until the test ends, or until it is closed."""
    made = Server(path, safe)
    test.addCleanup(made.close)
    addresses = ground.module._channels.keys.key_addresses
    test.addCleanup(setattr, addresses, "_BUNDLES", addresses._BUNDLES)
    addresses._BUNDLES = (certificate(),)
    return made


def folder(test, path, safe=False):
    return server(test, path, safe).address
