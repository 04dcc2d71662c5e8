"""People's text inside ours: it never pings, never leads anywhere, never breaks the layout."""

from __future__ import annotations

import re
from functools import lru_cache

import discord

from bot.domain.generation import Generation, Reply
from bot.domain.plain_text import shortened
from bot.locales import _, number

_MENTION = re.compile(r"@(?=everyone|here|[!&]?[0-9]{17,20})")
"""What discord.py takes for one (discord.py 2.7.1, utils.escape_mentions)."""
_TAG = re.compile(r"<(?=[@#/:]|a:|t:|id:)")
"""What Discord draws instead of text: mentions of any kind, commands, emoji, times."""
_MIB = 1024 * 1024
_ROUND = str.maketrans("[]", "()")


@lru_cache(maxsize=1000)
def quoted(text: str, limit: int) -> str:
    """`text` on one line with its markdown escaped, cut to `limit` characters of its own."""
    escaped = discord.utils.escape_markdown(shortened(text, limit), ignore_links=False)
    # Not by `escape_mentions`, which hides a character of no width in them.
    untagged = _TAG.sub(r"\\<", _MENTION.sub(r"\\@", escaped))
    # An address stays one to read, and leads nowhere.
    return untagged.replace("://", r":\//")


def fitted(text: str, limit: int) -> str:
    """`quoted`, cut until it fits into `limit` characters with its escapes."""
    keep = limit
    while len(shown := quoted(text, keep)) > limit:
        keep -= max(1, len(shown) - limit)
    return shown


def link(text: str, url: str, limit: int) -> str:
    """`text`, quoted, as a link; it cannot lead anywhere else."""
    return f"[{quoted(text.translate(_ROUND), limit) or '…'}]({url})"


def track_link(track: Generation, limit: int) -> str:
    """A track's prompt, as a link to its message; struck out where that was deleted."""
    if track.reply.gone:
        return f"~~{quoted(track.inputs.prompt, limit) or '…'}~~"
    return link(track.inputs.prompt, jump_url(track.reply), limit)


def jump_url(reply: Reply) -> str:
    """The address of the message that shows a generation."""
    place = "@me" if reply.guild_id is None else str(reply.guild_id)
    return f"https://discord.com/channels/{place}/{reply.channel_id}/{reply.message_id}"


def mention(user_id: int | None) -> str:
    """A person, as Discord draws one."""
    return f"<@{user_id}>"


def size(size_bytes: int) -> str:
    """A file's size in words."""
    if size_bytes < _MIB:
        return _("{size} KiB", size=number(max(1, size_bytes // 1024)))
    return _("{size} MiB", size=number(round(size_bytes / _MIB)))
