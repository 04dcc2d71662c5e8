"""What waits for a person comes with whatever command they use next in its channel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
import pytest
import simcord

from bot.card import strings
from bot.domain import errors
from bot.domain.errors import BotError, JournalFault
from bot.domain.generation import Reply, State
from tests.discord.token_kit import allow_files, among_strangers, track_waiting, waiting
from tests.discord.world import TOKEN_LIFE_S, Asked, World, delivered

QUEUED_SHOWN = ("PATCH", "/webhooks/*/@original")
FOLLOWUP = ("POST", "/webhooks/*")


async def musicgen(world: World, who: simcord.MemberActor) -> simcord.InteractionResult:
    return await who.slash(world.channel, "musicgen", prompt="something else")


async def tracks_list(world: World, who: simcord.MemberActor) -> simcord.InteractionResult:
    return await who.slash(world.channel, "tracks list")


async def tracks_forget(world: World, who: simcord.MemberActor) -> simcord.InteractionResult:
    return await who.slash(world.channel, "tracks forget")


async def menu_extend(world: World, who: simcord.MemberActor) -> simcord.InteractionResult:
    return await _menu(world, who, strings.commands.MENU_EXTEND())


async def menu_melody(world: World, who: simcord.MemberActor) -> simcord.InteractionResult:
    return await _menu(world, who, strings.commands.MENU_MELODY())


async def _menu(world: World, who: simcord.MemberActor, menu: str) -> simcord.InteractionResult:
    message = await world.bo.send(world.channel, "a riff", attachments=[("riff.wav", b"RIFF")])
    return await who.context_menu(world.channel, menu, message)


Command = Callable[[World, simcord.MemberActor], Awaitable[simcord.InteractionResult]]
COMMANDS: list[Command] = [musicgen, tracks_list, tracks_forget, menu_extend, menu_melody]
every = pytest.mark.parametrize("use", COMMANDS, ids=lambda use: use.__name__)


def brought(world: World) -> list[discord.Message]:
    """The messages that what waited was moved into, whatever became of it."""
    return [message for message in world.messages if message.content == strings.card.EARLIER()]


def of_ours(result: simcord.InteractionResult) -> list[str]:
    """What a command told its person besides."""
    return [
        answer.content for answer in result.followups if answer.content != strings.card.EARLIER()
    ]


async def some_waiting(world: World, number: int) -> list[str]:
    """So many tracks that wait for Ada in the channel."""
    among_strangers(world)
    world.generates(100)
    for _ in range(number):
        await world.musicgen()
    await world.outage(TOKEN_LIFE_S)
    await world.done(10)
    found = await waiting(world)
    assert len(found) == number
    return found


@every
async def test_any_command_brings_it(world: World, use: Command) -> None:
    await track_waiting(world)
    [generation_id] = await waiting(world)
    result = await use(world, world.ada)
    assert result.acknowledged
    await world.pass_s(1)
    [card] = brought(world)
    assert len(card.attachments) == 1
    assert of_ours(result) in ([], [strings.card.ready(world.ada.id)])
    assert world.journal.rows[generation_id].state is State.DELIVERED


@every
async def test_somebody_elses_does_not(world: World, use: Command) -> None:
    await track_waiting(world)
    await use(world, world.bo)
    await world.pass_s(1)
    assert brought(world) == []
    assert len(await waiting(world)) == 1


async def test_one_in_another_channel_does_not(world: World) -> None:
    await track_waiting(world)
    other = world.guild.create_text_channel("other")
    await world.ada.slash(other, "tracks list")
    await world.pass_s(1)
    assert other.history() == []
    assert len(await waiting(world)) == 1


async def test_where_it_may_not_be_posted_it_goes_on_waiting(world: World) -> None:
    await track_waiting(world)
    await allow_files(world, False)
    await tracks_list(world, world.ada)
    await world.pass_s(1)
    assert brought(world) == []
    assert len(await waiting(world)) == 1


# ------------------------------------------------------------------ at best effort


async def comes_later(world: World, result: simcord.InteractionResult) -> None:
    """The command ran as if nothing had waited, and the next one brings what did."""
    [generation_id] = await waiting(world)
    await world.pass_s(61)
    assert delivered(Asked(world, result))
    assert of_ours(result) == []
    await tracks_list(world, world.ada)
    await world.pass_s(1)
    assert world.journal.rows[generation_id].state is State.DELIVERED


@pytest.mark.parametrize("code", [200000, 0])
async def test_a_first_card_that_discord_refuses(world: World, code: int) -> None:
    await track_waiting(world)
    world.fail(*QUEUED_SHOWN, 400 if code else 500, code)
    await comes_later(world, await musicgen(world, world.ada))
    assert len(brought(world)) == 1


@pytest.mark.parametrize("how", ["cuts", "lost"])
async def test_a_first_card_whose_answer_is_cut_off(world: World, how: str) -> None:
    await track_waiting(world)
    getattr(world, how).append(QUEUED_SHOWN)
    await comes_later(world, await musicgen(world, world.ada))
    assert len(brought(world)) == 1


@pytest.mark.parametrize(("status", "code"), [(400, 40094), (500, 0)])
async def test_a_followup_that_discord_refuses(world: World, status: int, code: int) -> None:
    await track_waiting(world)
    world.fail(*FOLLOWUP, status, code)
    await comes_later(world, await musicgen(world, world.ada))
    assert len(brought(world)) == 1


async def test_a_followup_that_is_cut_off(world: World) -> None:
    await track_waiting(world)
    world.cuts.append(FOLLOWUP)
    await comes_later(world, await musicgen(world, world.ada))
    assert len(brought(world)) == 1


FAULTS = [errors.AlreadyHere(), JournalFault()]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("deletable", [True, False])
async def test_what_cannot_be_brought_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: BotError, deletable: bool
) -> None:
    first, second = await some_waiting(world, 2)
    bring = world.bot.service.bring

    async def faulty(generation_id: str, reply: Reply) -> None:
        if generation_id == first:
            raise fault
        await bring(generation_id, reply)

    monkeypatch.setattr(world.bot.service, "bring", faulty)
    if not deletable:
        world.fail("DELETE", "/webhooks/*", 500)
    result = await musicgen(world, world.ada)
    await world.pass_s(1)
    cards = brought(world)
    assert [len(card.attachments) for card in cards] == ([1] if deletable else [0, 1])
    assert of_ours(result) == [], "who is there need not be called"
    assert world.journal.rows[second].state is State.DELIVERED
    assert await waiting(world) == [first]
