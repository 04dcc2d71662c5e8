"""The words of a card that lists several takes, and of lengths."""

from __future__ import annotations

from bot.card.markup import mention, size
from bot.card.strings import card, measures, waits
from bot.card.strings.errors import sentence
from bot.domain.errors import InternalFault
from bot.domain.generation import Generation, State
from bot.domain.progress import Progress, Stage
from bot.locales import Text, _, ngettext, number, percent, pgettext

EARLIER = Text("-# In the message where you asked for it, before this card moved here.")
_CELLS = 8
# Each stands in a list of takes, after its number and its seed.
_STAGES = {
    Stage.OWN_AUDIO_FIRST: Text("waiting, another file of yours is read first", "state"),
    Stage.OTHERS_AUDIO_FIRST: Text("waiting, files of other people are read first", "state"),
    Stage.CHECKING: Text("checking your audio…", "state"),
    Stage.QUEUED: Text("queued", "state"),
    Stage.LOOKING: Text("looking whether it was started…", "state"),
    Stage.STARTING: Text("starting the model…", "state"),
    Stage.LOADING: Text("loading the model…", "state"),
    Stage.GENERATING: Text("generating…", "state"),
    Stage.FETCHING: Text("made; fetching it…", "state"),
    Stage.FINISHING: Text("made; finishing it…", "state"),
    Stage.UPLOADING: Text("uploading…", "state"),
}
_STATES = {
    State.ACCEPTED: _STAGES[Stage.CHECKING],
    State.QUEUED: _STAGES[Stage.QUEUED],
    State.SUBMITTING: _STAGES[Stage.STARTING],
    State.RUNNING: _STAGES[Stage.GENERATING],
    State.COLLECTING: _STAGES[Stage.FETCHING],
    State.DELIVERING: _STAGES[Stage.UPLOADING],
    State.CANCELED: Text("canceled", "state"),
}


def take_line(place: int, take: Generation, progress: Progress | None, note: str) -> str:
    """One take: its number, its seed, and how far it is."""
    match take.state:
        case State.DELIVERED:
            how = _ready(take) + (f"\n{note}" if note else "")
        case State.CANCELED if take.canceled_by not in {None, take.requester_id}:
            # Translators: a state, in a list of takes.
            how = _("canceled by {user}", user=mention(take.canceled_by))
        case State.FAILED:
            how = sentence(take.failure or InternalFault())
        case state if progress is None or state.final:
            how = _STATES[state]()
        case _:
            how = _on_its_way(progress)
    return f"**{place}** · {card.seed(take.seed)} · {how}"


def _ready(take: Generation) -> str:
    length = None if take.track_s is None else length_of(take.track_s)
    match [fact for fact in (length, measures.sure_tempo(take.measures)) if fact is not None]:
        case [one]:
            # Translators: a state, in a list of takes; {fact} is such as "8 s" or "about 120 bpm".
            return _("ready, {fact}", fact=one)
        case [one, other]:
            # Translators: {length} is such as "8 s", {tempo} such as "about 120 bpm".
            return _("ready, {length}, {tempo}", length=one, tempo=other)
        case _:
            return pgettext("state", "ready")


def _on_its_way(progress: Progress) -> str:
    wait = progress.wait
    if wait is not None and (words := waits.in_a_list(wait, progress.stage)) is not None:
        return words
    if progress.stage is Stage.GENERATING and progress.fraction is not None:
        how = f"{card.bar(progress.fraction, _CELLS)} {percent(progress.fraction)}"
        return how if progress.left_s is None else f"{how} · {card.left(progress.left_s)}"
    return _STAGES[progress.stage]()


def length_of(track_s: float) -> str:
    """`8 s`, `8.5 s`, `1 min 5 s`."""
    tenths = round(track_s, 1)
    return _("{seconds} s", seconds=number(tenths)) if tenths < 60 else card.seconds(track_s)


def extended_length(whole_s: float, given_s: float) -> str:
    """The length of a piece and of what is new in it."""
    whole, new = length_of(whole_s), length_of(whole_s - given_s)
    # Translators: both are lengths of audio: "18 s, 10 s of it new".
    return _("{whole}, {new} of it new", whole=whole, new=new)


def longer_by(more_s: int) -> str:
    """The length of an extension whose piece has not been measured yet."""
    # Translators: by how much a piece becomes longer: "10 s more".
    return _("{length} more", length=length_of(more_s))


def sent_smaller(format_: str, was: str, limit_bytes: int) -> str:
    """Why a track comes in another format."""
    # Translators: {format} and {original} are formats of audio, such as MP3 and WAV.
    words = _(
        "Sent as {format}, because the {original} is larger than the {size} that Discord takes "
        "here.",
        format=format_.upper(),
        original=was.upper(),
        size=size(limit_bytes),
    )
    return f"-# {words}"


def refused_larger(format_: str, was: str) -> str:
    """The same, where Discord refused what it should have taken."""
    # Translators: {format} and {original} are formats of audio, such as MP3 and WAV.
    words = _(
        "Sent as {format}, because Discord did not take the larger {original}.",
        format=format_.upper(),
        original=was.upper(),
    )
    return f"-# {words}"


def sent_in_parts(parts: int, limit_bytes: int) -> str:
    """Why a track comes in several files."""
    words = ngettext(
        "Sent in {number} part, because the whole is larger than the {size} that Discord takes "
        "here. Nothing is lost.",
        "Sent in {number} parts, to be played one after the other, because the whole is larger "
        "than the {size} that Discord takes here. Nothing is lost.",
        parts,
        size=size(limit_bytes),
    )
    return f"-# {words}"


ALONE = Text(
    "-# I could not join this to the piece it goes on from, so here is what the model made: "
    "the end of the piece, and what is new."
)
UNREAD = Text(
    "-# I can't read what the model made as audio. Here is the file as it came; "
    "it may not be playable."
)


def ready(user_id: int) -> str:
    """The one mention, for takes that took long."""
    return _("{user} your takes are ready.", user=mention(user_id))
