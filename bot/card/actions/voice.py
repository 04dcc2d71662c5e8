"""Play in voice, and the buttons of what plays.

Whoever may use the bot here has something played, in the voice channel that they are in. Skip,
Stop, Quieter and Louder are for those who listen there, and for who may delete others' messages.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.card import strings
from bot.card.action import Action, ActionContext
from bot.card.audio_attachments import track_files
from bot.card.interactions import reading
from bot.domain.errors.voice import NothingToPlay, VoiceIsOver
from bot.domain.generation import Generation, State
from bot.jam.jam import Jam
from bot.voice import session as rules
from bot.voice.session import Ending, Item, Kind, Source


def items_of_card(
    takes: Sequence[Generation], card: discord.Message | None, added_by: int
) -> list[Item]:
    """What a card plays: its takes whose audio was delivered, in order.

    Their rows may not tell of that yet.
    """
    return [
        Item(
            Kind.TRACK,
            take.id,
            take.inputs.prompt,
            added_by,
            number=None if len(takes) == 1 else number,
        )
        for number, take in enumerate(takes, start=1)
        if take.state is State.DELIVERED or track_files(card, take)
    ]


def items_of_round(jam: Jam, added_by: int) -> list[Item]:
    """What a jam's round plays: its takes that are made, in order; whose, where it is not blind."""
    return [
        Item(
            Kind.TAKE,
            take.id,
            take.words,
            added_by,
            number=take.number,
            author_id=None if jam.terms.blind else take.author_id or None,
        )
        for take in jam.round.made
    ]


async def _press(context: ActionContext, generation_id: str) -> None:
    async with reading():
        generation = await context.service.get(generation_id)
        takes = await context.service.takes(generation)
    interaction = context.interaction
    reply = generation.reply
    source = Source(reply.channel_id, reply.private)
    await _play(context, items_of_card(takes, interaction.message, interaction.user.id), source)


async def _press_piece(context: ActionContext, jam_id: str) -> None:
    async with reading():
        jam = await context.jams.get(jam_id)
    by, head = context.interaction.user.id, jam.head
    items = [] if head is None else [Item(Kind.PIECE, head, jam.terms.theme, by)]
    await _play(context, items, _source_of(jam))


async def _press_takes(context: ActionContext, jam_id: str) -> None:
    async with reading():
        jam = await context.jams.get(jam_id)
    await _play(context, items_of_round(jam, context.interaction.user.id), _source_of(jam))


def _source_of(jam: Jam) -> Source:
    return Source(jam.channel_id if jam.thread_id is None else jam.thread_id)


async def _play(context: ActionContext, items: Sequence[Item], source: Source) -> None:
    if not items:
        raise NothingToPlay
    await context.play_in_voice(items, source)


async def _skip(context: ActionContext, serial: str) -> None:
    if not serial.isdecimal():
        raise VoiceIsOver
    now = context.clock.now()
    await context.change_voice(lambda session: rules.skip(session, int(serial), now))


async def _stop(context: ActionContext, _: str) -> None:
    by = context.interaction.user.id
    await context.change_voice(lambda session: rules.end(session, Ending.STOPPED, by))


async def _quieter(context: ActionContext, _: str) -> None:
    await context.change_voice(lambda session: rules.turned(session, -1))


async def _louder(context: ActionContext, _: str) -> None:
    await context.change_voice(lambda session: rules.turned(session, 1))


VOICE = Action("voice", _press, strings.voice.PLAY, makes=True)
VOICE_PIECE = Action("voicepiece", _press_piece, strings.voice.PLAY_PIECE, makes=True)
VOICE_TAKES = Action("voicetakes", _press_takes, strings.voice.PLAY_TAKES, makes=True)
SKIP = Action("voiceskip", _skip, strings.voice.SKIP)
STOP = Action("voicestop", _stop, strings.voice.STOP)
QUIETER = Action("voicequieter", _quieter, strings.voice.QUIETER)
LOUDER = Action("voicelouder", _louder, strings.voice.LOUDER)

VOICE_ACTIONS = (VOICE, VOICE_PIECE, VOICE_TAKES, SKIP, STOP, QUIETER, LOUDER)
