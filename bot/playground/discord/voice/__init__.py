"""Voice channels: who is in them, the voice gateway, UDP, and what was sent."""

from __future__ import annotations

from importlib.util import find_spec


def is_installed() -> bool:
    """Whether what the `voice` extra brings is there: without it no bot speaks, nor is heard."""
    return all(find_spec(name) is not None for name in ("davey", "nacl"))
