"""People's text inside ours: it never pings, never breaks the layout."""

from __future__ import annotations

import discord

_ELLIPSIS = "…"
_ROUND = str.maketrans("[]", "()")


def quoted(text: str, limit: int) -> str:
    """`text` on one line with its markdown escaped, cut to `limit` characters of its own."""
    escaped = discord.utils.escape_markdown(in_one_line(text, limit), ignore_links=False)
    return discord.utils.escape_mentions(escaped)


def in_one_line(text: str, limit: int) -> str:
    """`text` on one line, cut to `limit` characters: for places that show no markdown."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + _ELLIPSIS


def fitted(text: str, limit: int) -> str:
    """`quoted`, cut until it fits into `limit` characters with its escapes."""
    keep = limit
    while len(shown := quoted(text, keep)) > limit:
        keep -= max(1, len(shown) - limit)
    return shown


def link(text: str, url: str, limit: int) -> str:
    """`text`, quoted, as a link; it cannot lead anywhere else."""
    return f"[{quoted(text.translate(_ROUND), limit)}]({url})"
