"""The words of a card that lists several takes, and of lengths."""

from __future__ import annotations

from bot.card.strings import card, measures, waits
from bot.card.strings.errors import sentence
from bot.domain.errors import InternalFault
from bot.domain.generation import Generation, State
from bot.domain.progress import Progress, Stage

EARLIER = "-# In the message where you asked for it, before this card moved here."
_CELLS = 8
_STAGES = {
    Stage.OWN_AUDIO_FIRST: "waiting, another file of yours is read first",
    Stage.OTHERS_AUDIO_FIRST: "waiting, files of other people are read first",
    Stage.CHECKING: "checking your audio…",
    Stage.QUEUED: "queued",
    Stage.LOOKING: "looking whether it was started…",
    Stage.STARTING: "starting the model…",
    Stage.LOADING: "loading the model…",
    Stage.GENERATING: "generating…",
    Stage.FETCHING: "made; fetching it…",
    Stage.FINISHING: "made; finishing it…",
    Stage.UPLOADING: "uploading…",
}
_STATES = {
    State.ACCEPTED: _STAGES[Stage.CHECKING],
    State.QUEUED: _STAGES[Stage.QUEUED],
    State.SUBMITTING: _STAGES[Stage.STARTING],
    State.RUNNING: _STAGES[Stage.GENERATING],
    State.COLLECTING: _STAGES[Stage.FETCHING],
    State.DELIVERING: _STAGES[Stage.UPLOADING],
    State.CANCELED: "canceled",
}


def take_line(number: int, take: Generation, progress: Progress | None, note: str) -> str:
    """One take: its number, its seed, and how far it is."""
    match take.state:
        case State.DELIVERED:
            length = "" if take.track_s is None else f", {length_of(take.track_s)}"
            tempo = measures.sure_tempo(take.measures)
            length += "" if tempo is None else f", {tempo}"
            how = f"ready{length}" + (f"\n{note}" if note else "")
        case State.CANCELED if take.canceled_by not in {None, take.requester_id}:
            how = f"canceled by <@{take.canceled_by}>"
        case State.FAILED:
            how = sentence(take.failure or InternalFault())
        case state if progress is None or state.final:
            how = _STATES[state]
        case _:
            how = _on_its_way(progress)
    return f"**{number}** · seed `{take.seed}` · {how}"


def _on_its_way(progress: Progress) -> str:
    wait = progress.wait
    if wait is not None and (words := waits.in_a_list(wait, progress.stage)) is not None:
        return words
    if progress.stage is Stage.GENERATING and progress.fraction is not None:
        how = f"{card.bar(progress.fraction, _CELLS)} {progress.fraction:.0%}".replace("%", " %")
        if progress.left_s is None:
            return how
        return f"{how} · about {card.seconds(max(1.0, progress.left_s))} left"
    return _STAGES[progress.stage]


def length_of(track_s: float) -> str:
    """`8 s`, `8.5 s`, `1 min 5 s`."""
    tenths = round(track_s, 1)
    return f"{tenths:g} s" if tenths < 60 else card.seconds(track_s)


def extended_length(whole_s: float, given_s: float) -> str:
    """The length of a piece and of what is new in it."""
    return f"{length_of(whole_s)}, {length_of(whole_s - given_s)} of it new"


def longer_by(more_s: int) -> str:
    """The length of an extension whose piece has not been measured yet."""
    return f"{more_s} s more"


def sent_smaller(format_: str, was: str, limit_bytes: int) -> str:
    """Why a track comes in another format."""
    return (
        f"-# Sent as {format_.upper()}, because the {was.upper()} is larger than the "
        f"{limit_bytes / (1024 * 1024):.0f} MiB that Discord takes here."
    )


def refused_larger(format_: str, was: str) -> str:
    """The same, where Discord refused what it should have taken."""
    return f"-# Sent as {format_.upper()}, because Discord did not take the larger {was.upper()}."


def sent_in_parts(number: int, limit_bytes: int) -> str:
    """Why a track comes in several files."""
    return (
        f"-# Sent in {number} parts, to be played one after the other, because the whole is larger "
        f"than the {limit_bytes / (1024 * 1024):.0f} MiB that Discord takes here. Nothing is lost."
    )


ALONE = (
    "-# I could not join this to the piece it goes on from, so here is what the model made: "
    "the end of the piece, and what is new."
)
UNREAD = (
    "-# I can't read what the model made as audio. Here is the file as it came; "
    "it may not be playable."
)


def ready(user_id: int) -> str:
    """The one mention, for takes that took long."""
    return f"<@{user_id}> your takes are ready."
