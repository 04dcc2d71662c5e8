"""The words of music in voice channels: buttons, the card of what plays, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
from bot.card.strings.numbers import count, listed
from bot.domain.errors import UserError
from bot.domain.errors import voice as errors
from bot.voice.session import Ending, Item, Kind, Session

PLAY = "Play in voice"
PLAY_PIECE = "Piece in voice"
PLAY_TAKES = "Takes in voice"
SKIP, STOP, QUIETER, LOUDER = "Skip", "Stop", "Quieter", "Louder"

VIEW_CHANNEL, CONNECT, SPEAK = "View Channel", "Connect", "Speak"
REQUEST_TO_SPEAK = "Request to Speak"
"""Permissions, as Discord calls them."""

TITLE = "Music in voice"
TITLE_OVER = "Music in voice is over"
WHO_MAY = "-# The buttons are for those who listen. I leave a minute after the last of them."
PREPARING = "It begins in a moment."
SILENCED = (
    "I can't be heard here now, so the music waits: I am muted, or have to be made a speaker of "
    "this stage (right-click me, **Invite to Speak**)."
)
MORE_BY = "**Play in voice** below any track adds it here."
_TITLE_MAX_CHARS = 80
_SHOWN_MAX = 10
_ENDINGS = {
    Ending.ALONE: "Nobody has listened for a minute, so I have left.",
    Ending.IDLE: "All of it was played, so I have left.",
    Ending.SILENCED: "I could not be heard for ten minutes, so I have left.",
    Ending.DISCONNECTED: "I was taken out of the voice channel.",
    Ending.CHANNEL_GONE: "The voice channel was deleted.",
    Ending.FORBIDDEN: (
        "I have left, for I may not play there any more. It takes the permissions View Channel, "
        "Connect and Speak."
    ),
    Ending.CONNECTION_LOST: (
        "The connection to the voice channel is lost, or could not be made. Please try again."
    ),
    Ending.RESTARTED: (
        "I was restarted, and what was in line is gone. Press **Play in voice** anew."
    ),
}


def title(item: Item) -> str:
    """What an item is called."""
    name = quoted(item.title, _TITLE_MAX_CHARS) or "…"
    match item.kind:
        case Kind.PIECE:
            return f"The piece of “{name}”"
        case Kind.TAKE:
            return f"**Take {item.number}** “{name}”"
        case Kind.TRACK if item.number is not None:
            return f"**Take {item.number}** of “{name}”"
        case Kind.TRACK:
            return f"“{name}”"


def entry(item: Item) -> str:
    """An item, and who has added it."""
    if item.author_id is not None:
        return f"{title(item)} by <@{item.author_id}>, added by <@{item.added_by}>"
    return f"{title(item)}, added by <@{item.added_by}>"


def now(session: Session, item: Item) -> str:
    """What plays."""
    if session.ends_at is None:
        return f"▶ {entry(item)}"
    return f"▶ {entry(item)}, ends <t:{int(session.ends_at.timestamp())}:R>"


def joining(channel_id: int) -> str:
    """It has begun, and nothing is heard yet."""
    return f"I am on my way to <#{channel_id}>."


def where(channel_id: int, volume: int) -> str:
    """Where it plays, and how loud."""
    return f"🔊 <#{channel_id}> · volume {volume} %"


def waiting(items: list[Item]) -> list[str]:
    """What comes next, a line each."""
    lines = [f"{number}. {entry(item)}" for number, item in enumerate(items[:_SHOWN_MAX], start=1)]
    more = len(items) - _SHOWN_MAX
    return [*lines, f"-# and {count(more, 'more piece')} after that"] if more > 0 else lines


def nothing_left() -> str:
    """The queue has come to its end."""
    return f"The queue is empty. {MORE_BY}"


def leaves(at_s: int) -> str:
    """It will leave by itself."""
    return f"-# Unless that changes, I leave <t:{at_s}:R>."


NOBODY = "Nobody listens, so the music waits."


def failed(item: Item, why: str) -> str:
    """An item was passed over."""
    return f"-# {title(item)} was passed over. {why}"


def over(session: Session) -> list[str]:
    """Why it is over, and what was not heard."""
    if session.ending is None:
        return []
    if session.ending is Ending.STOPPED:
        why = f"<@{session.ended_by}> has stopped it."
    else:
        why = _ENDINGS[session.ending]
    unheard = [title(item) for item in session.left_over[:_SHOWN_MAX]]
    more = len(session.left_over) - len(unheard)
    if more > 0:
        unheard.append(f"{more:,} more")
    return [why, f"-# Not heard to the end: {listed(unheard)}"] if unheard else [why]


def added(items: int, before: int, link: str | None) -> str:
    """Answers who has added something to a queue."""
    what = "It is" if items == 1 else f"{count(items, 'track')} are"
    place = "next" if before == 0 else f"in line, with {count(before, 'other')} before"
    seen = f" {link} shows the queue." if link else ""
    return f"{what} {place}.{seen}"


INSTALLED = "voice: tracks can be played in voice channels"
NOT_INSTALLED = (
    "voice: there is no button Play in voice, for what it needs is not installed: "
    "pip install -r bot/voice/requirements.txt"
)

VOICE_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.VoiceNotInstalled: lambda e: (
        "I can't play in voice channels here: what that needs is not installed. "
        "`python -m bot check` tells the bot's owner how to get it."
    ),
    errors.VoiceNotHere: lambda e: (
        "I play in the voice channels of servers that I am a member of, so not here."
    ),
    errors.NotInVoice: lambda e: (
        "You are in no voice channel of this server, as far as I can see. Join one, and press the "
        "button again."
    ),
    errors.VoicePermissionsMissing: lambda e: (
        f"To play in <#{e.channel_id}> I need to be given {listed(e.permissions)} there. "
        "Someone who manages the server can do that."
    ),
    errors.VoiceChannelFull: lambda e: (
        f"The voice channel <#{e.channel_id}> is full. Somebody has to leave it, or somebody who "
        "manages the server has to give me Move Members there, with which I can join all the same."
    ),
    errors.VoiceElsewhere: lambda e: (
        f"I am playing in <#{e.channel_id}> already, and can be in one voice channel of a server "
        "at a time. Join it there, or wait until nobody listens any more."
    ),
    errors.VoiceUnreachable: lambda e: (
        "The voice channel could not be joined in time. Please try again in a moment."
    ),
    errors.VoiceQueueFull: lambda e: (
        f"The queue has room for {count(e.limit, 'piece')}, and not for that many more. "
        "Wait until some of it was played."
    ),
    errors.VoiceIsOver: lambda e: (
        "That is not playing any more. **Play in voice** below a track begins anew."
    ),
    errors.NotListening: lambda e: f"That is for those who listen: join <#{e.channel_id}> first.",
    errors.NothingToPlay: lambda e: (
        "There is no music here yet that could be played. Wait until it is made."
    ),
}
