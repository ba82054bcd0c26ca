import json
import unittest

import ground

ground.load({})
from _saltern_returner import publication, records, settings, statements  # noqa: E402

LOAD = {
    "cmd": "publish", "fun": "user.add", "jid": "1", "key": "SECRET1", "tgt": "*", "tgt_type": "glob", "user": "lab",
    "arg": ["web", "password=SECRET2", "a=b", {"__kwarg__": True, "password": "SECRET3", "name": "web", "key": "kept"}],
    "kwargs": {"token": "SECRET4", "password": "SECRET5", "metadata": {"token": "stays"}, "eauth": "pam",
               "pillar": {"db": {"db_password": "SECRET6", "api-key": "SECRET7", "port": 1}}},
}


class Publications(unittest.TestCase):
    def test_no_key_token_or_password_is_kept(self):
        text = json.dumps(publication.of_load(LOAD, None))
        self.assertNotIn("SECRET", text)

    def test_all_else_is(self):
        kept = publication.of_load(LOAD, ["m2", "m1"])
        self.assertEqual(kept["arg"][0], "web")
        self.assertEqual(kept["arg"][2], "a=b")
        self.assertEqual(kept["arg"][3]["key"], "kept")
        self.assertEqual(kept["kwargs"]["metadata"], {"token": "stays"})
        self.assertEqual(kept["kwargs"]["pillar"]["db"]["port"], 1)
        self.assertEqual(kept["Minions"], ["m1", "m2"])
        self.assertEqual((kept["tgt"], kept["user"], kept["cmd"]), ("*", "lab", "publish"))

    def test_the_load_that_salt_goes_on_with_is_not_touched(self):
        before = json.dumps(LOAD)
        publication.of_load(LOAD, ["m1"])
        self.assertEqual(json.dumps(LOAD), before)

    def test_a_return_is_told_from_a_publication(self):
        self.assertTrue(publication.is_return({"return": 1, "jid": "1"}))
        self.assertFalse(publication.is_return(LOAD))

    def test_a_token_made_over_the_api_shows_neither_password_nor_token(self):
        record = records.of_return({
            "id": "master", "jid": "1", "fun": "runner.auth.mk_token", "user": "UNKNOWN",
            "return": {"fun": "runner.auth.mk_token", "fun_args": [{"username": "lab", "password": "SECRET1"}],
                       "return": {"token": "SECRET2", "user": "lab"}, "success": True}}, 1000000)
        self.assertNotIn("SECRET", record.full_return() + record.summary() + record.line().decode())
        self.assertIn("lab", record.full_return())

    def test_what_lets_a_minion_in_at_its_channels_is_kept_nowhere(self):
        channels = [
            {"label": "a", "url": "https://a/", "username": "lab", "password": "SECRET1"},
            {"label": "b", "url": "https://b/", "headers": {"X-Own": "SECRET2", "Authorization": "SECRET3"}}]
        call = ["saltern.distupgrade", {"__kwarg__": True, "pillar": {"saltern": {"channels": channels}}}]
        returned = {"id": "m", "jid": "1", "fun": "state.apply", "fun_args": call, "return": {}}
        record = records.of_return(returned, 1000000)
        kept = record.full_return() + record.summary() + record.line().decode()
        kept += json.dumps(publication.of_load(dict(LOAD, arg=call), None))
        kept += records.of_event({"tag": "salt/job/1/new", "data": {"arg": call}}, "master", 1000000).values["data"]
        self.assertNotIn("SECRET", kept)
        self.assertEqual(json.loads(record.full_return())["fun_args"][1]["pillar"]["saltern"]["channels"][1]["headers"],
                         {"X-Own": publication.MASK, "Authorization": publication.MASK})
        self.assertIn("https://a/", kept)
        self.assertEqual(returned["fun_args"][1]["pillar"]["saltern"]["channels"], channels)

    def test_arguments_that_are_nested_too_deep_do_not_lose_the_return(self):
        deep = []
        for _ in range(100000):
            deep = [deep]
        record = records.of_return({"id": "m", "jid": "1", "fun": "a", "fun_args": [deep], "return": 7}, 1000000)
        self.assertEqual(json.loads(record.full_return())["return"], 7)

    def test_what_a_minion_returns_is_not_changed(self):
        record = records.of_return({"id": "m", "jid": "1", "fun": "pillar.items", "return": {"password": "x"}}, 1000000)
        self.assertEqual(json.loads(record.values["body"]), {"password": "x"})


CALL = ["saltern.channels", {"__kwarg__": True, "pillar": {"saltern": {"channels": [
    {"label": "a", "url": "https://a/", "username": "lab", "password": "SECRET1"},
    {"label": "b", "url": "https://b/", "headers": {"X-Own": "SECRET2"}}]}}}]

