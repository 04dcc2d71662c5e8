"""A session in a voice channel -> the card that shows it. Pure."""

from __future__ import annotations

import discord

from bot.card import strings
from bot.card.actions.voice import LOUDER, QUIETER, SKIP, STOP
from bot.card.buttons import card_button, view_of
from bot.voice.session import VOLUMES, Session

_PLAYS = discord.Colour(0x5865F2)
_WAITS = discord.Colour(0x80848E)
_DESCRIPTION_MAX_CHARS = 4000


def session_embed(session: Session) -> discord.Embed:
    """What plays, what comes next, and how it ends."""
    words = strings.voice
    if session.is_over:
        lines, title = words.over(session), words.TITLE_OVER()
    else:
        lines, title = _lines(session), words.TITLE()
    if session.failed is not None:
        item, error = session.failed
        lines.append(words.failed(item, strings.errors.sentence(error)))
    if not session.is_over:
        lines.append(words.who_may())
    sounds = session.ends_at is not None
    return discord.Embed(
        title=title,
        description="\n".join(lines)[:_DESCRIPTION_MAX_CHARS],
        colour=_PLAYS if sounds else _WAITS,
    )


def _lines(session: Session) -> list[str]:
    words = strings.voice
    if not session.is_joined:
        return [words.joining(session.channel_id)]
    lines = [words.where(session.channel_id, session.volume)]
    if session.playing is None:
        lines.append(words.nothing_left())
    else:
        lines.append(words.now(session, session.playing.item))
        if session.is_heard and session.ends_at is None:
            lines.append(words.PREPARING())
    if session.silenced_since is not None:
        lines.append(words.SILENCED())
    if session.alone_since is not None:
        lines.append(words.NOBODY())
    if session.leaves_at is not None:
        lines.append(words.leaves(int(session.leaves_at.timestamp())))
    return lines + words.waiting([entry.item for entry in session.waiting])


def session_view(session: Session) -> discord.ui.View | None:
    """Its buttons; none where it is over."""
    if session.is_over:
        return None
    serial = "" if session.playing is None else str(session.playing.serial)
    return view_of(
        card_button(SKIP, serial, disabled=session.playing is None),
        card_button(STOP, ""),
        card_button(QUIETER, "", disabled=session.volume == VOLUMES[0]),
        card_button(LOUDER, "", disabled=session.volume == VOLUMES[-1]),
    )
