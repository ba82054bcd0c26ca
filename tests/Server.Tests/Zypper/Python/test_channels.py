import http.server
import os
import shutil
import stat
import threading
import xml.etree.ElementTree

import ground

CHANNELS = "etc/zypp/repos.d/saltern:channels.repo"


class ChannelGround(ground.System):
    def setUp(self):
        super().setUp()
        self.install("app", "lib")

    def set(self, *channels, **more):
        return ground.module.set_channels(list(channels), root=self.root, **more)

    def channel(self, label, **more):
        return dict({"label": label, "url": self.address(label), "gpgcheck": False}, **more)

    def listed(self):
        """The repositories as zypper itself lists them: alias -> (enabled, priority)."""
        said = ground.quiet("zypper", "--root", self.root, "-n", "--xmlout", "lr")
        return {one.get("alias"): (one.get("enabled") == "1", one.get("priority"))
                for one in xml.etree.ElementTree.fromstring(said).iter("repo")}

    def text(self, path=CHANNELS):
        with open(os.path.join(self.root, path)) as file:
            return file.read()


class Channels(ChannelGround):
    def test_exactly_these_are_the_repositories_of_our_name(self):
        changes = self.set(self.channel("sp1", priority=50), self.channel("sp2", enabled=False))
        self.assertEqual(changes["channels"], {"saltern:sp1": "added", "saltern:sp2": "added"})
        self.assertEqual(self.listed(), {"saltern:sp1": (True, "50"), "saltern:sp2": (False, "99")})
        changes = self.set(self.channel("sp2"), self.channel("new", name="New ones"))
        self.assertEqual(changes["channels"], {
            "saltern:new": "added", "saltern:sp1": "removed", "saltern:sp2": "changed"})
        self.assertEqual(sorted(self.listed()), ["saltern:new", "saltern:sp2"])
        self.assertIn("name=New ones\n", self.text())
        self.assertEqual(self.set(self.channel("sp2"), self.channel("new", name="New ones"))["channels"], {})
        self.add("sp1")
        self.set()
        self.assertEqual(sorted(self.listed()), ["sp1"])

    def test_repositories_of_our_name_in_other_files_go(self):
        ground.quiet("zypper", "--root", self.root, "-n", "addrepo", "-G", self.address("new"), "saltern:old")
        changes = self.set(self.channel("sp1"))
        self.assertEqual(changes["channels"], {"saltern:old": "removed", "saltern:sp1": "added"})
        self.assertEqual(sorted(self.listed()), ["saltern:sp1"])

    def test_foreign_ones_stay_unless_asked_and_come_back(self):
        self.add("sp1", "new")
        ground.quiet("zypper", "--root", self.root, "-n", "modifyrepo", "--disable", "new")
        before = ground.files_below(os.path.join(self.root, "etc/zypp"))
        self.set(self.channel("sp2"))
        self.assertTrue(self.listed()["sp1"][0])
        changes = self.set(self.channel("sp2"), foreign="disable")
        self.assertEqual(changes["foreign"], {"sp1": "disabled"})
        self.assertEqual({alias: on for alias, (on, _) in self.listed().items()}, {
            "sp1": False, "new": False, "saltern:sp2": True})
        self.assertEqual(self.set(self.channel("sp2"), foreign="disable")["foreign"], {})
        changes = self.set(self.channel("sp2"), foreign="keep")
        self.assertEqual(changes["foreign"], {"sp1": "enabled"})
        os.remove(os.path.join(self.root, CHANNELS))
        self.assertEqual(ground.files_below(os.path.join(self.root, "etc/zypp")), before)

    def test_services_of_others_go_off_too_lest_they_bring_their_repositories_back(self):
        folder = os.path.join(self.root, "etc/zypp/services.d")
        os.makedirs(folder)
        with open(os.path.join(folder, "scc.service"), "w") as file:
            file.write("[scc]\nname=scc\nenabled=1\nurl=https://scc.example.com\ntype=ris\n")
        self.assertEqual(self.set(foreign="disable")["foreign"], {"scc": "disabled"})
        self.assertIn("enabled=0\n", self.text("etc/zypp/services.d/scc.service"))
        self.set(foreign="keep")
        self.assertIn("enabled=1\n", self.text("etc/zypp/services.d/scc.service"))

    def test_a_test_changes_nothing_and_says_what_it_would(self):
        self.add("sp1")
        before = ground.files_below(self.root)
        changes = self.set(self.channel("sp2", username="u", password="p"), foreign="disable", test=True)
        self.assertEqual((changes["channels"], changes["foreign"]), ({"saltern:sp2": "added"}, {"sp1": "disabled"}))
        self.assertEqual(ground.files_below(self.root), before)

    def test_a_password_is_in_a_file_for_root_alone_and_nowhere_else(self):
        secret = "SECRET"
        changes = self.set(dict(self.channel("sp1"), url="https://example.com/sp1", username="u", password=secret))
        self.assertNotIn(secret, str(changes))
        self.assertIn("baseurl=https://example.com/sp1?credentials=saltern-sp1\n", self.text())
        path = os.path.join(self.root, "etc/zypp/credentials.d/saltern-sp1")
        self.assertEqual(self.text(path), "username=u\npassword=SECRET\n")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.set(self.channel("sp1"))
        self.assertFalse(os.path.exists(path))

    def test_an_address_with_a_token_is_in_a_file_for_root_alone_and_in_no_result(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        address = "http://user:SECRET1@127.0.0.1:{}/x?SECRET2".format(server.server_port)
        server.server_close()
        self.set(dict(self.channel("sp1"), url=address))
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.root, CHANNELS)).st_mode), 0o600)
        result = self.dup("r")
        self.assertEqual(result["reason"], "repository_unreachable")
        self.assertIn("127.0.0.1", result["log_tail"])
        self.assertNotIn("SECRET", str(result))
        for name in ("result.json", "log", "plan.json", "solverTestCase/y2log", "solverTestCase/zypp-control.yaml"):
            with open(self.path("r", name)) as file:
                self.assertNotIn("SECRET", file.read(), name)

    def test_a_key_becomes_rpms_and_is_no_package(self):
        home = os.path.join(self.folder, "gnupg")
        os.makedirs(home, mode=0o700)
        gpg = ("gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", "")
        ground.quiet(*gpg, "--quick-generate-key", "Lab <lab@example.com>", "rsa2048")
        self.addCleanup(ground.quiet, "gpgconf", "--homedir", home, "--kill", "all")
        key = ground.quiet(*gpg, "--armor", "--export")
        address = "file://" + os.path.join(self.folder, "key")
        with open(os.path.join(self.folder, "key"), "w") as file:
            file.write(key)
        before = ground.module._system.packages(self.root)
        changes = self.set(self.channel("sp1", gpgkey=[key, address]))
        self.assertEqual([one[:11] for one in changes["keys"]], ["gpg-pubkey-"])
        self.assertIn("gpgkey={}\n".format(address), self.text())
        self.stand_in("rpm", "case \"$*\" in *--import*) exit 1;; esac; exec {} \"$@\"".format(shutil.which("rpm")))
        self.assertEqual(self.set(self.channel("sp1", gpgkey=key))["keys"], [])
        self.assertEqual(ground.module._system.packages(self.root), before)

    def test_what_is_no_channel_is_refused_without_a_word_of_its_secret(self):
        good = self.channel("sp1")
        for wrong in (
                {"label": "a b"}, {"label": None}, {"url": "SECRET"}, {"url": "http://u:SECRET@h\n"}, {"more": 1},
                {"priority": "1"}, {"gpgcheck": 1}, {"password": "SECRET"}, {"name": "a\n[b]"},
                {"username": "u", "password": "SECRET\nx"}, {"headers": {"A": "SECRET\nB: c"}}):
            with self.assertRaises(ValueError) as caught:
                self.set(dict(good, **wrong))
            self.assertNotIn("SECRET", str(caught.exception))
        with self.assertRaises(ValueError):
            self.set(good, good)
        with self.assertRaises(ValueError):
            self.set(good, foreign="remove")
        self.assertFalse(os.path.exists(os.path.join(self.root, CHANNELS)))


