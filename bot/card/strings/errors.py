"""The words of every error: what happened, what it means for the person, what to do now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.card.strings.audio_errors import INPUT_AUDIO_WORDS
from bot.card.strings.failures import FAILURE_WORDS
from bot.card.strings.files import FILE_WORDS
from bot.card.strings.jam_errors import JAM_WORDS
from bot.card.strings.limits import REFUSALS
from bot.card.strings.presets import PRESET_WORDS
from bot.card.strings.press_errors import PRESS_WORDS
from bot.card.strings.request_errors import REQUEST_WORDS
from bot.card.strings.server_rules import SERVER_RULE_WORDS
from bot.card.strings.servers import SERVER_WORDS
from bot.card.strings.terms import TERM_WORDS
from bot.card.strings.voice import VOICE_WORDS
from bot.domain.errors import InternalFault, UserError
from bot.locales import _


def sentence(error: UserError) -> str:
    """What a person is told of an error, as Discord markdown, at most about 700 characters."""
    return _WORDS.get(type(error), _internal_fault)(error)


def unexpected(reference: str) -> str:
    """For a fault that has no type of its own; the log has it under `reference`."""
    return _(
        # Translators: {reference} is a code such as 1f09ab.
        "Something went wrong on my side. Please try again; if it stays, tell the bot's owner "
        "the reference `{reference}`.",
        reference=reference,
    )


def _internal_fault(_error: UserError) -> str:
    return _("Something went wrong on my side, and I stopped. It is in the log; please try again.")


_WORDS: dict[type[UserError], Callable[[Any], str]] = {
    **REQUEST_WORDS,
    **INPUT_AUDIO_WORDS,
    **SERVER_RULE_WORDS,
    **FILE_WORDS,
    **JAM_WORDS,
    **REFUSALS,
    **PRESET_WORDS,
    **TERM_WORDS,
    **VOICE_WORDS,
    **PRESS_WORDS,
    **SERVER_WORDS,
    **FAILURE_WORDS,
    InternalFault: _internal_fault,
}
