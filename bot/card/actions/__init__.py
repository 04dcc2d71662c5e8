"""What people can do with a card, a module an action: look, form, what it asks for, for whom.

`ACTIONS` has them all. They are pure but for their context, so they stand below the cogs: a card's
renderer picks from them, and delivery puts their buttons into messages (`cogs.actions` runs them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.card import strings
from bot.card.action import Action
from bot.card.actions.again import AGAIN
from bot.card.actions.bring import BRING
from bot.card.actions.cancel import CANCEL
from bot.card.actions.change import CHANGE, is_offered
from bot.card.actions.chart import CHART
from bot.card.actions.delete import CONFIRM_DELETE, DELETE, KEEP
from bot.card.actions.edit import EDIT, FINER, WITH_NEW_SEED
from bot.card.actions.extend import EXTEND
from bot.card.actions.forget import FORGET, FORGET_IT, FORGET_ONE
from bot.card.actions.info import INFO, INFO_OF_TAKE
from bot.card.actions.jam import JAM_ACTIONS
from bot.card.actions.jam_command import JAM_BRANCH, JAM_COMMAND
from bot.card.actions.jam_start import JAM_START
from bot.card.actions.jam_takes import RIFF, VOTE
from bot.card.actions.loop import LOOP
from bot.card.actions.melody import MELODY
from bot.card.actions.pack import PACK
from bot.card.actions.preset import SAVE_PRESET
from bot.card.actions.preset_command import PRESET_COMMAND
from bot.card.actions.same import SAME
from bot.card.actions.settings import PANEL_ACTIONS
from bot.card.actions.settings_log import LOG, LOG_EVERYWHERE, OPEN_LOG
from bot.card.actions.star import STAR
from bot.card.actions.tracks import PAGE, SHOW
from bot.card.actions.variations import FEWER, VARIATIONS
from bot.card.actions.voice import VOICE, VOICE_ACTIONS
from bot.domain.generation import Generation, State
from bot.domain.inputs import InputTable

_ON_TRACKS = (AGAIN, EXTEND, EDIT, MELODY, VARIATIONS, STAR, VOICE, INFO, DELETE)
"""In the order of what people press most."""
_AGAIN_END = replace(AGAIN, label=strings.card.AGAIN_END)
"""Again, named for what it does on a track that goes on from another."""
_WITHOUT_TRACK = (AGAIN, EDIT, INFO, DELETE)
WITHOUT_AUDIO = (SAME, EDIT, INFO)
"""For a track whose audio is not at hand."""
_ELSEWHERE = (CANCEL, BRING, SAME, CONFIRM_DELETE, KEEP, PAGE, SHOW, CHART)
"""On cards that run, below questions, and in lists."""
_BELOW_ANSWERS = (FEWER, LOOP, PACK, SAVE_PRESET, INFO_OF_TAKE, FORGET, FORGET_ONE, FORGET_IT)
_BELOW_REFUSALS = (CHANGE, FINER, WITH_NEW_SEED, PRESET_COMMAND, JAM_COMMAND, JAM_BRANCH)
_JAM = (*JAM_ACTIONS, VOTE, RIFF, JAM_START)
_SETTINGS = (*PANEL_ACTIONS, OPEN_LOG, LOG, LOG_EVERYWHERE)

_VOICE = tuple(action for action in VOICE_ACTIONS if action is not VOICE)

_ALL = (*_ON_TRACKS, *_ELSEWHERE, *_BELOW_ANSWERS, *_BELOW_REFUSALS, *_SETTINGS, *_JAM, *_VOICE)

ACTIONS = {action.name: action for action in _ALL}

__all__ = [
    "ACTIONS",
    "AGAIN",
    "BRING",
    "CANCEL",
    "CHANGE",
    "DELETE",
    "EDIT",
    "EXTEND",
    "FORGET",
    "INFO",
    "KEEP",
    "LOOP",
    "MELODY",
    "PACK",
    "RIFF",
    "SAME",
    "STAR",
    "VARIATIONS",
    "VOTE",
    "WITHOUT_AUDIO",
    "actions_after",
    "actions_of_take",
]


def actions_of_take(take: Generation, *, is_open: bool) -> tuple[Action, ...]:
    """The buttons of a jam's take that has ended; an open one can be voted for."""
    if is_offered(take):
        return (CHANGE, RIFF)
    return (VOTE, RIFF) if is_open and take.state is State.DELIVERED else (RIFF,)


def actions_after(
    takes: Sequence[Generation], table: InputTable, *, with_voice: bool = False
) -> tuple[Action, ...]:
    """The buttons of a card whose takes have all ended; it may have but one."""
    if len(takes) == 1 and is_offered(takes[0]):
        return _after_refusal(takes[0])
    if not any(take.state is State.DELIVERED for take in takes):
        return _WITHOUT_TRACK
    offered = tuple(
        action
        for action in _ON_TRACKS
        if action.offered(table) and (with_voice or action is not VOICE)
    )
    if takes[0].more_s is None:
        return offered
    return tuple(_AGAIN_END if action is AGAIN else action for action in offered)


def _after_refusal(take: Generation) -> tuple[Action, ...]:
    """Where its audio is kept with what was typed alone, nothing else makes it again."""
    is_lost = take.has_audio and (take.stored_at is None or take.more_s is not None)
    return (CHANGE, INFO, DELETE) if is_lost else (CHANGE, *_WITHOUT_TRACK)
