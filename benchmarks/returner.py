"""
One process of a master that returns, for ReturnerBenchmark: through the Saltern returner, or as the stock pgjsonb
returner does it, which opens a connection for the publication and another one for the return. Writes how long each
return took, in milliseconds, as JSON.
"""

import datetime
import importlib.util
import json
import os
import random
import sys
import time

import psycopg2
import psycopg2.extras

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STATES = 10


def main(kind, first, count, options):
    dice = random.Random(first)
    keep = ours(options) if kind == "ours" else stock(options)
    # The first one of a process loads and connects.
    keep(returned(dice, first))
    times = []
    for number in range(first + 1, first + 1 + count):
        load = returned(dice, number)
        before = time.perf_counter()
        keep(load)
        times.append((time.perf_counter() - before) * 1000)
    print(json.dumps(times))


def returned(dice, number):
    """What a state run of some 3 KB returns, no two alike."""
    states = {}
    for state in range(STATES):
        name = "/srv/" + word(dice)
        states["file_|-{}_|-{}_|-managed".format(word(dice), name)] = {
            "name": name, "changes": {word(dice): {"old": word(dice), "new": word(dice)}}, "result": True,
            "comment": " ".join(word(dice) for _ in range(8)), "__sls__": "base", "__run_num__": state,
            "start_time": "08:00:00.000000", "duration": dice.random() * 2000,
        }
    return {
        "cmd": "_return", "id": "minion{:07d}".format(number), "jid": "20260302080000{:06d}_s1".format(number // 1000),
        "fun": "state.apply", "fun_args": ["base"], "retcode": 0, "success": True, "return": states,
        "_stamp": datetime.datetime.utcnow().isoformat(),
    }


def word(dice):
    return "".join(dice.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(dice.randrange(3, 10)))


def ours(options):
    spec = importlib.util.spec_from_file_location("loaded", os.path.join(ROOT, "salt", "returners", "saltern.py"))
    saltern = importlib.util.module_from_spec(spec)
    saltern.__opts__ = options
    spec.loader.exec_module(saltern)

    def keep(load):
        saltern.prep_jid(False, passed_jid=load["jid"])
        saltern.save_load(load["jid"], load)
        saltern.returner(load)

    return keep


def stock(options):
    def run(sql, values):
        connection = psycopg2.connect(
            host=options["returner.saltern.host"], port=options["returner.saltern.port"],
            dbname=options["returner.saltern.db"], user=options["returner.saltern.user"],
            password=options["returner.saltern.pass"])
        connection.cursor().execute(sql, values)
        connection.commit()
        connection.close()

    def keep(load):
        whole = psycopg2.extras.Json(load)
        run("insert into jids (jid, load) values (%s, %s) on conflict (jid) do update set load = excluded.load",
            (load["jid"], whole))
        run("insert into salt_returns (fun, jid, return, id, success, full_ret, alter_time)"
            " values (%s, %s, %s, %s, %s, %s, to_timestamp(%s))",
            (load["fun"], load["jid"], psycopg2.extras.Json(load["return"]), load["id"], True, whole, time.time()))

    return keep


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4]))
