"""Modules that are loaded by the first use of what is in them, not by their import.

`importlib.util.LazyLoader` is of no use for that where a library imports another one at its top:
a second import of the same name loads it (Python 3.11, `import_ensure_initialized`).
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from threading import RLock


def load_later(name: str) -> None:
    """Have a module loaded when it is used; one that is not installed, or loaded, is left alone."""
    parent, _, child = name.rpartition(".")
    if name in sys.modules or (parent and find_spec(parent) is None):
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return
    run, module = spec.loader.exec_module, module_from_spec(spec)
    contents, lock, is_running = vars(module), RLock(), False

    def load(wanted: str) -> object:
        nonlocal is_running
        # Whoever comes while another thread loads it waits for that.
        with lock:
            if wanted in contents:
                return contents[wanted]
            # Names like `__file__` are asked for by those who only look at modules.
            is_over = is_running or "__getattr__" not in contents
            if wanted.startswith("__") or is_over:
                raise AttributeError(f"module {name!r} has no attribute {wanted!r}")
            is_running = True
            try:
                run(module)
            finally:
                is_running = False
            del contents["__getattr__"]
        return getattr(module, wanted)

    contents["__getattr__"] = load
    sys.modules[name] = module
    if parent:
        setattr(import_module(parent), child, module)