# As minions answer saltutil.find_job: the publication, and the process that works on it.
FOUND = {"pid": 23390, "fun": "state.apply", "arg": CALL, "tgt": ["m1"], "jid": "7", "ret": "", "tgt_type": "list",
         "metadata": {"token": "stays"}, "user": "lab"}
CACHED = {"jid": "7", "id": "m1", "fun": "state.apply", "fun_args": CALL, "retcode": 0, "success": True,
          "return": {"password": "of a result"}, "metadata": {"saltern": 9}}


class Answers(unittest.TestCase):
    """What is asked of a minion about its jobs has their arguments in it."""

    def kept(self, fun, result):
        before = json.dumps(result)
        record = records.of_return({"id": "m1", "jid": "8", "fun": fun, "fun_args": ["7"], "return": result}, 1000000)
        self.assertEqual(json.dumps(result), before)
        self.assertNotIn("SECRET", record.full_return() + record.summary() + record.line().decode())
        return json.loads(record.values["body"])

    def assert_found(self, kept):
        self.assertEqual({name: value for name, value in kept.items() if name != "arg"},
                         {name: value for name, value in FOUND.items() if name != "arg"})
        self.assertEqual(kept["arg"][1]["pillar"]["saltern"]["channels"], [
            {"label": "a", "url": "https://a/", "username": "lab", "password": publication.MASK},
            {"label": "b", "url": "https://b/", "headers": {"X-Own": publication.MASK}}])

    def test_the_publication_of_a_job_that_runs_has_no_secrets(self):
        self.assert_found(self.kept("saltutil.find_job", FOUND))
        self.assertEqual(self.kept("saltutil.find_job", {}), {})
        for fun in ("saltutil.running", "saltutil.is_running"):
            (one,) = self.kept(fun, [FOUND])
            self.assert_found(one)
        self.assertIn("lab", json.dumps(self.kept("runner.jobs.active", {
            "fun": "runner.jobs.active", "return": {"7": {"Function": "state.apply", "Arguments": CALL}}})))

    def test_the_return_of_an_old_job_has_no_secrets_and_the_result_that_it_came_with(self):
        kept = self.kept("saltutil.find_cached_job", CACHED)
        self.assertEqual(kept.pop("fun_args")[1]["pillar"]["saltern"]["channels"][0]["username"], "lab")
        self.assertEqual(kept, {name: value for name, value in CACHED.items() if name != "fun_args"})
        self.assertEqual(self.kept("saltutil.find_cached_job", "not found"), "not found")
        self.assertIsNone(self.kept("saltutil.find_cached_job", None))

    def test_an_old_return_that_tells_of_an_older_job_has_none_either(self):
        older = dict(CACHED, fun="saltutil.find_cached_job", fun_args=["7"], **{"return": CACHED})
        kept = self.kept("saltutil.find_cached_job", older)
        self.assertEqual(kept["return"]["return"], {"password": "of a result"})
        self.assert_found(self.kept(
            "saltutil.find_cached_job", dict(CACHED, fun="saltutil.find_job", **{"return": FOUND}))["return"])

    def test_nor_has_a_job_of_several_functions(self):
        for names in (("saltutil.find_job", "pillar.items"), ("0", "1")):
            kept = self.kept(["saltutil.find_job", "pillar.items"], dict(zip(names, (FOUND, {"password": "stays"}))))
            self.assert_found(kept[names[0]])
            self.assertEqual(kept[names[1]], {"password": "stays"})

    def test_nor_has_the_event_of_a_return_where_all_events_are_kept(self):
        for returned in (CACHED, {"fun": "saltutil.find_job", "fun_args": ["7"], "return": FOUND}, {"fun": "a"}):
            event = {"tag": "salt/job/7/ret/m1", "data": returned}
            data = records.of_event(event, "master", 1000000).values["data"]
            self.assertNotIn("SECRET", data)
            self.assertEqual(set(json.loads(data)), set(returned))

    def test_an_answer_that_is_nested_too_deep_does_not_lose_the_return(self):
        deep = []
        for _ in range(100000):
            deep = [deep]
        for fun, result in (("saltutil.find_job", dict(FOUND, arg=deep)), ("saltutil.running", [deep])):
            record = records.of_return({"id": "m", "jid": "1", "fun": fun, "return": result}, 1000000)
            self.assertEqual(json.loads(record.values["body"]), publication.TOO_DEEP)
        record = records.of_return(
            {"id": "m", "jid": "1", "fun": "saltutil.find_cached_job", "return": dict(CACHED, fun_args=deep)}, 1000000)
        self.assertEqual(json.loads(record.values["body"])["return"], CACHED["return"])

    def test_the_result_of_any_other_function_is_handed_on_as_it_is(self):
        for fun in ("state.apply", "pillar.items", "saltutil.find_jobs", None, 7):
            self.assertIs(publication.result_of({"fun": fun, "return": FOUND}), FOUND)


