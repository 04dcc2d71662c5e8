"""The words of jams before and around their thread: what they begin with, and where."""

from __future__ import annotations

from bot.card.markup import quoted
from bot.domain.plain_text import shortened
from bot.jam.jam import Jam, Phase

A_TRACK = "a track"
"""What a jam began with whose words are not for all."""
THREAD = "Jam"
"""What a thread is called whose theme must not be shown."""
_THEME_MAX_CHARS = 200
_HINDERED = (
    "-# ⚠️ I can't show anything in its thread at present: it is locked, or I lack a permission "
    "there (**View Channel**, **Send Messages in Threads**, **Embed Links**, **Attach Files**, "
    "**Read Message History**). Nothing is lost; it goes on there as soon as I may."
)
_NO_THREAD = (
    "-# ⚠️ I can't make its thread at present: I lack a permission here (**View Channel**, "
    "**Create Public Threads**)."
)


def where_begun(jam: Jam, theme: str | None, thread_id: int) -> str:
    """Stands where a jam was begun, and its thread hangs on; without a theme that is not for it."""
    if jam.gone and jam.thread_id is None:
        return "No thread could be made for this jam, so it has ended. `/jam start` begins another."
    if jam.gone and jam.sections:
        return (
            "This jam has ended, for its thread is gone. `/jam branch` goes on from its piece in a "
            "new one."
        )
    if jam.gone:
        return "This jam has ended, for its thread is gone."
    text = _begun(jam, theme, thread_id)
    if jam.hindered is None:
        return text
    return f"{text}\n{_NO_THREAD if jam.thread_id is None else _HINDERED}"


def _begun(jam: Jam, theme: str | None, thread_id: int) -> str:
    """Who has begun it is told at first only: the host may be another by now."""
    call = f"Everybody can propose what comes next, and vote, in <#{thread_id}>."
    if jam.phase is Phase.CLOSED:
        call = f"It is closed; what was made is in <#{thread_id}>."
    named = None if theme is None else quoted(theme, _THEME_MAX_CHARS)
    match (jam.opening is not None, named):
        case True, None:
            return f"🎶 <@{jam.host_id}> has begun a jam. {call}"
        case True, _:
            return f"🎶 <@{jam.host_id}> has begun a jam: **{named}**. {call}"
        case _, None:
            return f"🎶 A jam. {call}"
        case _:
            return f"🎶 A jam: **{named}**. {call}"


def thread_name(theme: str, limit: int) -> str:
    """What a jam's thread is called."""
    return shortened(theme, limit) or "jam"


def track_option(prompt: str, take: int | None, seed: int) -> str:
    """A track as a choice; `take` where it is one of a card's several."""
    if take is not None:
        return f"Take {take} · seed {seed} · {prompt}"
    return f"{prompt} · seed {seed}"
