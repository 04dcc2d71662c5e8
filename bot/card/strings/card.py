"""The words of a card: stages, labels, notes. One voice: short, plain, friendly."""

from __future__ import annotations

from collections.abc import Iterable

from bot.card.markup import mention
from bot.card.strings import waits
from bot.domain.progress import Progress, Stage
from bot.locales import Text, _, number, percent

COLD_AFTER_S = 10.0
"""After so long in the queue it is fair to say that a cold model takes its time."""

CANCEL = Text("Cancel", "button")
BRING = Text("Bring it here", "button")
AGAIN = Text("Again", "button")
AGAIN_END = Text("Retry the end", "button")
"""Again, on a track that goes on from another: what was there before stays."""
SAME = Text("Make it again", "button")
VARIATIONS = Text("Variations", "button")
EXTEND = Text("Extend", "button")
# Translators: takes the melody of this track for a new one.
MELODY = Text("Melody", "button")
EDIT = Text("Edit", "button")
# Translators: makes a file that can be played over and over without a gap; a verb or the noun.
LOOP = Text("Loop", "button")
INFO = Text("Info", "button")
DELETE = Text("Delete", "button")
DELETE_YES = Text("Delete it", "button")
KEEP = Text("Keep it", "button")

DELETE_ASK = Text("Delete this message, with all that is in it? That cannot be undone.")
DELETED = Text("Deleted.")
KEPT = Text("Nothing was deleted.")

OWN_AUDIO_FIRST = Text("**Waiting.** Another file of yours is being read first.")
OTHERS_AUDIO_FIRST = Text("**Waiting.** Files of other people are being read first.")
CHECKING = Text("**Checking** your audio…")
QUEUED = Text("**Queued**, about to be sent to the model.")
LOOKING = Text(
    "**Looking** whether this has been started: the answer to my request was cut off. "
    "I don't send it again before I know."
)
FETCHING = Text("**Fetching** the finished track…")
FINISHING = Text("**Finishing** the track…")
UPLOADING = Text("**Uploading** the track…")
COMING = Text("**On its way.** The track comes here in a moment.")
COLD = Text(
    "-# The model is being woken up. A cold one can take minutes; "
    "this message keeps up with it, so you can leave."
)
# Translators: "Bring it here" is the label of a button.
LATE = Text(
    "-# This takes long. Should this message stop moving, press **Bring it here** later on: "
    "the track waits for you."
)
# Translators: "Bring it here" is the label of a button.
WAITS = Text(
    "**The track is made**, and Discord does not let me post it here now. I keep it and keep "
    "trying. Check that I may view this channel, send messages and attach files; then use any "
    "command of mine here, or press **Bring it here**."
)
# Translators: stands in place of a track's name.
UNNAMED = Text("A track", "title")
NO_CHARGE = Text("It costs nothing.")
# Translators: "Info" is the label of a button.
WORDS_BLOCKED = Text(
    "-# This server's AutoMod does not let me show the words that this was asked for with; "
    "**Info** tells them to you alone."
)
# Translators: follows a mention of the person it is told to.
PLACE_GONE = Text("the place where you asked for this was deleted, so it comes to you here.")
CUT_OFF = Text("This was cut off: I was stopped while I was at it. Please ask for it once more.")
EARLIER = Text("Here is what you asked for earlier.")
CANCELED = Text("**Canceled.** No track was made.")
FAILED = Text("**No track this time.**")

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
            return OWN_AUDIO_FIRST()
        case Stage.OTHERS_AUDIO_FIRST:
            return OTHERS_AUDIO_FIRST()
        case Stage.CHECKING:
            return CHECKING()
        case Stage.QUEUED:
            return QUEUED()
        case Stage.LOOKING:
            return LOOKING()
        case Stage.STARTING:
            # Translators: {since} is such as "5 seconds ago".
            words = _("**Starting** the model, asked for {since}.", since=since)
            return _perhaps_cold(words, progress)
        case Stage.LOADING:
            # Translators: {since} is such as "5 seconds ago".
            words = _("**Loading** the model, started {since}.", since=since)
            return _perhaps_cold(words, progress)
        case Stage.GENERATING:
            return _generating(progress)
        case Stage.FETCHING:
            return FETCHING()
        case Stage.FINISHING:
            return FINISHING()
        case Stage.UPLOADING:
            return UPLOADING()


def _perhaps_cold(words: str, progress: Progress) -> str:
    # A service that cannot be asked says nothing of a model that is being woken up.
    is_cold = progress.stage_s >= COLD_AFTER_S and progress.wait is None
    return f"{words}\n{COLD()}" if is_cold else words


def _generating(progress: Progress) -> str:
    fraction = progress.fraction or 0.0
    times = [_("{time} so far", time=seconds(progress.elapsed_s))]
    if progress.left_s is not None:
        times.insert(0, left(progress.left_s))
    # Translators: {bar} is a drawing of how far it is.
    how_far = _("**Generating** {bar} {percent}", bar=bar(fraction), percent=percent(fraction))
    return f"{how_far}\n-# {' · '.join(times)}"


def bar(fraction: float, cells: int = _BAR_CELLS) -> str:
    """A bar of so many cells for a fraction 0..1."""
    full = round(min(1.0, max(0.0, fraction)) * cells)
    return "▰" * full + "▱" * (cells - full)


def left(left_s: float) -> str:
    """How long it will still take."""
    # Translators: {time} is such as "3 min 5 s".
    return _("about {time} left", time=seconds(max(1.0, left_s)))


def seconds(duration_s: float) -> str:
    """`42 s`, `3 min 5 s`."""
    whole = max(0, round(duration_s))
    minutes, rest = divmod(whole, 60)
    if minutes == 0:
        return _("{seconds} s", seconds=number(rest))
    if rest == 0:
        return _("{minutes} min", minutes=number(minutes))
    return _("{minutes} min {seconds} s", minutes=number(minutes), seconds=number(rest))


def input_audio(name: str) -> str:
    """The setting that a file was given; its `name` is escaped."""
    # Translators: {name} is a file's.
    return _("input audio {name}", name=name)


def made_with(model_name: str) -> str:
    """The footer of a track: what it comes from."""
    return _("Made with {model}", model=model_name)


def seed(value: int) -> str:
    """Which seed it has."""
    return _("seed `{seed}`", seed=value)


def took(duration_s: float) -> str:
    """How long it took from the request to its end."""
    # Translators: how long it took to make the track; {time} is such as "3 min 5 s".
    return _("took {time}", time=seconds(duration_s))


def asked_by(user_id: int) -> str:
    """Who asked for it; where a card says so, it pings nobody."""
    return _("Asked for by {user}", user=mention(user_id))


def small(parts: Iterable[str | None]) -> str:
    """A line in small print; empty where it has nothing to say."""
    words = " · ".join(filter(None, parts))
    return f"-# {words}" if words else ""


def canceled(by_id: int | None, requester_id: int) -> str:
    """That it was canceled, and by whom where that was somebody else."""
    if by_id in {None, requester_id}:
        return CANCELED()
    return _("**Canceled** by {user}. No track was made.", user=mention(by_id))


def ready(user_id: int) -> str:
    """The one mention, for a track that took long."""
    return _("{user} your track is ready.", user=mention(user_id))


def over(user_id: int) -> str:
    """The one mention, for a long wait that ended without a track."""
    return _("{user} there will be no track this time; see above for why.", user=mention(user_id))