class GivenToADryRunAlone(ChannelGround):
    """A dry run that has its channels in a folder of its own."""

    def private(self, run_id, *channels, **more):
        return ground.module.set_private_channels(
            run_id, list(channels), root=self.root, runs_folder=self.runs, **more)

    def state(self):
        """All that a dry run could leave behind: repositories, credentials, caches, packages, keys."""
        found = {}
        for name in ("etc", "var/cache", "usr"):
            found[name] = ground.files_below(os.path.join(self.root, name))
        found["packages"] = ground.quiet("rpm", "--root", self.root, "-qa")
        return found

    def test_it_sees_them_and_leaves_nothing(self):
        self.set(self.channel("sp1"))
        self.add("lost")
        ground.quiet("zypper", "--root", self.root, "-n", "refresh")
        before = self.state()
        folder = self.private("r", self.channel("sp2", username="u", password="p"), foreign="disable")
        self.assertEqual(self.state(), before)
        result = self.dup("r", reposd_dir=folder)
        self.assertEqual((result["outcome"], self.names(result["plan"]["upgrade"])), ("succeeded", ["app", "lib"]))
        self.assertEqual({one["repository"] for one in result["plan"]["upgrade"]}, {"saltern:sp2"})
        self.assertEqual(self.state(), before)
        for name in ("repos.d", "credentials.d", "cache"):
            self.assertFalse(os.path.exists(self.path("r", name)), name)

    def test_foreign_ones_that_stay_are_seen_and_those_that_are_off_only_for_now(self):
        self.add("lost", "new")
        ground.quiet("zypper", "--root", self.root, "-n", "modifyrepo", "--disable", "new")
        self.set(foreign="disable")
        result = self.dup("r", reposd_dir=self.private("r", self.channel("gated")))
        self.assertEqual({one["name"]: one["repository"] for one in result["plan"]["upgrade"]}, {
            "app": "saltern:gated", "lib": "lost"})
        self.assertFalse(self.listed()["lost"][0])

    def test_a_lost_dry_run_leaves_nothing_that_zypper_would_see(self):
        self.set(self.channel("sp1"))
        before = self.state()
        self.private("r", self.channel("sp2"))
        self.assertEqual(self.state(), before)
        self.assertEqual(sorted(self.listed()), ["saltern:sp1"])
        self.assertEqual(self.dup("r2")["outcome"], "nothing_to_do")

    def test_what_is_given_again_after_the_end_is_not_kept(self):
        self.dup("r", reposd_dir=self.private("r", self.channel("sp2")))
        self.private("r", self.channel("sp2"))
        self.assertFalse(os.path.exists(self.path("r", "repos.d")))

    def test_a_real_run_takes_no_private_ones(self):
        with self.assertRaises(ValueError):
            self.dup("r", dry_run=False, reposd_dir=self.private("r", self.channel("sp2")))


