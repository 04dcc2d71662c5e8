"""How often cards that only tell of progress are edited with the bot's own token."""

from __future__ import annotations

from bot.domain.clock import Clock

CHANNEL_APART_S = 2.5
"""Discord lets a bot edit 5 messages of a channel in 5 s, as observed; tracks have the other 3."""
ALL_APART_S = 0.1
"""A quarter of what the bot may ask in a second (`bot.delivery.request_pace`)."""
_CHANNELS_MAX = 1000
"""How many are remembered before those are forgotten whose time is over."""


class EditPace:
    """Gives out times for edits that can wait, so that finished tracks wait behind none of them.

    An interaction's token has a limit of its own; the bot's has one for each channel and one for
    all. Where many cards outlive their tokens, their progress alone would take all of it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next_s = 0.0
        self._next_in_s: dict[int, float] = {}
        """By the channel's id."""

    def reserve(self, channel_id: int) -> float:
        """When the next edit may be made in a channel, by the clock; nobody else has it then."""
        now_s = self._clock.monotonic()
        at_s = max(now_s, self._next_s)
        self._next_s = at_s + ALL_APART_S
        at_s = max(at_s, self._next_in_s.get(channel_id, 0.0))
        if len(self._next_in_s) >= _CHANNELS_MAX:
            self._next_in_s = {key: at for key, at in self._next_in_s.items() if at > now_s}
        self._next_in_s[channel_id] = at_s + CHANNEL_APART_S
        return at_s
