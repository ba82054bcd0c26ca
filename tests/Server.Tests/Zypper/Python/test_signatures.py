import atexit
import os
import shutil
import tempfile

import ground
import served

_made = []


class Signed:
    """Keys of two people, and repositories that one of them has signed, or nobody."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="saltern-signed-")
        atexit.register(shutil.rmtree, self.folder, True)
        self.home = os.path.join(self.folder, "gnupg")
        os.makedirs(self.home, mode=0o700)
        atexit.register(ground.quiet, "gpgconf", "--homedir", self.home, "--kill", "all")
        for who in ("us", "others"):
            self.gpg("--quick-generate-key", who + " <" + who + "@example.com>", "rsa2048")
        for who in ("us", "others"):
            with open(os.path.join(self.folder, who + ".key"), "w") as file:
                file.write(self.key(who))
        self.repository("signed")
        self.repository("nameless")
        os.remove(os.path.join(self.index("nameless") + ".key"))
        self.repository("changed")
        with open(self.index("changed"), "a") as file:
            file.write("<!-- changed after it was signed -->\n")
        self.repository("unsigned")
        for ending in (".asc", ".key"):
            os.remove(self.index("unsigned") + ending)

    def gpg(self, *arguments):
        return ground.quiet(
            "gpg", "--homedir", self.home, "--batch", "--quiet", "--yes", "--passphrase", "", *arguments)

    def key(self, who):
        return self.gpg("--armor", "--export", who + "@example.com")

    def fingerprint(self, who):
        said = self.gpg("--with-colons", "--list-keys", who + "@example.com")
        return next(line.split(":")[9] for line in said.splitlines() if line.startswith("fpr:"))

    def index(self, name):
        return os.path.join(self.folder, name, "repodata/repomd.xml")

    def repository(self, name):
        shutil.copytree(os.path.join(ground.repositories(), "new"), os.path.join(self.folder, name))
        self.gpg("--local-user", "us@example.com", "--armor", "--detach-sign", self.index(name))
        with open(self.index(name) + ".key", "w") as file:
            file.write(self.key("us"))


def signed():
    if not _made:
        _made.append(Signed())
    return _made[0]


class Signatures(ground.System):
    def setUp(self):
        super().setUp()
        self.install("app")
        self.server = served.folder(self, signed().folder)
        self.safe = served.folder(self, signed().folder, safe=True)

    def channel(self, repository, **more):
        return dict({"label": "new", "url": self.server + repository}, **more)

    def dry(self, channel):
        folder = ground.module.set_private_channels("dry", [channel], root=self.root, runs_folder=self.runs)
        return self.dup("dry", reposd_dir=folder)

    def real(self, channel):
        ground.module.set_channels([channel], root=self.root)
        return self.dup("real", dry_run=False)

    def keys(self):
        return ground.quiet("rpm", "--root", self.root, "-qa", "gpg-pubkey*").split()

    def agree(self, channel, *words):
        """A dry run, which leaves no key, and then the real one. Both succeed, or both say the same."""
        for run in self.dry, self.real:
            result = run(channel)
            if words:
                self.assertEqual((result["reason"], result["changed"]), ("signature", False), result["log_tail"])
                for word in words:
                    self.assertIn(word, result["comment"])
            else:
                self.assertEqual(result["outcome"], "succeeded", result["log_tail"])
            if result["dry_run"]:
                self.assertEqual(self.keys(), [])
        self.assertEqual(self.versions(), ["app-1.0" if words else "app-3.0"])

    def test_a_key_that_comes_as_text(self):
        self.agree(self.channel("signed", gpgkey=signed().key("us")))

    def test_a_key_that_an_address_names_is_fetched_for_nobody_answers_zyppers_question(self):
        self.agree(self.channel("signed", gpgkey=self.safe + "us.key"))
        self.assertEqual(len(self.keys()), 1)

    def test_a_key_that_the_repository_does_not_bring(self):
        self.agree(self.channel("nameless", gpgkey=signed().key("us")))

    def test_no_key(self):
        self.agree(
            self.channel("signed"), "Repository 'new' is signed with a key that is not known here: us <us@example.com>",
            signed().fingerprint("us"))

    def test_no_key_anywhere(self):
        self.agree(self.channel("nameless"), "not known here: " + signed().fingerprint("us")[-16:])

    def test_the_key_of_others(self):
        self.agree(self.channel("signed", gpgkey=[signed().key("others")]), "not known here: us <us@example.com>")

    def test_a_repository_that_is_not_signed(self):
        self.agree(self.channel("unsigned"), "Repository 'new' is not signed.")

    def test_a_repository_that_is_not_signed_and_need_not_be(self):
        self.agree(self.channel("unsigned", gpgcheck=False))

    def test_an_index_that_was_changed_after_it_was_signed(self):
        ground.module.set_channels([self.channel("changed", gpgkey=signed().key("us"))], root=self.root)
        for run in self.dry, self.real:
            result = run(self.channel("changed"))
            self.assertEqual((result["reason"], result["changed"]), ("signature", False), result["log_tail"])
            self.assertIn("The signature of repository 'new' does not fit", result["comment"])

    def test_a_key_that_cannot_be_had_changes_nothing(self):
        before = ground.files_below(self.folder)
        for run in self.dry, self.real:
            for key in self.safe + "nosuch.key", "https://u:SECRET@127.0.0.1:1/x", self.safe + "signed/repodata/repomd.xml":
                with self.assertRaises(ValueError) as caught:
                    run(self.channel("signed", gpgkey=key))
                self.assertRegex(str(caught.exception), "key .*(cannot be had|could not be (read|imported))")
                self.assertNotIn("SECRET", str(caught.exception))
        changed = {name for name, text in ground.files_below(self.folder).items() if before.get(name) != text}
        self.assertEqual({name for name in changed if "rpmdb" not in name and name != "runs/dry/lock"}, set())
