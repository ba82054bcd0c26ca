import itertools
import json
import os

import ground
import jinja2
import yaml

SECRETS = {"username": "u", "password": "SECRET"}


def rendered(name, pillar):
    """The SLS as Salt renders it, with the pillar of the call."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(os.path.join(ground.SALT, "states")), undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.do"])
    text = environment.get_template(name.replace(".", "/") + ".sls").render(
        salt={"pillar.get": lambda key, default=None: pillar.get(key, default)}, pillar=pillar)
    return text, yaml.safe_load(text)


class Minion:
    """Runs the states of an SLS as a minion does: what is included first, and nothing after a failure it requires."""

    def __init__(self, pillar, test=False):
        self.pillar = pillar
        self.states = ground.load("_states/saltern_zypper.py", "salt_loaded_state_saltern_zypper")
        self.states.__salt__ = {"pillar.get": lambda key, default=None: pillar.get(key, default)}
        for name in ("dist_upgrade", "run_result", "set_channels", "set_private_channels"):
            self.states.__salt__["saltern_zypper." + name] = getattr(ground.module, name)
        self.states.__opts__ = {"test": test}

    def apply(self, name):
        """{id: return} of our own states."""
        _, sls = rendered(name, self.pillar)
        returns = {}
        for included in sls.pop("include", []):
            returns.update(self.apply(included))
        for identity, declared in sls.items():
            for function, arguments in declared.items():
                if not function.startswith("saltern_zypper."):
                    continue
                arguments = {key: value for one in arguments for key, value in one.items()}
                required = [one["saltern_zypper"] for one in arguments.pop("require", []) if "saltern_zypper" in one]
                if all(returns[one]["result"] is not False for one in required):
                    returns[identity] = getattr(self.states, function.split(".")[1])(identity, **arguments)
        return returns


class States(ground.System):
    def setUp(self):
        super().setUp()
        self.install("app", "lib", "conf")

    def pillar(self, *labels, **more):
        given = {
            "run_id": "r", "dry_run": True, "root": self.root, "zypp_conf": self.conf, "runs_folder": self.runs,
            "lock_wait": 0,
            "channels": [{"label": label, "url": self.address(label), "gpgcheck": False} for label in labels]}
        given.update(more)
        return {"saltern": given}

    def test_they_render_whatever_the_pillar_is_and_never_show_a_secret(self):
        channels = [
            [], [dict({"label": "a", "url": "https://u:SECRET@h/?SECRET"}, **SECRETS)],
            [{"label": "b", "url": "https://h/", "headers": {"X": "SECRET"}, "name": "'\"{{ x }}: [#\n"}], None,
            "SECRET", [1, None]]
        more = [{}, {"foreign": "disable"}, {"run_id": "a: b", "dry_run": False, "from": ["a"], "remove_limit": 1}]
        count = 0
        for given, other in itertools.product(channels, more):
            for name in ("saltern.channels", "saltern.distupgrade"):
                for pillar in ({"saltern": dict({"channels": given}, **other)}, {"saltern": other}, {}):
                    text, sls = rendered(name, pillar)
                    self.assertNotIn("SECRET", text)
                    self.assertIn({"pillar_key": "saltern"}, next(iter(sls["saltern_" + name.split(".")[1]].values())))
                    count += 1
        self.assertEqual(count, 108)
        _, sls = rendered("saltern.distupgrade", {})
        self.assertEqual(sls["include"], ["saltern.channels"])
        self.assertIn(
            {"require": [{"saltern_zypper": "saltern_channels"}]},
            sls["saltern_distupgrade"]["saltern_zypper.dist_upgraded"])

    def test_the_modules_come_before_they_are_used(self):
        _, sls = rendered("saltern.modules", {})
        self.assertEqual(sls["saltern_modules"], {"saltutil.sync_modules": [{"reload_modules": True}]})
        self.assertEqual(
            sls["saltern_states"],
            {"saltutil.sync_states": [{"reload_modules": True}, {"require": [{"saltutil": "saltern_modules"}]}]})
        _, sls = rendered("saltern.channels", self.pillar("sp1"))
        self.assertEqual(sls["include"], ["saltern.modules"])
        self.assertIn({"require": [{"saltutil": "saltern_states"}]}, sls["saltern_channels"]["saltern_zypper.channels"])

    def test_the_plugin_for_headers_comes_with_channels_that_have_some(self):
        _, sls = rendered("saltern.channels", self.pillar("sp1"))
        self.assertNotIn("saltern_urlresolver", sls)
        _, sls = rendered("saltern.channels", {"saltern": {"channels": [{"label": "a", "headers": {"X": "y"}}]}})
        self.assertIn("saltern_urlresolver", sls)
        for source in ("urlresolver", "supportconfig"):
            self.assertTrue(os.access(os.path.join(ground.SALT, "states/saltern", source), os.X_OK))

    def test_a_dry_run_and_then_the_real_one(self):
        etc = ground.files_below(os.path.join(self.root, "etc"))
        returns = Minion(self.pillar("sp2")).apply("saltern.distupgrade")
        dry = returns["saltern_distupgrade"]
        self.assertEqual((dry["result"], dry["changes"]), (True, {}), dry["comment"])
        self.assertIn("Would succeed: 1 to install, 2 to upgrade, 1 to remove", dry["comment"])
        self.assertIn("Removed: conf", dry["comment"])
        self.assertEqual(dry["saltern"]["plan"]["install"][0]["repository"], "saltern:sp2")
        self.assertEqual(returns["saltern_channels"]["changes"], {})
        self.assertEqual(ground.files_below(os.path.join(self.root, "etc")), etc)

        minion = Minion(self.pillar("sp2", run_id="r2", dry_run=False))
        returns = minion.apply("saltern.distupgrade")
        real = returns["saltern_distupgrade"]
        self.assertEqual(returns["saltern_channels"]["changes"], {"channels": {"saltern:sp2": "added"}})
        self.assertEqual((real["result"], sorted(real["changes"])), (True, ["app", "conf", "extra", "lib"]))
        self.assertEqual(self.versions(), ["app-2.0", "extra-1.0", "lib-1.1"])
        again = minion.apply("saltern.distupgrade")
        self.assertEqual(again["saltern_channels"]["changes"], {})
        self.assertIn("Recorded result of run r2", again["saltern_distupgrade"]["comment"])
        self.assertEqual(again["saltern_distupgrade"]["changes"], real["changes"])
        self.assertEqual(self.times_run("r2"), 1)

    def test_a_failure_says_what_and_what_could_be_done(self):
        returns = Minion(self.pillar("broken", dry_run=False)).apply("saltern.distupgrade")
        failed = returns["saltern_distupgrade"]
        self.assertEqual((failed["result"], failed["changes"]), (False, {}))
        self.assertIn("nothing provides missing needed by app-2.0-1.noarch", failed["comment"])
        self.assertIn(" Solution 1: ", failed["comment"])
        self.assertEqual(failed["saltern"]["reason"], "conflict")
        json.dumps(failed)

    def test_a_dry_run_may_use_the_channels_of_the_minion_itself(self):
        returns = Minion(self.pillar("sp2", private=False)).apply("saltern.distupgrade")
        self.assertEqual(returns["saltern_channels"]["changes"], {"channels": {"saltern:sp2": "added"}})
        self.assertTrue(returns["saltern_distupgrade"]["result"])

    def test_from_names_channels_by_their_labels(self):
        ground.quiet("rpm", "--root", self.root, "-e", "conf")
        pillar = self.pillar("sp2", "new", **{"from": ["new"]})
        for channel in pillar["saltern"]["channels"]:
            # zypper would take a name as well.
            channel["name"] = "Channel " + channel["label"]
        returns = Minion(pillar).apply("saltern.distupgrade")
        result = returns["saltern_distupgrade"]["saltern"]
        self.assertEqual([one["new"] for one in result["plan"]["upgrade"]], ["3.0-1"], result["comment"])

    def test_a_test_changes_nothing(self):
        self.add("sp1")
        before = ground.files_below(self.folder)
        for dry in (True, False):
            returns = Minion(self.pillar("sp2", dry_run=dry, foreign="disable"), test=True).apply("saltern.distupgrade")
            self.assertEqual({one["result"] for one in returns.values()}, {None})
        self.assertIn("sp1 disabled", returns["saltern_channels"]["comment"])
        self.assertEqual(ground.files_below(self.folder), before)

    def test_a_pillar_that_is_no_good_is_said_and_nothing_is_done(self):
        for wrong in ({"channels": "x"}, {"channels": [{"label": "a b"}]}, {"dryrun": True}, {"foreign": "x"}):
            returns = Minion(self.pillar("sp2", **wrong)).apply("saltern.distupgrade")
            self.assertFalse(returns["saltern_channels"]["result"])
            self.assertNotIn("saltern_distupgrade", returns)
        returns = Minion({}).apply("saltern.channels")
        self.assertIn("there is no pillar saltern", returns["saltern_channels"]["comment"])
        pillar = self.pillar("sp2")
        del pillar["saltern"]["run_id"]
        returns = Minion(pillar).apply("saltern.distupgrade")
        self.assertIn("must have run_id and dry_run", returns["saltern_distupgrade"]["comment"])
