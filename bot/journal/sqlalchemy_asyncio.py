"""SQLAlchemy's connections for asyncio, without the ORM that comes along with them.

`sqlalchemy.ext.asyncio` imports its sessions, and those the ORM (SQLAlchemy 2.1.9): 7 MB that the
bot would keep, and a twelfth of its start, for what the journal never uses. So the module that has
the connections is imported while its package is there without contents. Whoever imports that
package later gets it whole, with these very connections.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec


@contextmanager
def _without_contents(package: str) -> Generator[None]:
    spec = find_spec(package)
    if package in sys.modules or spec is None:
        yield
        return
    sys.modules[package] = module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules[package]


with _without_contents("sqlalchemy.ext.asyncio"):
    from sqlalchemy.ext.asyncio.engine import AsyncConnection, AsyncEngine, create_async_engine

__all__ = ["AsyncConnection", "AsyncEngine", "create_async_engine"]
