"""The words of every wait: why it does not go on, whose turn it is, when the next try is.

`headline` is for waits that are all there is to say, `note` stands below what is going on, and
`in_a_list` is for one of several takes. Moments are Discord's relative timestamps: they count
without an edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from bot.card.markup import size
from bot.domain.progress import Stage
from bot.domain.waits import (
    BegunAgain,
    FetchingSlow,
    ForRoom,
    Hindered,
    InQueue,
    Link,
    NotPostable,
    Obstacle,
    OwnRunning,
    ToBeSent,
    Wait,
)

_WHY = {
    Obstacle.THROTTLED: "Replicate takes few tracks from this bot at the moment",
    Obstacle.LOW_CREDIT: (
        "Replicate takes few tracks from this bot at the moment, because the bot's account there "
        "is low on credit"
    ),
    Obstacle.OUTAGE: "Replicate can't be reached at the moment",
    Obstacle.TOKEN_REFUSED: (
        "Replicate does not accept this bot's API token at the moment. "
        "The bot's owner has to set a valid one"
    ),
    Obstacle.CREDIT_MISSING: (
        "The bot's Replicate account has no credit left. The bot's owner has to add some"
    ),
    Obstacle.FORBIDDEN: (
        "Replicate refuses this bot access at the moment. The bot's owner has to look into it"
    ),
    Obstacle.CERTIFICATE: (
        "I can't be sure that it is Replicate that answers: its certificate is not trusted here. "
        "The bot's owner has to look into it"
    ),
    Obstacle.SERVERS_BUSY: "The graphics card is busy with something else at the moment",
    Obstacle.SERVERS_LOADING: "The server that makes the music is still loading its model",
    Obstacle.SERVERS_DOWN: "The server that makes the music can't be reached at the moment",
    Obstacle.DISK_FULL: (
        "There is no room on the disk I keep tracks on. The bot's owner has to make some"
    ),
    Obstacle.DISK_FAULT: (
        "I can't write to the disk I keep tracks on. The bot's owner has to look into it"
    ),
    Obstacle.JOURNAL: "My own records can't be written at the moment",
    Obstacle.DISCORD: "Discord does not take the track at the moment",
}
_KNOWN = "I keep trying; what you see is what I last knew."
_GOES_ON = "Your track is not lost: it goes on as soon as that is done."
_COMES = "Your track is made and kept, and comes here as soon as that is over."
_BEGUN_AGAIN = "What makes the music stopped in the middle of this, so it began again."
_SLOW_QUEUE = frozenset({Obstacle.THROTTLED, Obstacle.LOW_CREDIT})
_FOR_THE_OWNER = frozenset(
    {Obstacle.TOKEN_REFUSED, Obstacle.CREDIT_MISSING, Obstacle.FORBIDDEN, Obstacle.CERTIFICATE}
)
_WITHOUT_OBSTACLE = (BegunAgain, ToBeSent, ForRoom, FetchingSlow, NotPostable)
_RUNS = frozenset({Stage.STARTING, Stage.LOADING, Stage.GENERATING})


def moment(when: datetime) -> str:
    """A moment as Discord counts to it or from it."""
    return f"<t:{int(when.timestamp())}:R>"


def headline(wait: Wait | None) -> str | None:
    """What stands in place of what is going on, where the wait is all there is to say."""
    match wait:
        case InQueue():
            words = "**Queued.** You are next: " if wait.position == 1 else "**Queued.** "
            place = "" if wait.position == 1 else f"Number {wait.position} in line: "
            return f"{words}{place}{_all_taken(wait.running)}{_starts(wait.starts_at)}"
        case OwnRunning():
            return f"**Queued.** {_own(wait)}"
        case ToBeSent(position=position) if position > 1:
            return f"**Queued**, number {position} to be sent to the model."
        case Hindered(position=int(position)):
            place = "You are next." if position == 1 else f"Number {position} to be sent."
            return f"**Queued.** {place}"
        case ForRoom(own=own):
            whose = "your other tracks are" if own else "other tracks are"
            return (
                f"**Waiting** for room on my disk: {whose} on it, and leave it when they are done."
            )
        case NotPostable(limit_bytes=int(limit_bytes)):
            return (
                f"**The track is made**, and larger than the {size(limit_bytes)} that Discord "
                "takes here, whatever I make of it."
            )
        case NotPostable():
            return "**The track is made**, and something on my side keeps me from posting it."
        case FetchingSlow():
            return "**Fetching** the finished track: it is made, and Replicate delivers it slowly."
        case _:
            return None


def note(wait: Wait | None, stage: Stage) -> str | None:
    """What stands below, in small print."""
    match wait:
        case InQueue(obstacle=Obstacle() as obstacle) | OwnRunning(obstacle=Obstacle() as obstacle):
            return f"-# {_WHY[obstacle]}.{_again(wait.next_try_at)}"
        case FetchingSlow(link=link):
            own_hands = f" {_fetch_yourself(link)}" if link else ""
            return f"-# I keep trying, and bring it here when I have it.{own_hands}"
        case NotPostable(limit_bytes=limit_bytes, link=link):
            own_hands = f"{_fetch_yourself(link)} " if link else ""
            larger = "" if limit_bytes is None else " where larger files may be posted"
            return f"-# {own_hands}I keep it: **Bring it here**{larger} shows it."
        case BegunAgain():
            return f"-# {_BEGUN_AGAIN}"
        case Hindered():
            return f"-# {_hindered(wait, stage)}"
        case _:
            return None


def notes(shown: Iterable[tuple[Wait, Stage]]) -> list[str]:
    """The same for several takes: each reason once, with the first of the next tries."""
    first: dict[Obstacle, tuple[Hindered | InQueue | OwnRunning, Stage]] = {}
    for wait, stage in shown:
        if isinstance(wait, _WITHOUT_OBSTACLE) or wait.obstacle is None:
            continue
        known = first.get(wait.obstacle)
        if known is None or _next_try(wait) < _next_try(known[0]):
            first[wait.obstacle] = wait, stage
    return [words for wait, stage in first.values() if (words := note(wait, stage))]


def _next_try(wait: Hindered | InQueue | OwnRunning) -> datetime:
    return wait.next_try_at or datetime.max.replace(tzinfo=UTC)


def _again(next_try_at: datetime | None) -> str:
    return f" Next try {moment(next_try_at)}." if next_try_at else ""


def in_a_list(wait: Wait, stage: Stage) -> str | None:
    """The wait of one of several takes; None where how far it is tells more."""
    match wait:
        case InQueue(position=position):
            return f"queued, number {position} in line"
        case OwnRunning():
            if wait.running == 1:
                return "queued until the one of yours that runs is done"
            return f"queued until one of your {wait.running} that run is done"
        case ToBeSent(position=position):
            return f"queued, number {position} to be sent"
        case Hindered(obstacle=obstacle, position=int(position)):
            return f"queued, number {position} to be sent: {_SHORTLY[obstacle]}"
        case Hindered(obstacle=obstacle) if stage not in _RUNS:
            return f"{_DOING.get(stage, 'waits')}: {_SHORTLY[obstacle]}"
        case ForRoom():
            return "waits for room on my disk"
        case NotPostable(link=link):
            own_hands = f" {_fetch_yourself(link)}" if link else ""
            return f"made, and kept: I can't post it here.{own_hands}"
        case FetchingSlow(link=link):
            own_hands = f" {_fetch_yourself(link)}" if link else ""
            return f"made; Replicate delivers it slowly.{own_hands}"
        case _:
            return None


_DOING = {
    Stage.CHECKING: "your audio waits",
    Stage.LOOKING: "looking whether it was started",
    Stage.QUEUED: "queued",
    Stage.FETCHING: "made, to be fetched",
    Stage.UPLOADING: "made, to be uploaded",
}
_SHORTLY = {
    Obstacle.OUTAGE: "Replicate can't be reached",
    Obstacle.THROTTLED: "Replicate takes few requests",
    Obstacle.LOW_CREDIT: "Replicate takes few requests",
    Obstacle.TOKEN_REFUSED: "Replicate does not accept the bot's token",
    Obstacle.CREDIT_MISSING: "the bot's account has no credit",
    Obstacle.FORBIDDEN: "Replicate refuses access",
    Obstacle.CERTIFICATE: "Replicate's certificate is not trusted here",
    Obstacle.SERVERS_BUSY: "the graphics card is busy",
    Obstacle.SERVERS_LOADING: "the server is still loading its model",
    Obstacle.SERVERS_DOWN: "the server that makes the music can't be reached",
    Obstacle.DISK_FULL: "no room on my disk",
    Obstacle.DISK_FAULT: "my disk can't be written",
    Obstacle.JOURNAL: "my records can't be written",
    Obstacle.DISCORD: "Discord does not take it",
}


def _all_taken(running: int) -> str:
    if running == 1:
        return "one other track is under way, and I make one at a time."
    return f"{running} others are under way, which is as many as I make at once."


def _starts(starts_at: datetime | None) -> str:
    if starts_at is None:
        return ""
    return f" Its turn comes about {moment(starts_at)}, by what the last ones took."


def _own(wait: OwnRunning) -> str:
    are = "One of yours is" if wait.running == 1 else f"{wait.running} of yours are"
    if wait.waiting == 0:
        when = "it is done" if wait.running == 1 else "one is done"
        return f"{are} running; this starts when {when}."
    more = "1 more of yours comes" if wait.waiting == 1 else f"{wait.waiting} more of yours come"
    return f"{are} running, and {more} before this."


def _hindered(wait: Hindered, stage: Stage) -> str:
    why, obstacle = _WHY[wait.obstacle], wait.obstacle
    if obstacle in _SLOW_QUEUE and wait.position is None:
        why = "Replicate takes few requests from this bot at the moment"
    again = _again(wait.next_try_at)
    if obstacle in _FOR_THE_OWNER:
        return f"{why}. {_GOES_ON}{again}"
    if stage is Stage.CHECKING:
        return f"{why}. Your audio is here, and is sent as soon as that is over.{again}"
    if stage in {Stage.FETCHING, Stage.FINISHING, Stage.UPLOADING}:
        return f"{why}. {_COMES}{again}"
    return f"{why}.{again}" if again or wait.position else f"{why}. {_KNOWN}"


def _fetch_yourself(link: Link) -> str:
    hour = f"<t:{int(link.lives_until.timestamp())}:t>"
    return f"Until {hour} you can [fetch it yourself]({link.url}) at Replicate."
