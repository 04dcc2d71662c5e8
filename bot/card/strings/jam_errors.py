"""The words for what is refused in a jam."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.strings.numbers import seconds
from bot.domain import errors
from bot.domain.errors import UserError
from bot.locales import _, ngettext

JAM_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    errors.JamUnknown: lambda e: _(
        "I know of no such jam here. `/jam list` shows those of this server."
    ),
    errors.JamClosed: lambda e: _(
        "This jam is closed. `/jam branch` begins a new one with its piece."
    ),
    errors.JamNotHere: lambda e: _(
        "A jam needs a text channel of a server that I am a member of: its thread goes there."
    ),
    errors.ModelCannotContinue: lambda e: _(
        "The model that I run here can't go on from music, so there are no jams."
    ),
    errors.JamTrackUnknown: lambda e: _(
        "I know no track there that you can see. Choose one of those that are offered as you type, "
        "or give the link of a card of mine that has its track."
    ),
    errors.JamTrackGone: lambda e: _(
        "I can't get the audio from that card any more, so no jam has begun. Bring the track up "
        "again with `/tracks list`, and begin with the new card."
    ),
    errors.JamTakeToChoose: lambda e: ngettext(
        "That card has {number} take. Choose one of those that are offered for its link as you "
        "type.",
        "That card has {number} takes. Choose one of those that are offered for its link as you "
        "type.",
        e.takes,
    ),
    errors.HostOnly: lambda e: _(
        "Only the host of this jam can do that. `/jam host` puts you in the place of one who has "
        "left or stays away."
    ),
    errors.HostIsThere: lambda e: _(
        "The host, {host}, was there in one of the last two rounds. One who stays away for two can "
        "be replaced.",
        host=f"<@{e.host_id}>",
    ),
    errors.NotInJam: lambda e: _(
        "That is for those who have taken part: propose something, or vote, first."
    ),
    errors.TakesUsedUp: lambda e: ngettext(
        "You have proposed {number} take in this round, which is all that one person may. Vote, or "
        "wait for the next round.",
        "You have proposed {number} takes in this round, which is all that one person may. Vote, "
        "or wait for the next round.",
        e.limit,
    ),
    errors.RoundFull: lambda e: ngettext(
        "This round has {number} take, which is as many as anybody wants to listen to. Vote, or "
        "wait for the next round.",
        "This round has {number} takes, which is as many as anybody wants to listen to. Vote, or "
        "wait for the next round.",
        e.limit,
    ),
    errors.JamBudgetSpent: lambda e: ngettext(
        "This jam has had its {number} take. Its host can close it; `/jam branch` goes on from its "
        "piece in a new one.",
        "This jam has had its {number} takes. Its host can close it; `/jam branch` goes on from "
        "its piece in a new one.",
        e.limit,
    ),
    errors.PieceFull: lambda e: _(
        # Translators: both places are lengths, such as "20 s".
        "A piece may be {limit} long, and this one has room for {left} more. "
        "Propose fewer seconds, or close the jam.",
        limit=seconds(e.limit_s),
        left=seconds(max(0, e.left_s)),
    ),
    errors.RoundOver: lambda e: _("The round of this take has ended, so it can't be voted for."),
    errors.TakeNotMade: lambda e: _("This take can't be heard yet, so it can't be voted for."),
    errors.NoVoteHere: lambda e: _(
        "In this jam those vote who took part before the round. Propose something now, and you "
        "vote in the next one."
    ),
    errors.NothingMade: lambda e: _(
        "No take of this round can be heard yet, so there is nothing to choose from."
    ),
    errors.NotTied: lambda e: _(
        "That take hasn't the most votes any more. Press **End round** anew."
    ),
    errors.NothingToUndo: lambda e: _("The piece has no section that could be taken back."),
    errors.NothingToMix: lambda e: _("The piece has no section yet, so there is nothing to mix."),
    errors.MixesWaiting: lambda e: ngettext(
        "A mix of this piece is being made already. It comes below; then press **Mix** again.",
        "Mixes of this piece are being made already, {number} of them. They come below, one by "
        "one; then press **Mix** again.",
        e.limit,
    ),
}
