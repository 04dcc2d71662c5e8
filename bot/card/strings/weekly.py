"""The words of the weekly chart, and of where it is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.community.weekly import ChartOutcome

NAME = "Weekly chart"
TITLE = "The week's most starred tracks"
FOOTER = "Every Monday. Star what you like with the button on its card."
PICK = "Post it to: no channel"
NOWHERE = "not posted"
ABOUT = (
    "Every Monday at 12:00 UTC I post the ten tracks of this server that were given most stars in "
    "the week before, and anyone can bring one up there. Tracks of channels that not everyone "
    "sees are left out, and nobody is pinged. In a week without stars I say nothing. Chosen on a "
    "Monday after that time, it comes within a minute or two, where none came that day."
)
_GONE = "a deleted channel"
_FAULTS: Mapping[str, str] = {
    ChartOutcome.CHANNEL_GONE: "The channel was deleted: choose another one.",
    ChartOutcome.REFUSED: (
        "I can't post there: I lack a permission (**View Channel**, **Send Messages**, "
        "**Embed Links**, **Read Message History**)."
    ),
    ChartOutcome.BLOCKED: "AutoMod does not let me post it there.",
}


def place(channel_id: int | None, fault: ChartOutcome | None) -> str:
    """Where it is posted, and why it is not."""
    if channel_id is None:
        return NOWHERE
    shown = _GONE if fault is ChartOutcome.CHANNEL_GONE else f"<#{channel_id}>"
    return shown if fault is None else f"⚠️ {shown}. {_FAULTS[fault]}"


def next_one(at: datetime) -> str:
    """When it comes."""
    moment = int(at.timestamp())
    return f"Next: <t:{moment}:F> (<t:{moment}:R>)"


def unposted(channel_id: str, why: str) -> str:
    """A line of the log: one that did not come."""
    return f"could not post the weekly chart to <#{channel_id}>. {_FAULTS.get(why, '')}".strip()