class Lines(unittest.TestCase):
    def test_a_record_comes_back_from_its_line_as_it_was(self):
        for record in (
                records.of_return({"id": "m\t\n1", "jid": "1", "return": "x\ty\n\0", "_stamp": "s"}, 1000000),
                records.of_load("1", {"fun": "a", "arg": ["\ud800"]}, None, 1000000),
                records.of_event({"tag": "a/b", "data": {"x": "\n"}}, "master", 1000000)):
            record.doubt = "12 345.6"
            line = record.line()
            self.assertEqual((line.count(b"\n"), line[-1:]), (1, b"\n"))
            back = records.of_line(line)
            self.assertEqual((back.kind, back.values, back.doubt), (record.kind, record.values, record.doubt))

    def test_a_line_that_lacks_or_has_a_byte_is_none(self):
        line = records.of_load("1", {"fun": "a"}, None, 1000000).line()
        for torn in (line[:-2], line[5:], line.replace(b"fun", b"fan"), b"\n", b"", b"zz\tx\n", line[:-1] + line):
            self.assertIsNone(records.of_line(torn), torn)


class Returns(unittest.TestCase):
    def test_the_stamp_is_the_beginning_of_the_full_return(self):
        record = records.of_return({"id": "m", "jid": "1", "_stamp": "2026-01-01T00:00:00", "return": [1]}, 1000000)
        self.assertTrue(record.full_return().startswith(record.stamp()))
        self.assertEqual(record.stamp(), '{"_stamp": "2026-01-01T00:00:00"')
        self.assertEqual(json.loads(record.full_return())["return"], [1])

    def test_odd_stamps_are_none(self):
        for odd in (None, 5, 'a"b', "a\nb"):
            record = records.of_return({"id": "m", "jid": "1", "_stamp": odd, "return": 1}, 1000000)
            self.assertIsNone(record.stamp())
            self.assertEqual(json.loads(record.full_return())["return"], 1)

    def test_success_is_as_postgresql_writes_it(self):
        for given, text in ((True, "true"), (False, "false"), (None, "false"), ("True", "True")):
            record = records.of_return({"id": "m", "jid": "1", "success": given, "return": 1}, 1000000)
            self.assertEqual(record.values["success"], text)

    def test_a_job_of_several_functions_names_them_all(self):
        record = records.of_return({"id": "m", "jid": "1", "fun": ["a.b", "c.d"], "return": {}}, 1000000)
        self.assertEqual(record.values["fun"], "a.b, c.d")

    def test_what_is_too_large_is_cut_and_says_so_and_keeps_what_settling_needs(self):
        for large in ({"return": "x" * 300000}, {"return": 1, "fun_args": ["y" * 300000]}):
            record = records.of_return(dict({
                "id": "m", "jid": "1", "fun": "f", "retcode": 3, "success": False, "_stamp": "s"}, **large), 100000)
            full = json.loads(record.full_return())
            self.assertLess(len(record.full_return()), 110000)
            self.assertEqual((full["retcode"], full["saltern_cut"]["most"]), (3, 100000))
            self.assertGreater(full["saltern_cut"]["bytes"], 300000)
            self.assertIsNotNone(record.stamp())

    def test_a_statement_quotes_each_value(self):
        record = records.of_return({"id": "m'", "jid": "1", "fun": "{x}%s", "return": "'"}, 1000000)
        sql = statements.storing([record], lambda text: "<" + text + ">")
        self.assertIn("<m'>", sql)
        self.assertIn("<{x}%s>", sql)


class OfOptions(unittest.TestCase):
    def test_ours_go_before_the_stock_returners(self):
        given = settings.of_options({
            "returner.pgjsonb.host": "old", "returner.pgjsonb.port": "5433", "returner.pgjsonb.pass": "p",
            "returner.saltern.host": "new", "id": "m", "cachedir": "/c"})
        self.assertEqual((given.host, given.port, given.password, given.spool), ("new", 5433, "p", "/c/saltern-spool"))

    def test_events_name_the_master_as_its_returns_do(self):
        self.assertEqual(settings.of_options({"id": "host_master", "master_id": "master1"}).master_id, "master1")
        for options in ({"id": "host_master"}, {"id": "host_master", "master_id": None}):
            self.assertEqual(settings.of_options(options).master_id, "host_master")

    def test_a_table_serves_as_well(self):
        given = settings.of_options({"returner.saltern": {"host": "h", "timeout": 1}})
        self.assertEqual((given.host, given.timeout), ("h", 1.0))

    def test_nonsense_is_said_and_the_default_stands(self):
        with self.assertLogs(level="WARNING") as logs:
            given = settings.of_options({
                "returner.saltern.port": "many", "returner.saltern.timeout": 0, "returner.saltern.colour": "red"})
        self.assertEqual((given.port, given.timeout), (5432, 2.0))
        said = "\n".join(logs.output)
        for name in ("port", "timeout", "colour"):
            self.assertIn("returner.saltern." + name, said)


if __name__ == "__main__":
    unittest.main()
