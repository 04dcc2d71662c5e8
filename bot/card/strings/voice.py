"""The words of music in voice channels: buttons, the card of what plays, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
from bot.card.strings import card, permissions
from bot.card.strings.numbers import first_of
from bot.domain.errors import UserError
from bot.domain.errors import voice as errors
from bot.locales import Text, _, ngettext, percent, together
from bot.voice.session import Ending, Item, Kind, Session

PLAY = Text("Play in voice", "button")
# Translators: plays the whole piece of a jam, or the takes of its round, in a voice channel.
PLAY_PIECE = Text("Piece in voice", "button")
PLAY_TAKES = Text("Takes in voice", "button")
SKIP, STOP = Text("Skip", "button"), Text("Stop", "button")
QUIETER, LOUDER = Text("Quieter", "button"), Text("Louder", "button")

TITLE = Text("Music in voice")
TITLE_OVER = Text("Music in voice is over")
_WHO_MAY = Text("The buttons are for those who listen. I leave a minute after the last of them.")
PREPARING = Text("It begins in a moment.")
SILENCED = Text(
    "I can't be heard here now, so the music waits: I am muted, or have to be made a speaker of "
    "this stage (right-click me, **Invite to Speak**)."
)
MORE_BY = Text("**Play in voice** below any track adds it here.")
_TITLE_MAX_CHARS = 80
_SHOWN_MAX = 10
_ENDINGS = {
    Ending.ALONE: Text("Nobody has listened for a minute, so I have left."),
    Ending.IDLE: Text("All of it was played, so I have left."),
    Ending.SILENCED: Text("I could not be heard for ten minutes, so I have left."),
    Ending.DISCONNECTED: Text("I was taken out of the voice channel."),
    Ending.CHANNEL_GONE: Text("The voice channel was deleted."),
    Ending.FORBIDDEN: Text(
        "I have left, for I may not play there any more. It takes the permissions View Channel, "
        "Connect and Speak."
    ),
    Ending.CONNECTION_LOST: Text(
        "The connection to the voice channel is lost, or could not be made. Please try again."
    ),
    Ending.RESTARTED: Text(
        "I was restarted, and what was in line is gone. Press **Play in voice** anew."
    ),
}
_QUEUE_EMPTY = Text("The queue is empty.")


def who_may() -> str:
    """Whom the buttons are for."""
    return card.small([_WHO_MAY()])


def title(item: Item) -> str:
    """What an item is called."""
    name = quoted(item.title, _TITLE_MAX_CHARS) or "…"
    match item.kind:
        case Kind.PIECE:
            # Translators: {name} is what a jam is about.
            return _("The piece of “{name}”", name=name)
        case Kind.TAKE:
            return _("**Take {number}** “{name}”", number=item.number, name=name)
        case Kind.TRACK if item.number is not None:
            return _("**Take {number}** of “{name}”", number=item.number, name=name)
        case Kind.TRACK:
            # Translators: the quotation marks of your language.
            return _("“{name}”", name=name)


def entry(item: Item) -> str:
    """An item, and who has added it."""
    adder = f"<@{item.added_by}>"
    # Translators: {title} is such as "Take 2 of “rain on tin”".
    if item.author_id is None:
        return _("{title}, added by {adder}", title=title(item), adder=adder)
    return _(
        "{title} by {author}, added by {adder}",
        title=title(item),
        author=f"<@{item.author_id}>",
        adder=adder,
    )


def now(session: Session, item: Item) -> str:
    """What plays."""
    if session.ends_at is None:
        return f"▶ {entry(item)}"
    time = f"<t:{int(session.ends_at.timestamp())}:R>"
    # Translators: {entry} is what plays, {time} a time from now, such as "in 2 minutes".
    told = _("{entry}, ends {time}", entry=entry(item), time=time)
    return f"▶ {told}"


def joining(channel_id: int) -> str:
    """It has begun, and nothing is heard yet."""
    return _("I am on my way to {channel}.", channel=f"<#{channel_id}>")


def where(channel_id: int, volume: int) -> str:
    """Where it plays, and how loud."""
    loud = _("volume {percent}", percent=percent(volume / 100))
    return f"🔊 <#{channel_id}> · {loud}"


def waiting(items: list[Item]) -> list[str]:
    """What comes next, a line each."""
    lines = [f"{place}. {entry(item)}" for place, item in enumerate(items[:_SHOWN_MAX], start=1)]
    more = len(items) - _SHOWN_MAX
    if more > 0:
        # Translators: the last line of a list that is cut.
        rest = ngettext(
            "and {number} more piece after that", "and {number} more pieces after that", more
        )
        lines.append(card.small([rest]))
    return lines


def nothing_left() -> str:
    """The queue has come to its end."""
    return together(_QUEUE_EMPTY(), MORE_BY())


def leaves(at_s: int) -> str:
    """It will leave by itself."""
    # Translators: {time} is a time from now, such as "in a minute".
    return card.small([_("Unless that changes, I leave {time}.", time=f"<t:{at_s}:R>")])


NOBODY = Text("Nobody listens, so the music waits.")


def failed(item: Item, why: str) -> str:
    """An item was passed over; `why` is a sentence."""
    passed = _("{title} was passed over.", title=title(item))
    return f"-# {together(passed, why)}"


def over(session: Session) -> list[str]:
    """Why it is over, and what was not heard."""
    if session.ending is None:
        return []
    if session.ending is Ending.STOPPED:
        why = _("{person} has stopped it.", person=f"<@{session.ended_by}>")
    else:
        why = _ENDINGS[session.ending]()
    if not session.left_over:
        return [why]
    titles = first_of([title(item) for item in session.left_over], _SHOWN_MAX)
    return [why, card.small([_("Not heard to the end: {titles}", titles=titles)])]


def added(items: int, before: int, link: str | None) -> str:
    """Answers who has added something to a queue."""
    sentences = _added_one(before) if items == 1 else _added_several(items, before)
    if link:
        sentences.append(_("{link} shows the queue.", link=link))
    return together(*sentences)


def _added_one(before: int) -> list[str]:
    if not before:
        return [_("It is next.")]
    return [
        ngettext(
            "It is in line, with {number} other before.",
            "It is in line, with {number} others before.",
            before,
        )
    ]


def _added_several(items: int, before: int) -> list[str]:
    if not before:
        return [ngettext("{number} track is next.", "{number} tracks are next.", items)]
    return [
        ngettext("{number} track is in line.", "{number} tracks are in line.", items),
        ngettext("There is {number} other before.", "There are {number} others before.", before),
    ]


INSTALLED = "voice: tracks can be played in voice channels"
NOT_INSTALLED = (
    "voice: there is no button Play in voice, for what it needs is not installed: "
    "pip install -r bot/voice/requirements.txt"
)

VOICE_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.VoiceNotInstalled: lambda e: _(
        "I can't play in voice channels here: what that needs is not installed. "
        "`python -m bot check` tells the bot's owner how to get it."
    ),
    errors.VoiceNotHere: lambda e: _(
        "I play in the voice channels of servers that I am a member of, so not here."
    ),
    errors.NotInVoice: lambda e: _(
        "You are in no voice channel of this server, as far as I can see. Join one, and press the "
        "button again."
    ),
    errors.VoicePermissionsMissing: lambda e: _(
        "To play in {channel} I need to be given {permissions} there. Someone who manages the "
        "server can do that.",
        channel=f"<#{e.channel_id}>",
        permissions=permissions.named(e.permissions),
    ),
    errors.VoiceChannelFull: lambda e: _(
        "The voice channel {channel} is full. Somebody has to leave it, or somebody who manages "
        "the server has to give me **Move Members** there, with which I can join all the same.",
        channel=f"<#{e.channel_id}>",
    ),
    errors.VoiceElsewhere: lambda e: _(
        "I am playing in {channel} already, and can be in one voice channel of a server at a "
        "time. Join it there, or wait until nobody listens any more.",
        channel=f"<#{e.channel_id}>",
    ),
    errors.VoiceUnreachable: lambda e: _(
        "The voice channel could not be joined in time. Please try again in a moment."
    ),
    errors.VoiceQueueFull: lambda e: ngettext(
        "The queue has room for {number} piece, and not for that many more. Wait until some of it "
        "was played.",
        "The queue has room for {number} pieces, and not for that many more. Wait until some of "
        "it was played.",
        e.limit,
    ),
    errors.VoiceIsOver: lambda e: _(
        "That is not playing any more. **Play in voice** below a track begins anew."
    ),
    errors.NotListening: lambda e: _(
        "That is for those who listen: join {channel} first.", channel=f"<#{e.channel_id}>"
    ),
    errors.NothingToPlay: lambda e: _(
        "There is no music here yet that could be played. Wait until it is made."
    ),
}
