"""The words of a card: stages, labels, notes. One voice: short, plain, friendly."""

from __future__ import annotations

from collections.abc import Iterable

from bot.card.strings import waits
from bot.domain.progress import Progress, Stage

COLD_AFTER_S = 10.0
"""After so long in the queue it is fair to say that a cold model takes its time."""

CANCEL = "Cancel"
BRING = "Bring it here"
AGAIN = "Again"
AGAIN_END = "Retry the end"
"""Again, on a track that goes on from another: what was there before stays."""
SAME = "Make it again"
VARIATIONS = "Variations"
EXTEND = "Extend"
MELODY = "Melody"
EDIT = "Edit"
LOOP = "Loop"
INFO = "Info"
DELETE = "Delete"
DELETE_YES = "Delete it"
KEEP = "Keep it"
FIELD_TOOK = "Time taken"

DELETE_ASK = "Delete this message, with all that is in it? That cannot be undone."
DELETED = "Deleted."
KEPT = "Nothing was deleted."

OWN_AUDIO_FIRST = "**Waiting.** Another file of yours is being read first."
OTHERS_AUDIO_FIRST = "**Waiting.** Files of other people are being read first."
CHECKING = "**Checking** your audio…"
QUEUED = "**Queued**, about to be sent to the model."
LOOKING = (
    "**Looking** whether this has been started: the answer to my request was cut off. "
    "I don't send it again before I know."
)
LOADING = "**Loading** the model"
FETCHING = "**Fetching** the finished track…"
FINISHING = "**Finishing** the track…"
UPLOADING = "**Uploading** the track…"
COMING = "**On its way.** The track comes here in a moment."
COLD = (
    "-# The model is being woken up. A cold one can take minutes; "
    "this message keeps up with it, so you can leave."
)
LATE = (
    "-# This takes long. Should this message stop moving, press **Bring it here** later on: "
    "the track waits for you."
)
WAITS = (
    "**The track is made**, and Discord does not let me post it here now. I keep it and keep "
    "trying. Check that I may view this channel, send messages and attach files; then use any "
    "command of mine here, or press **Bring it here**."
)
UNNAMED = "A track"
NO_CHARGE = "It costs nothing."
WORDS_BLOCKED = (
    "-# This server's AutoMod does not let me show the words that this was asked for with; "
    "**Info** tells them to you alone."
)
PLACE_GONE = "the place where you asked for this was deleted, so it comes to you here."
CUT_OFF = "This was cut off: I was stopped while I was at it. Please ask for it once more."
EARLIER = "Here is what you asked for earlier."
CANCELED = "**Canceled.** No track was made."
CANCELED_BY_OTHER = "**Canceled** by <@{}>. No track was made."
FAILED = "**No track this time.**"

_BAR_CELLS = 16


def stage(progress: Progress) -> str:
    """What is going on, for the running card, and why it does not where it does not.

    Waiting is told as a timestamp, which Discord keeps counting without an edit.
    """
    lines = [waits.headline(progress.wait) or _underway(progress)]
    note = waits.note(progress.wait, progress.stage)
    return "\n".join([*lines, *([note] if note else [])])


def _underway(progress: Progress) -> str:
    since = waits.moment(progress.stage_began_at)
    match progress.stage:
        case Stage.OWN_AUDIO_FIRST:
            return OWN_AUDIO_FIRST
        case Stage.OTHERS_AUDIO_FIRST:
            return OTHERS_AUDIO_FIRST
        case Stage.CHECKING:
            return CHECKING
        case Stage.QUEUED:
            return QUEUED
        case Stage.LOOKING:
            return LOOKING
        case Stage.STARTING:
            words = f"**Starting** the model, asked for {since}."
            return _perhaps_cold(words, progress)
        case Stage.LOADING:
            return _perhaps_cold(f"{LOADING}, running since {since}.", progress)
        case Stage.GENERATING:
            return _generating(progress)
        case Stage.FETCHING:
            return FETCHING
        case Stage.FINISHING:
            return FINISHING
        case Stage.UPLOADING:
            return UPLOADING


def _perhaps_cold(words: str, progress: Progress) -> str:
    # A service that cannot be asked says nothing of a model that is being woken up.
    is_cold = progress.stage_s >= COLD_AFTER_S and progress.wait is None
    return f"{words}\n{COLD}" if is_cold else words


def _generating(progress: Progress) -> str:
    fraction = progress.fraction or 0.0
    times = [f"{seconds(progress.elapsed_s)} so far"]
    if progress.left_s is not None:
        times.insert(0, f"about {seconds(max(1.0, progress.left_s))} left")
    how_far = f"**Generating** {bar(fraction)} {fraction:.0%}".replace("%", " %")
    return f"{how_far}\n-# {' · '.join(times)}"


def bar(fraction: float, cells: int = _BAR_CELLS) -> str:
    """A bar of so many cells for a fraction 0..1."""
    full = round(min(1.0, max(0.0, fraction)) * cells)
    return "▰" * full + "▱" * (cells - full)


def seconds(duration_s: float) -> str:
    """`42 s`, `3 min 5 s`."""
    whole = max(0, round(duration_s))
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def input_audio(name: str) -> str:
    """The setting that a file was given; its `name` is escaped."""
    return f"input audio {name}"


def made_with(model_name: str) -> str:
    """The footer of a track: what it comes from."""
    return f"Made with {model_name}"


def seed(number: int) -> str:
    """Which seed it has."""
    return f"seed `{number}`"


def took(duration_s: float) -> str:
    """How long it took from the request to its end."""
    return f"took {seconds(duration_s)}"


def asked_by(user_id: int) -> str:
    """Who asked for it; where a card says so, it pings nobody."""
    return f"Asked for by <@{user_id}>"


def small(parts: Iterable[str | None]) -> str:
    """A line in small print; empty where it has nothing to say."""
    words = " · ".join(filter(None, parts))
    return f"-# {words}" if words else ""


def canceled(by_id: int | None, requester_id: int) -> str:
    """That it was canceled, and by whom where that was somebody else."""
    return CANCELED if by_id in {None, requester_id} else CANCELED_BY_OTHER.format(by_id)


def ready(user_id: int) -> str:
    """The one mention, for a track that took long."""
    return f"<@{user_id}> your track is ready."


def over(user_id: int) -> str:
    """The one mention, for a long wait that ended without a track."""
    return f"<@{user_id}> there will be no track this time; see above for why."
