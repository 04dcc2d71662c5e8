"""The words of jams before and around their thread: what they begin with, and where."""

from __future__ import annotations

from bot.card.markup import quoted
from bot.card.strings.jam import take_title
from bot.domain.plain_text import shortened
from bot.jam.jam import Jam, Phase
from bot.locales import Text, _, together

# Translators: what a jam began with, where its own words are not for all.
A_TRACK = Text("a track")
# Translators: what a thread is called whose theme must not be shown.
THREAD = Text("Jam", "title")
_THEME_MAX_CHARS = 200
_HINDERED = Text(
    "I can't show anything in its thread at present: it is locked, or I lack a permission there "
    "(**View Channel**, **Send Messages in Threads**, **Embed Links**, **Attach Files**, "
    "**Read Message History**). Nothing is lost; it goes on there as soon as I may."
)
_NO_THREAD = Text(
    "I can't make its thread at present: I lack a permission here (**View Channel**, "
    "**Create Public Threads**)."
)


def where_begun(jam: Jam, theme: str | None, thread_id: int) -> str:
    """Stands where a jam was begun, and its thread hangs on; without a theme that is not for it."""
    if jam.gone and jam.thread_id is None:
        return _(
            "No thread could be made for this jam, so it has ended. `/jam start` begins another."
        )
    if jam.gone and jam.sections:
        return _(
            "This jam has ended, for its thread is gone. `/jam branch` goes on from its piece in a "
            "new one."
        )
    if jam.gone:
        return _("This jam has ended, for its thread is gone.")
    thread = f"<#{thread_id}>"
    call = _("Everybody can propose what comes next, and vote, in {thread}.", thread=thread)
    if jam.phase is Phase.CLOSED:
        call = _("It is closed; what was made is in {thread}.", thread=thread)
    text = f"🎶 {together(_begun(jam, theme), call)}"
    if jam.hindered is None:
        return text
    return f"{text}\n-# ⚠️ {_NO_THREAD() if jam.thread_id is None else _HINDERED()}"


def _begun(jam: Jam, theme: str | None) -> str:
    """Who has begun it is told at first only: the host may be another by now."""
    named = None if theme is None else quoted(theme, _THEME_MAX_CHARS)
    match (jam.opening is not None, named):
        case True, None:
            return _("{person} has begun a jam.", person=f"<@{jam.host_id}>")
        case True, str():
            return _(
                "{person} has begun a jam: **{theme}**.", person=f"<@{jam.host_id}>", theme=named
            )
        case _, None:
            return _("A jam.")
        case _:
            return _("A jam: **{theme}**.", theme=named)


def thread_name(theme: str, limit: int) -> str:
    """What a jam's thread is called."""
    return shortened(theme, limit) or THREAD()


def track_option(prompt: str, take: int | None, seed: int) -> str:
    """A track as a choice; `take` where it is one of a card's several."""
    its_seed = _("seed {seed}", seed=seed)
    if take is not None:
        return f"{take_title(take)} · {its_seed} · {prompt}"
    return f"{prompt} · {its_seed}"
