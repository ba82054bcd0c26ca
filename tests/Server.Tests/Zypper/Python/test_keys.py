import os
import shutil
import stat

import ground
import served
import test_signatures
import test_states

CHANNELS = "etc/zypp/repos.d/saltern:channels.repo"
KEPT = "var/lib/saltern/keys"


class KeyGround(ground.System):
    def setUp(self):
        super().setUp()
        self.install("app")
        self.signed = test_signatures.signed()
        self.server = served.server(self, self.signed.folder, safe=True)
        self.key = self.server.address + "us.key"

    def set(self, key, **more):
        channel = {"label": "new", "url": "file://" + os.path.join(self.signed.folder, "signed"), "gpgkey": key}
        return ground.module.set_channels([channel], root=self.root, **more)

    def refused(self, key, **more):
        """What is said of a key that a real run needs. Nothing has changed then."""
        before = self.text()
        with self.assertRaises(ValueError) as caught:
            self.set(key, **more)
        self.assertEqual((self.text(), self.rpms_keys()), (before, []))
        return str(caught.exception)

    def warned(self, key):
        """The same where it is only wished for: the channels are set."""
        changes = self.set(key, with_keys="wished")
        self.assertIn("[saltern:new]", self.text())
        (warning,) = changes["warnings"]
        return warning

    def text(self):
        return ground.files_below(self.root).get(CHANNELS, b"").decode()

    def rpms_keys(self):
        return ground.quiet("rpm", "--root", self.root, "-qa", "gpg-pubkey*").split()

    def kept(self):
        return ground.files_below(os.path.join(self.root, KEPT))


class KeptKeys(KeyGround):
    def test_what_an_address_gave_serves_when_it_gives_nothing(self):
        self.set(self.key)
        first = self.rpms_keys()
        folder = os.path.join(self.root, KEPT)
        self.assertEqual(list(self.kept().values()), [self.signed.key("us").encode()])
        (path,) = (os.path.join(folder, name) for name in os.listdir(folder))
        self.assertEqual([stat.S_IMODE(os.stat(one).st_mode) for one in (folder, path)], [0o700, 0o600])
        ground.quiet("rpm", "--root", self.root, "-e", "--allmatches", "gpg-pubkey")
        self.server.close()
        self.assertEqual((self.set(self.key)["keys"], self.rpms_keys()), (first, first))

    def test_a_new_key_at_the_address_takes_the_place_of_the_old(self):
        folder = os.path.join(self.folder, "moving")
        os.makedirs(folder)
        server = served.server(self, folder, safe=True)
        for who in ("us", "others"):
            shutil.copy(os.path.join(self.signed.folder, who + ".key"), os.path.join(folder, "a.key"))
            self.set(server.address + "a.key")
            self.assertEqual(list(self.kept().values()), [self.signed.key(who).encode()])
        with open(os.path.join(folder, "a.key"), "w") as file:
            file.write("<html>Please log in.</html>")
        self.assertEqual(self.set(server.address + "a.key")["keys"], [])
        self.assertEqual(list(self.kept().values()), [self.signed.key("others").encode()])

    def test_what_is_no_key_is_not_kept(self):
        self.assertIn("could not be read", self.refused(self.server.address + "signed/repodata/repomd.xml"))
        self.assertEqual(self.kept(), {})

    def test_a_dry_run_keeps_them_too(self):
        channel = {"label": "new", "url": "file:///nowhere", "gpgkey": self.key}
        for _ in range(2):
            folder = ground.module.set_private_channels("r", [channel], root=self.root, runs_folder=self.runs)
            self.assertTrue(ground.module._channels.keys.noted(folder))
            self.server.close()

    def test_where_nothing_is_kept_it_fails_but_for_who_goes_on_without(self):
        self.server.close()
        self.assertIn("us.key cannot be had: ", self.refused(self.key))
        self.assertIn("us.key cannot be had: ", self.warned(self.key))
        self.assertIn("gpgkey=" + self.key, self.text())

    def test_what_speaks_against_one_key_leaves_the_others(self):
        changes = self.set([self.server.address + "nosuch.key", "no key", self.key], with_keys="wished")
        self.assertEqual((len(changes["warnings"]), len(self.rpms_keys())), (2, 1))

    def test_a_server_that_is_away_is_asked_once(self):
        addresses = ground.module._channels.keys.key_addresses
        asked, opener = [], addresses._opener
        self.addCleanup(setattr, addresses, "_opener", opener)
        addresses._opener = lambda: asked.append(1) or opener()
        self.server.close()
        keys = [self.server.address + name for name in ("a.key", "b.key", "c.key")]
        self.assertEqual(len(self.set(keys, with_keys="wished")["warnings"]), 3)
        self.assertEqual(len(asked), 1)