class Guarded(http.server.SimpleHTTPRequestHandler):
    """Serves the repositories to who sends the right header or the right password."""

    def do_GET(self):
        if self.headers.get("X-Mgr-Auth") == "SECRET" or self.headers.get("Authorization") == "Basic dTpTRUNSRVQ=":
            super().do_GET()
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic realm=\"x\"")
            self.end_headers()

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class Guards(ChannelGround):
    def setUp(self):
        super().setUp()
        handler = type("Here", (Guarded,), {
            "__init__": lambda self, *given: Guarded.__init__(self, *given, directory=ground.repositories())})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = "http://127.0.0.1:{}/sp2".format(server.server_port)

    def test_a_token_in_an_address_is_not_in_the_test_case(self):
        url = self.url.replace("http://", "http://u:SECRET@") + "?SECRET2"
        folder = ground.module.set_private_channels(
            "r", [{"label": "sp2", "url": url, "gpgcheck": False}], root=self.root, runs_folder=self.runs)
        result = self.dup("r", reposd_dir=folder)
        self.assertTrue(result["success"], result["log_tail"])
        for folder in self.path("r", "solverTestCase"), ground.TEST_CASE:
            for name, text in ground.files_below(folder).items():
                self.assertNotIn(b"SECRET", text, name)
        self.assertIn(b"***", ground.files_below(self.path("r", "solverTestCase"))["zypp-control.yaml"])

    def test_a_password_opens_the_repository_of_a_dry_run(self):
        channel = {"label": "sp2", "url": self.url, "gpgcheck": False, "username": "u", "password": "SECRET"}
        folder = ground.module.set_private_channels("r", [channel], root=self.root, runs_folder=self.runs)
        result = self.dup("r", reposd_dir=folder)
        self.assertEqual((result["outcome"], result["counts"]["upgrade"]), ("succeeded", 2), result["log_tail"])
        self.assertNotIn("SECRET", str(result))

    def test_headers_open_it_by_the_plugin(self):
        plugins = "/usr/lib/zypp/plugins/urlresolver"
        target = os.path.join(plugins, "saltern")
        if not os.access("/usr/lib", os.W_OK):
            self.skipTest("libzypp looks for its plugins in /usr/lib/zypp, where only root can put one")
        if not os.path.exists(target):
            os.makedirs(plugins, exist_ok=True)
            shutil.copy(os.path.join(ground.SALT, "states/saltern/urlresolver"), target)
            self.addCleanup(os.remove, target)
        channel = {"label": "sp2", "url": self.url, "gpgcheck": False, "headers": {"X-Mgr-Auth": "SECRET"}}
        folder = ground.module.set_private_channels("r", [channel], root=self.root, runs_folder=self.runs)
        result = self.dup("r", reposd_dir=folder)
        self.assertEqual((result["outcome"], result["counts"]["upgrade"]), ("succeeded", 2), result["log_tail"])
        self.assertNotIn("SECRET", str(result))
