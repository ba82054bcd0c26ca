"""
What `jids.load` keeps: the publication, and never the master's key, a token or a password. Anybody who may read the
job cache reads it, and Salt puts all three of them there in clear.
"""

import re

MASK = "[removed by the Saltern returner]"
TOO_DEEP = "[nested too deep to be looked through, left out by the Saltern returner]"

# How a row begins that was made from a return, because there was no publication (a job that a minion began by itself,
# a runner's job). A publication that arrives later, from the spool, replaces it.
ROW_OF_RETURN = '{"saltern_row_of": "return"'

_SECRET = re.compile(
    r"(^|[_.-])(pass|passwd|password|passphrase|pwd|secret|secrets|token|sharedsecret|credentials?|authorization"
    r"|(api|access|auth|private|secret|ssh|encryption)[_-]?key)([_.-]?hash)?$",
    re.IGNORECASE)
_SECRET_WORD = re.compile(r"^\s*([\w.-]+)=", re.DOTALL)

# At the top of a load and in its kwargs these are Salt's own and say nothing about the job.
_SALTS_OWN = ("key", "token", "password", "eauth_token", "auth_list", "sig", "tok")
_NOT_OF_THE_JOB = ("return", "sig", "tok")

# Functions of a minion whose result is publications, or an old return; and a runner's that passes the former on.
_OF_PUBLICATIONS = ("saltutil.find_job", "saltutil.running", "saltutil.is_running")
_OF_A_RETURN = "saltutil.find_cached_job"
_OF_PUBLICATIONS_RUNNER = "runner.jobs.active"


def of_load(load, minions):
    """The publication, from the load that Salt hands to save_load."""
    kept = without_secrets({name: value for name, value in load.items() if name not in _SALTS_OWN})
    kwargs = load.get("kwargs")
    if isinstance(kwargs, dict):
        kept["kwargs"] = without_secrets({name: value for name, value in kwargs.items() if name not in _SALTS_OWN})
    if minions:
        kept["Minions"] = sorted(str(minion) for minion in minions)
    return kept


def of_return(returned):
    """What can be said of a job whose publication nobody saw: all of a return but the result itself."""
    kept = {"saltern_row_of": "return"}
    try:
        kept.update(without_secrets({name: value for name, value in returned.items() if name not in _NOT_OF_THE_JOB}))
    except RecursionError:
        kept.update({name: returned.get(name) for name in ("jid", "id", "fun")})
    kept.setdefault("arg", kept.get("fun_args") or [])
    kept.setdefault("tgt", kept.get("id"))
    kept.setdefault("tgt_type", "glob")
    return kept


def arguments_of(arguments):
    """The arguments of a call without its secrets."""
    try:
        return without_secrets(arguments)
    except RecursionError:
        return TOO_DEEP


def result_of(returned):
    """
    The result itself, which nearly always is as it came. But some functions tell of other jobs, with the arguments of
    those; and the result of a runner's or a wheel's job has its own in it.
    """
    try:
        return _result_of(returned.get("fun"), returned.get("return"))
    except RecursionError:
        return TOO_DEEP


def event_of_return(returned):
    """The event that a return makes on the bus."""
    kept = _without_arguments(returned)
    return dict(kept, **{"return": result_of(kept)}) if "return" in kept else kept


def _result_of(fun, result):
    if isinstance(fun, (list, tuple)):
        return _results_of(fun, result)
    if not isinstance(fun, str):
        return result
    if fun in _OF_PUBLICATIONS:
        return without_secrets(result)
    if not isinstance(result, dict):
        return result
    if fun == _OF_A_RETURN:
        kept = dict(_without_arguments(result))
        if "return" in kept:
            kept["return"] = _result_of(kept.get("fun"), kept["return"])
        return kept
    if fun.startswith("runner.auth.") or fun == _OF_PUBLICATIONS_RUNNER:
        # `auth.mk_token`, which salt-api calls with each login over /token: the arguments have a password, and the
        # result is a token.
        return without_secrets(result)
    return _without_arguments(result) if fun.startswith(("runner.", "wheel.")) else result


def _results_of(functions, results):
    """Of a job of several functions, by their names or, where a master wants it so, by their numbers."""
    if not isinstance(results, dict):
        return results
    numbered = {str(number): fun for number, fun in enumerate(functions)}
    return {name: _result_of(numbered.get(str(name), name), result) for name, result in results.items()}


def _without_arguments(result):
    return dict(result, fun_args=arguments_of(result["fun_args"])) if "fun_args" in result else result


def is_return(load):
    return "return" in load and load.get("cmd") != "publish"


def without_secrets(value):
    """
    The same without the values of keys that are named like secrets, and without those of HTTP headers; what stands
    under `metadata` stays.
    """
    if isinstance(value, dict):
        return {name: _value(name, item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_secrets(item) for item in value]
    if isinstance(value, str):
        return _without_secret_word(value)
    return value


def _value(name, value):
    if name == "metadata":
        return value
    if name == "headers" and isinstance(value, dict):
        return {header: MASK for header in value}
    if isinstance(name, str) and _SECRET.search(name) and value not in (None, "", True, False):
        return MASK
    return without_secrets(value)


def _without_secret_word(text):
    """`password=…` as one argument."""
    word = _SECRET_WORD.match(text)
    return word.group(0) + MASK if word and _SECRET.search(word.group(1)) else text
