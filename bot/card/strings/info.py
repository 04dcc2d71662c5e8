"""The words of Info."""

from __future__ import annotations

from bot.card.markup import mention
from bot.card.strings import card, takes, terms
from bot.domain.extension import Closeness
from bot.locales import Text, _, pgettext

SETTINGS = Text("Settings", "title")
RUN = Text("How it was made")
LINEAGE = Text("Where it came from")
# Translators: "this line" is a command that makes the same again.
AUDIO_TOO = Text("-# It was made from audio as well, which this line does not have.")
COST_UNKNOWN = Text("Cost: not known; it goes by the time that the model runs.")
NO_PREDICTION = Text("It was never sent to the model.")


def fine_tune(name: str) -> str:
    """Which one it was made with; the name is escaped."""
    # Translators: "this line" is a command that makes the same again; "Save as preset" is the
    # label of a button.
    words = _(
        "It was made with the fine-tune {name}, which this line does not have; "
        "**Save as preset** keeps it.",
        name=name,
    )
    return f"-# {words}"


def take(place: int) -> str:
    """The heading of one of several takes."""
    return pgettext("title", "Take {place}", place=place)


def seed(value: int) -> str:
    """Which seed it has."""
    return _("Seed: `{seed}`", seed=value)


def default(name: str, value: str) -> str:
    """A setting that was left as it is."""
    setting = f"`{name}` {value}"
    # Translators: {setting} is such as "`top_k` 250".
    return _("{setting} (default)", setting=setting)


def heard(how: Closeness | None, context_s: float | None) -> str:
    """What of its piece an extension was given to go on from."""
    words = terms.closeness(how or Closeness.FOLLOW)
    if context_s is None:
        return words
    length = takes.length_of(context_s)
    # Translators: {how} is such as "Follow closely", {length} of audio.
    return _("{how}: the model heard {length} of it", how=words, length=length)


def predict_time(predict_time_s: float) -> str:
    """How long the model ran."""
    return _("The model ran {time}.", time=card.seconds(predict_time_s))


def took(duration_s: float) -> str:
    """How long it took from the request to its end."""
    return _("Time taken: {time}", time=card.seconds(duration_s))


def prediction(prediction_id: str) -> str:
    """Its name at the service that ran it."""
    # Translators: what Replicate calls one run of a model.
    return _("Prediction: `{id}`", id=prediction_id)


def asked(user_id: int, at: int) -> str:
    """Who asked for it, and when (seconds since 1970)."""
    time = f"<t:{at}:f>"
    return _("Asked for by {user}, {time}", user=mention(user_id), time=time)
