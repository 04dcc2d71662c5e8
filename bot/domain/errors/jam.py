"""Refused in a jam, where several people make one piece of music together."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.errors.refusals import RequestRefused


class JamUnknown(RequestRefused):
    """There is no such jam here."""


class JamClosed(RequestRefused):
    """It has ended."""


class JamNotHere(RequestRefused):
    """A jam needs a text channel of a server that the bot is a member of."""


class ModelCannotContinue(RequestRefused):
    """The model that runs here cannot go on from music."""


class JamTrackUnknown(RequestRefused):
    """What a jam is to begin with is no track that this person can see."""


class JamTrackGone(RequestRefused):
    """The audio that a jam is to begin with cannot be had from its card."""


@dataclass(eq=False)
class JamTakeToChoose(RequestRefused):
    """What a jam is to begin with is a card of several takes."""

    takes: int


class HostOnly(RequestRefused):
    """Only the jam's host may do that."""


@dataclass(eq=False)
class HostIsThere(RequestRefused):
    """The host was there in one of the last two rounds, so nobody takes their place."""

    host_id: int


class NotInJam(RequestRefused):
    """Only for those who have taken part."""


@dataclass(eq=False)
class TakesUsedUp(RequestRefused):
    """A person has proposed as many takes as a round allows one person."""

    limit: int


@dataclass(eq=False)
class RoundFull(RequestRefused):
    """A round has as many takes as can be listened to."""

    limit: int


@dataclass(eq=False)
class JamBudgetSpent(RequestRefused):
    """A jam has had as many takes as it may."""

    limit: int


@dataclass(eq=False)
class PieceFull(RequestRefused):
    """The piece would be longer than one may be; `left_s` is what there is room for."""

    left_s: int
    limit_s: int


class RoundOver(RequestRefused):
    """The round of this take has ended."""


class TakeNotMade(RequestRefused):
    """The take cannot be heard yet."""


class NoVoteHere(RequestRefused):
    """Only those may vote who had taken part before the round."""


class NothingMade(RequestRefused):
    """No take of the round can be heard yet."""


class NotTied(RequestRefused):
    """A host chooses among takes with the same votes only."""


class NothingToUndo(RequestRefused):
    """The piece has no section."""


class NothingToMix(RequestRefused):
    """The piece has no section to mix."""


@dataclass(eq=False)
class MixesWaiting(RequestRefused):
    """So many mixes are still to be made that no other one is taken on."""

    limit: int
