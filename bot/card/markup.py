"""People's text inside ours: it never pings, never breaks the layout."""

from __future__ import annotations

import discord

_ELLIPSIS = "…"


def quoted(text: str, limit: int) -> str:
    """`text` on one line with its markdown escaped, cut to `limit` characters of its own."""
    line = " ".join(text.split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + _ELLIPSIS
    escaped = discord.utils.escape_markdown(line, ignore_links=False)
    return discord.utils.escape_mentions(escaped)


def fitted(text: str, limit: int) -> str:
    """`quoted`, cut until it fits into `limit` characters with its escapes."""
    keep = limit
    while len(shown := quoted(text, keep)) > limit:
        keep -= max(1, len(shown) - limit)
    return shown
