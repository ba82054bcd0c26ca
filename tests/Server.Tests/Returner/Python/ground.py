"""Loads the returner as Salt does: from its file, with the master's options put into it."""

import importlib.util
import os
import sys

sys.dont_write_bytecode = True

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4))
FOLDER = os.path.join(ROOT, "salt", "returners")


def load(options):
    spec = importlib.util.spec_from_file_location("salt_loaded_saltern", os.path.join(FOLDER, "saltern.py"))
    module = importlib.util.module_from_spec(spec)
    module.__opts__ = options
    spec.loader.exec_module(module)
    return module