class Sources(KeyGround):
    def test_addresses_that_anybody_on_the_way_could_answer_are_refused(self):
        plain = served.server(self, self.signed.folder)
        for key in (plain.address + "us.key", plain.address.upper() + "us.key", "ftp://u:SECRET@127.0.0.1/us.key"):
            for more in {}, {"test": True}:
                said = self.refused(key, **more)
                self.assertIn("is not taken from {}: keys come from https, file or as text".format(
                    key.split(":")[0].lower()), said)
                self.assertNotIn("SECRET", said)
            self.assertIn("is not taken from", self.warned(key))
            self.assertNotIn("gpgkey", self.text())
            self.set([])
            ground.module.set_channels([], root=self.root)
        self.assertEqual(plain.asked, [])

    def test_a_server_that_sends_on_to_another_scheme_is_not_followed(self):
        plain = served.server(self, self.signed.folder)
        to = self.server.address + "to/"
        self.assertIn("sent on to http, and not to https", self.refused(to + plain.address + "us.key"))
        self.refused(to + "file://" + os.path.join(self.signed.folder, "us.key"))
        self.assertEqual(plain.asked, [])
        self.assertEqual(len(self.set(to + self.key)["keys"]), 1)

    def test_a_server_that_nobody_vouches_for_is_not_believed(self):
        ground.module._channels.keys.key_addresses._BUNDLES = ()
        self.assertIn("cannot be had", self.refused(self.key))

    def test_files_and_texts_serve(self):
        self.set("file://" + os.path.join(self.signed.folder, "us.key"))
        self.set([self.signed.key("others")])
        self.assertEqual(len(self.rpms_keys()), 2)


class KeysOfRpm(KeyGround):
    def setUp(self):
        super().setUp()
        self.id = self.signed.fingerprint("us")[-8:].lower()

    def rpm(self, name, code=0):
        """An rpm that has this key, and cannot write."""
        self.stand_in("rpm", "case \"$*\" in *--import*) echo read-only; exit 1;; esac; echo {}; exit {}".format(
            name, code))

    def read_only(self):
        system = ground.module._system
        self.addCleanup(setattr, system, "is_read_only", system.is_read_only)
        system.is_read_only = lambda root: True

    def test_one_that_a_read_only_root_has_under_another_time_is_known(self):
        self.read_only()
        for name in (self.id, self.signed.fingerprint("us").lower()):
            self.rpm("gpg-pubkey-{}-5f000000".format(name))
            self.assertEqual(self.set(self.key)["keys"], [])
        self.rpm("gpg-pubkey-00000000-5f000000")
        with self.assertRaisesRegex(ValueError, "could not be imported: read-only"):
            self.set(self.key)

    def test_one_of_another_time_is_imported_where_that_can_be_done_for_it_may_be_a_newer_text(self):
        self.rpm("gpg-pubkey-{}-5f000000".format(self.id))
        with self.assertRaisesRegex(ValueError, "could not be imported"):
            self.set(self.key)

    def test_an_rpm_that_cannot_list_its_keys_is_not_one_without_any(self):
        self.rpm("error: cannot open Packages database", 1)
        with self.assertRaisesRegex(ValueError, "could not be listed: error: cannot open Packages"):
            self.set(self.key)
        self.assertIn("could not be listed", self.warned(self.key))


class KeysOfStates(KeyGround):
    def minion(self, **more):
        channel = {"label": "new", "url": "file://" + os.path.join(self.signed.folder, "signed"), "gpgkey": self.key}
        given = {"root": self.root, "zypp_conf": self.conf, "runs_folder": self.runs, "lock_wait": 0}
        given.update(channels=[channel], **more)
        for name in [name for name in given if given[name] is None]:
            del given[name]
        return test_states.Minion({"saltern": given})

    def test_channels_come_back_without_the_network_and_the_missing_key_is_said(self):
        self.server.close()
        back = self.minion(zypp_conf=None, lock_wait=None).apply("saltern.channels")["saltern_channels"]
        self.assertEqual((back["result"], back["changes"]), (True, {"channels": {"saltern:new": "added"}}))
        for said in (back["comment"], *back["warnings"]):
            self.assertIn("A key is missing: the key {} cannot be had".format(self.key), said)
        again = self.minion(zypp_conf=None, lock_wait=None).apply("saltern.channels")["saltern_channels"]
        self.assertIn("as they should be.\nA key is missing", again["comment"])

    def test_a_run_is_not_begun_without_its_key(self):
        self.server.close()
        for dry in (True, False):
            returns = self.minion(run_id="r", dry_run=dry).apply("saltern.distupgrade")
            self.assertFalse(returns["saltern_channels"]["result"])
            self.assertNotIn("saltern_distupgrade", returns)
        self.assertEqual(self.text(), "")

    def test_a_run_that_is_on_record_is_handed_back_without_asking_for_keys(self):
        for run_id, dry in (("dry", True), ("real", False)):
            minion = self.minion(run_id=run_id, dry_run=dry)
            first = minion.apply("saltern.distupgrade")["saltern_distupgrade"]
            self.assertTrue(first["result"], first["comment"])
            shutil.rmtree(os.path.join(self.root, KEPT))
            self.server.asked.clear()
            again = minion.apply("saltern.distupgrade")
            self.assertTrue(again["saltern_channels"]["result"])
            self.assertEqual(again["saltern_distupgrade"]["changes"], first["changes"])
            self.assertIn("Recorded result", again["saltern_distupgrade"]["comment"])
            self.assertEqual(self.server.asked, [])

    def test_a_run_that_goes_on_is_waited_for_without_asking_for_keys(self):
        self.server.close()
        handle = ground.module._runs.Run("r", self.runs).lock()
        self.addCleanup(os.close, handle)
        returns = self.minion(run_id="r", dry_run=False).apply("saltern.channels")
        self.assertTrue(returns["saltern_channels"]["result"], returns["saltern_channels"]["comment"])
