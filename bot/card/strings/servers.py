"""What people are told where the owner's own servers make the music."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.markup import quoted
from bot.domain.errors import UserError
from bot.domain.errors.servers import RunLost, ServerRefused, ServersBusy, ServersDown
from bot.locales import _

_DETAIL_MAX_CHARS = 300


def _busy(error: ServersBusy) -> str:
    if error.loading:
        return _(
            "The server that makes the music was still loading its model after an hour. "
            "Nothing was started; try again later, or ask the bot's owner."
        )
    return _(
        "The graphics card that makes the music was busy with something else for an hour. "
        "Nothing was started; try again later, or ask the bot's owner."
    )


SERVER_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    ServersBusy: _busy,
    ServersDown: lambda e: _(
        "The server that makes the music could not be reached for an hour. "
        "Nothing was started; the bot's owner has to look after it."
    ),
    ServerRefused: lambda e: _(
        "The server that makes the music did not accept these settings. Nothing was started; "
        "change them and try again. Its own words: {words}",
        words=quoted(e.detail, _DETAIL_MAX_CHARS),
    ),
    RunLost: lambda e: _(
        "The server that makes the music stopped in the middle of this, and once more when it was "
        "begun again. The same seed and settings make it again; if that ends the same way, ask the "
        "bot's owner."
    ),
}
