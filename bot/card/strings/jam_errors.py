"""The words for what is refused in a jam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.strings.numbers import count
from bot.domain import errors
from bot.domain.errors import UserError

JAM_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.JamUnknown: lambda e: (
        "I know of no such jam here. `/jam list` shows those of this server."
    ),
    errors.JamClosed: lambda e: (
        "This jam is closed. `/jam branch` begins a new one with its piece."
    ),
    errors.JamNotHere: lambda e: (
        "A jam needs a text channel of a server that I am a member of: its thread goes there."
    ),
    errors.ModelCannotContinue: lambda e: (
        "The model that I run here can't go on from music, so there are no jams."
    ),
    errors.JamTrackUnknown: lambda e: (
        "I know no track there that you can see. Choose one of those that are offered as you type, "
        "or give the link of a card of mine that has its track."
    ),
    errors.JamTrackGone: lambda e: (
        "I can't get the audio from that card any more, so no jam has begun. Bring the track up "
        "again with `/tracks list`, and begin with the new card."
    ),
    errors.JamTakeToChoose: lambda e: (
        f"That card has {count(e.takes, 'take')}. Choose one of those that are offered for its "
        "link as you type."
    ),
    errors.HostOnly: lambda e: "Only the host of this jam can do that.",
    errors.HostIsThere: lambda e: (
        f"The host, <@{e.host_id}>, was there in one of the last two rounds. One who "
        "stays away for two can be replaced."
    ),
    errors.NotInJam: lambda e: (
        "That is for those who have taken part: propose something, or vote, first."
    ),
    errors.TakesUsedUp: lambda e: (
        f"You have proposed {count(e.limit, 'take')} in this round, which is all that one person "
        "may. Vote, or wait for the next round."
    ),
    errors.RoundFull: lambda e: (
        f"This round has {count(e.limit, 'take')}, which is as many as anybody wants to listen to. "
        "Vote, or wait for the next round."
    ),
    errors.JamBudgetSpent: lambda e: (
        f"This jam has had its {count(e.limit, 'take')}. Its host can close it; `/jam branch` goes "
        "on from its piece in a new one."
    ),
    errors.PieceFull: lambda e: (
        f"A piece may be {e.limit_s} s long, and this one has room for {max(0, e.left_s)} s more. "
        "Propose fewer seconds, or close the jam."
    ),
    errors.RoundOver: lambda e: "The round of this take has ended, so it can't be voted for.",
    errors.TakeNotMade: lambda e: "This take can't be heard yet, so it can't be voted for.",
    errors.NoVoteHere: lambda e: (
        "In this jam those vote who took part before the round. Propose something now, and you "
        "vote in the next one."
    ),
    errors.NothingMade: lambda e: (
        "No take of this round can be heard yet, so there is nothing to choose from."
    ),
    errors.NotTied: lambda e: "That take hasn't the most votes any more. Press **End round** anew.",
    errors.NothingToUndo: lambda e: "The piece has no section that could be taken back.",
    errors.NothingToMix: lambda e: "The piece has no section yet, so there is nothing to mix.",
    errors.MixesWaiting: lambda e: (
        f"Mixes of this piece are being made already, {e.limit} of them. They come below, one by "
        "one; then press **Mix** again."
    ),
}
