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
from bot.locales import Text, _, ngettext, number, together

_QUEUED = Text("**Queued.**")
_WHY = {
    Obstacle.THROTTLED: Text("Replicate takes few tracks from this bot at the moment."),
    Obstacle.LOW_CREDIT: Text(
        "Replicate takes few tracks from this bot at the moment, because the bot's account there "
        "is low on credit."
    ),
    Obstacle.OUTAGE: Text("Replicate can't be reached at the moment."),
    Obstacle.TOKEN_REFUSED: Text(
        "Replicate does not accept this bot's API token at the moment. "
        "The bot's owner has to set a valid one."
    ),
    Obstacle.CREDIT_MISSING: Text(
        "The bot's Replicate account has no credit left. The bot's owner has to add some."
    ),
    Obstacle.FORBIDDEN: Text(
        "Replicate refuses this bot access at the moment. The bot's owner has to look into it."
    ),
    Obstacle.CERTIFICATE: Text(
        "I can't be sure that it is Replicate that answers: its certificate is not trusted here. "
        "The bot's owner has to look into it."
    ),
    Obstacle.SERVERS_BUSY: Text("The graphics card is busy with something else at the moment."),
    # Translators: this server is a computer, not a server of Discord's.
    Obstacle.SERVERS_LOADING: Text("The server that makes the music is still loading its model."),
    # Translators: this server is a computer, not a server of Discord's.
    Obstacle.SERVERS_DOWN: Text("The server that makes the music can't be reached at the moment."),
    Obstacle.DISK_FULL: Text(
        "There is no room on the disk I keep tracks on. The bot's owner has to make some."
    ),
    Obstacle.DISK_FAULT: Text(
        "I can't write to the disk I keep tracks on. The bot's owner has to look into it."
    ),
    Obstacle.JOURNAL: Text("My own records can't be written at the moment."),
    Obstacle.DISCORD: Text("Discord does not take the track at the moment."),
}
_FEW_REQUESTS = Text("Replicate takes few requests from this bot at the moment.")
_KNOWN = Text("I keep trying; what you see is what I last knew.")
_GOES_ON = Text("Your track is not lost: it goes on as soon as that is done.")
_AUDIO_HERE = Text("Your audio is here, and is sent as soon as that is over.")
_COMES = Text("Your track is made and kept, and comes here as soon as that is over.")
_BEGUN_AGAIN = Text("What makes the music stopped in the middle of this, so it began again.")
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
            words = _next_in_line(wait) if wait.position == 1 else _in_line(wait)
            return together(_QUEUED(), words, _starts(wait.starts_at))
        case OwnRunning():
            return together(_QUEUED(), *_own(wait))
        case ToBeSent(position=position) if position > 1:
            return _("**Queued**, number {place} to be sent to the model.", place=number(position))
        case Hindered(position=1):
            return _("**Queued.** You are next.")
        case Hindered(position=int(position)):
            return _("**Queued.** Number {place} to be sent.", place=number(position))
        case ForRoom(own=True):
            return _(
                "**Waiting** for room on my disk: your other tracks are on it, and leave it when "
                "they are done."
            )
        case ForRoom():
            return _(
                "**Waiting** for room on my disk: other tracks are on it, and leave it when they "
                "are done."
            )
        case NotPostable(limit_bytes=int(limit_bytes)):
            # Translators: {size} is such as "10 MiB".
            return _(
                "**The track is made**, and larger than the {size} that Discord takes here, "
                "whatever I make of it.",
                size=size(limit_bytes),
            )
        case NotPostable():
            return _("**The track is made**, and something on my side keeps me from posting it.")
        case FetchingSlow():
            return _(
                "**Fetching** the finished track: it is made, and Replicate delivers it slowly."
            )
        case _:
            return None


def note(wait: Wait | None, stage: Stage) -> str | None:
    """What stands below, in small print."""
    match wait:
        case InQueue(obstacle=Obstacle() as obstacle) | OwnRunning(obstacle=Obstacle() as obstacle):
            return f"-# {together(_WHY[obstacle](), _again(wait.next_try_at))}"
        case FetchingSlow(link=link):
            words = _("I keep trying, and bring it here when I have it.")
            return f"-# {together(words, _fetch_yourself(link))}"
        case NotPostable(limit_bytes=limit_bytes, link=link):
            return f"-# {together(_fetch_yourself(link), _kept(is_large=limit_bytes is not None))}"
        case BegunAgain():
            return f"-# {_BEGUN_AGAIN()}"
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


def _again(next_try_at: datetime | None) -> str | None:
    if next_try_at is None:
        return None
    # Translators: {time} is such as "in 5 seconds".
    return _("Next try {time}.", time=moment(next_try_at))


def _kept(*, is_large: bool) -> str:
    if is_large:
        # Translators: "Bring it here" is the label of a button.
        return _("I keep it: **Bring it here** where larger files may be posted shows it.")
    # Translators: "Bring it here" is the label of a button.
    return _("I keep it: **Bring it here** shows it.")


