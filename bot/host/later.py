"""Modules that are loaded by the first use of what is in them, not by their import.

`importlib.util.LazyLoader` is of no use for that where a library imports another one at its top:
a second import of the same name loads it (Python 3.11, `import_ensure_initialized`).
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec


def load_later(name: str) -> None:
    """Have a module loaded when it is used; one that is not installed, or loaded, is left alone."""
    parent, _, child = name.rpartition(".")
    if name in sys.modules or (parent and find_spec(parent) is None):
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return
    run, module = spec.loader.exec_module, module_from_spec(spec)

    def load(name: str) -> object:
        if name.startswith("__"):
            # Asked for by those who only want to know what it is.
            raise AttributeError(name)
        del vars(module)["__getattr__"]
        try:
            run(module)
        except ImportError:
            vars(module)["__getattr__"] = load
            raise
        return getattr(module, name)

    vars(module)["__getattr__"] = load
    sys.modules[name] = module
    if parent:
        setattr(import_module(parent), child, module)
