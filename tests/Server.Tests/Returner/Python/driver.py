"""
A process of a master, as far as the returner sees it. Each line of its input is an expression of Python, each line of
its output what became of it: the result, or the error, and the milliseconds that it took.
"""

import datetime
import decimal
import json
import logging
import os
import sys
import threading
import time

import ground


def returned(jid, minion, result=True, **more):
    """A return as the master hands it over, with a stamp of its own."""
    fields = {
        "cmd": "_return", "jid": jid, "id": minion, "fun": "test.ping", "fun_args": [], "return": result, "retcode": 0,
        "success": True, "_stamp": datetime.datetime.utcnow().isoformat(),
    }
    fields.update(more)
    return fields


def publication(jid, **more):
    """A load as the master hands it over, with the secrets that are in it."""
    fields = {
        "cmd": "publish", "jid": jid, "fun": "test.arg", "arg": ["a", {"k": "v", "__kwarg__": True}], "tgt": ["m1"],
        "tgt_type": "list", "user": "lab", "ret": "", "timeout": 5, "key": "the master's key",
        "kwargs": {"token": "the token of eauth", "client": "local_async", "metadata": {"action_id": 345}},
    }
    fields.update(more)
    return fields


def store(call, number=1):
    """As store_job of Salt does it with each return: three functions of the returner."""
    for _ in range(number):
        load = call()
        saltern.prep_jid(False, passed_jid=load["jid"])
        saltern.save_load(load["jid"], load)
        saltern.returner(load)


def timed(number, call):
    """The times of so many calls, sorted, in milliseconds."""
    times = []
    for index in range(number):
        before = time.perf_counter()
        call(index)
        times.append((time.perf_counter() - before) * 1000)
    return sorted(times)


def in_child(call):
    """The exit code of a child of a fork that does this."""
    child = os.fork()
    if child == 0:
        try:
            call()
            os._exit(0)
        except BaseException as error:  # pylint: disable=broad-except
            print(error, file=sys.stderr)
            os._exit(1)
    return os.WEXITSTATUS(os.waitpid(child, 0)[1])


def in_threads(number, call):
    threads = [threading.Thread(target=call, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def until_empty(seconds=30):
    """Waits until nothing is in the spool any more; whether that came true."""
    spool = keeper().spool
    until = time.monotonic() + seconds
    while not spool.is_empty() and time.monotonic() < until:
        time.sleep(0.01)
    return spool.is_empty()


def keeper():
    return saltern.keeper.keeper_of(saltern._settings())


def answer(expression):
    before = time.perf_counter()
    try:
        said = {"result": eval(expression, globals())}
    except Exception as error:  # pylint: disable=broad-except
        said = {"error": "{}: {}".format(type(error).__name__, error)}
    said["milliseconds"] = (time.perf_counter() - before) * 1000
    return json.dumps(said, default=repr)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    # Silence about modules that an expression may want.
    assert datetime and decimal
    saltern = ground.load(json.loads(sys.argv[1]))
    for line in sys.stdin:
        print(answer(line), flush=True)