def in_a_list(wait: Wait, stage: Stage) -> str | None:
    """The wait of one of several takes; None where how far it is tells more."""
    match wait:
        case InQueue(position=position):
            # Translators: a state, in a list of takes; {place} is a number.
            return _("queued, number {place} in line", place=number(position))
        case OwnRunning():
            # Translators: a state, in a list of takes.
            return ngettext(
                "queued until the one of yours that runs is done",
                "queued until one of your {number} that run is done",
                wait.running,
            )
        case ToBeSent(position=position):
            # Translators: a state, in a list of takes; {place} is a number.
            return _("queued, number {place} to be sent", place=number(position))
        case Hindered(obstacle=obstacle, position=int(position)):
            # Translators: {reason} is such as "Replicate can't be reached".
            return _(
                "queued, number {place} to be sent: {reason}",
                place=number(position),
                reason=_SHORTLY[obstacle](),
            )
        case Hindered(obstacle=obstacle) if stage not in _RUNS:
            state, reason = _DOING.get(stage, _WAITS)(), _SHORTLY[obstacle]()
            # Translators: such as "queued: Replicate can't be reached".
            return _("{state}: {reason}", state=state, reason=reason)
        case ForRoom():
            # Translators: a state, in a list of takes.
            return _("waits for room on my disk")
        case NotPostable(link=link):
            # Translators: a state, in a list of takes.
            return together(_("made, and kept: I can't post it here."), _fetch_yourself(link))
        case FetchingSlow(link=link):
            # Translators: a state, in a list of takes.
            return together(_("made; Replicate delivers it slowly."), _fetch_yourself(link))
        case _:
            return None


_WAITS = Text("waits", "state")
_DOING = {
    Stage.CHECKING: Text("your audio waits", "state"),
    Stage.LOOKING: Text("looking whether it was started", "state"),
    Stage.QUEUED: Text("queued", "state"),
    Stage.FETCHING: Text("made, to be fetched", "state"),
    Stage.UPLOADING: Text("made, to be uploaded", "state"),
}
# Each follows a state and a colon, as in "queued: Replicate can't be reached".
_SHORTLY = {
    Obstacle.OUTAGE: Text("Replicate can't be reached"),
    Obstacle.THROTTLED: Text("Replicate takes few requests"),
    Obstacle.LOW_CREDIT: Text("Replicate takes few requests"),
    Obstacle.TOKEN_REFUSED: Text("Replicate does not accept the bot's token"),
    Obstacle.CREDIT_MISSING: Text("the bot's account has no credit"),
    Obstacle.FORBIDDEN: Text("Replicate refuses access"),
    Obstacle.CERTIFICATE: Text("Replicate's certificate is not trusted here"),
    Obstacle.SERVERS_BUSY: Text("the graphics card is busy"),
    Obstacle.SERVERS_LOADING: Text("the server is still loading its model"),
    Obstacle.SERVERS_DOWN: Text("the server that makes the music can't be reached"),
    Obstacle.DISK_FULL: Text("no room on my disk"),
    Obstacle.DISK_FAULT: Text("my disk can't be written"),
    Obstacle.JOURNAL: Text("my records can't be written"),
    Obstacle.DISCORD: Text("Discord does not take it"),
}


def _next_in_line(wait: InQueue) -> str:
    return ngettext(
        "You are next: one other track is under way, and I make one at a time.",
        "You are next: {number} others are under way, which is as many as I make at once.",
        wait.running,
    )


def _in_line(wait: InQueue) -> str:
    return ngettext(
        "Number {place} in line: one other track is under way, and I make one at a time.",
        "Number {place} in line: {number} others are under way, which is as many as I make at "
        "once.",
        wait.running,
        place=number(wait.position),
    )


def _starts(starts_at: datetime | None) -> str | None:
    if starts_at is None:
        return None
    # Translators: {time} is such as "in 5 seconds".
    return _("Its turn comes about {time}, by what the last ones took.", time=moment(starts_at))


def _own(wait: OwnRunning) -> tuple[str, ...]:
    if wait.waiting == 0:
        return (
            ngettext(
                "One of yours is running; this starts when it is done.",
                "{number} of yours are running; this starts when one is done.",
                wait.running,
            ),
        )
    return (
        ngettext("One of yours is running.", "{number} of yours are running.", wait.running),
        ngettext(
            "{number} more of yours comes before this.",
            "{number} more of yours come before this.",
            wait.waiting,
        ),
    )


def _hindered(wait: Hindered, stage: Stage) -> str:
    obstacle, again = wait.obstacle, _again(wait.next_try_at)
    is_slow = obstacle in _SLOW_QUEUE and wait.position is None
    why = _FEW_REQUESTS() if is_slow else _WHY[obstacle]()
    if obstacle in _FOR_THE_OWNER:
        return together(why, _GOES_ON(), again)
    if stage is Stage.CHECKING:
        return together(why, _AUDIO_HERE(), again)
    if stage in {Stage.FETCHING, Stage.FINISHING, Stage.UPLOADING}:
        return together(why, _COMES(), again)
    return together(why, again if again or wait.position else _KNOWN())


def _fetch_yourself(link: Link | None) -> str | None:
    if link is None:
        return None
    hour = f"<t:{int(link.lives_until.timestamp())}:t>"
    # Translators: {time} is a time of day, {url} an address.
    return _(
        "Until {time} you can [fetch it yourself]({url}) at Replicate.",
        time=hour,
        url=link.url,
    )
