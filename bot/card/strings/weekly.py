"""The words of the weekly chart, and of where it is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.community.weekly import ChartOutcome
from bot.locales import Text, _, together

NAME = Text("Weekly chart", "title")
TITLE = Text("The week's most starred tracks")
FOOTER = Text("Every Monday. Star what you like with the button on its card.")
PICK = Text("Post it to: no channel")
NOWHERE = Text("not posted", "state")
ABOUT = Text(
    "Every Monday at 12:00 UTC I post the ten tracks of this server that were given most stars in "
    "the week before, and anyone can bring one up there. Tracks of channels that not everyone "
    "sees are left out, and nobody is pinged. In a week without stars I say nothing. Chosen on a "
    "Monday after that time, it comes within a minute or two, where none came that day."
)
_GONE = Text("a deleted channel")
_FAULTS: Mapping[str, Text] = {
    ChartOutcome.CHANNEL_GONE: Text("The channel was deleted: choose another one."),
    # Translators: the four are permissions of Discord's.
    ChartOutcome.REFUSED: Text(
        "I can't post there: I lack a permission (**View Channel**, **Send Messages**, "
        "**Embed Links**, **Read Message History**)."
    ),
    ChartOutcome.BLOCKED: Text("AutoMod does not let me post it there."),
}


def place(channel_id: int | None, fault: ChartOutcome | None) -> str:
    """Where it is posted, and why it is not."""
    if channel_id is None:
        return NOWHERE()
    shown = _GONE() if fault is ChartOutcome.CHANNEL_GONE else f"<#{channel_id}>"
    return shown if fault is None else f"⚠️ {shown}\n{_FAULTS[fault]()}"


def next_one(at: datetime) -> str:
    """When it comes."""
    moment = int(at.timestamp())
    day, wait = f"<t:{moment}:F>", f"<t:{moment}:R>"
    # Translators: {day} is a date with its time, {wait} such as "in 5 days".
    return _("Next: {day} ({wait})", day=day, wait=wait)


def unposted(by: str, channel_id: str, why: str) -> str:
    """An entry of the log: one that did not come."""
    channel = f"<#{channel_id}>"
    # Translators: an entry of a log; {by} is the bot.
    words = _("{by} could not post the weekly chart to {channel}.", by=by, channel=channel)
    return together(words, _FAULTS[why]() if why in _FAULTS else None)
