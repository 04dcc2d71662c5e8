"""The words of Info."""

from __future__ import annotations

from bot.card.strings import card, terms
from bot.domain.extension import Closeness

SETTINGS = "Settings"
RUN = "How it was made"
LINEAGE = "Where it came from"
AUDIO_TOO = "-# It was made from audio as well, which this line does not have."
COST_UNKNOWN = "Cost: not known; it goes by the time that the model runs."
NO_PREDICTION = "It was never sent to the model."


def fine_tune(name: str) -> str:
    """Which one it was made with; the name is escaped."""
    return (
        f"-# It was made with the fine-tune {name}, which this line does not have; "
        "**Save as preset** keeps it."
    )


def take(number: int) -> str:
    """The heading of one of several takes."""
    return f"Take {number}"


def seed(number: int) -> str:
    """Which seed it has."""
    return f"Seed: `{number}`"


def default(name: str, value: str) -> str:
    """A setting that was left as it is."""
    return f"`{name}` {value} (default)"


def more(more_s: int) -> str:
    """What an extension was asked for."""
    return f"{more_s} s more"


def heard(how: Closeness | None, context_s: float | None) -> str:
    """What of its piece an extension was given to go on from."""
    words = terms.closeness(how or Closeness.FOLLOW)
    return words if context_s is None else f"{words}: the model heard {context_s:.3g} s of it"


def predict_time(predict_time_s: float) -> str:
    """How long the model ran."""
    return f"The model ran {card.seconds(predict_time_s)}."


def prediction(prediction_id: str) -> str:
    """Its name at the service that ran it."""
    return f"Prediction: `{prediction_id}`"


def asked(user_id: int, at: int) -> str:
    """Who asked for it, and when (seconds since 1970)."""
    return f"Asked for by <@{user_id}>, <t:{at}:f>"
