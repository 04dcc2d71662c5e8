"""An edit that Discord has a fault with is made up for, and ever more seldom."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from bot.card.render import CardRenderer
from bot.delivery.live_card import CardEditor, LiveCard
from bot.delivery.message import OutgoingMessage
from bot.domain.generation import Reply
from bot.domain.progress import Progress, Stage
from bot.domain.waits import FetchingSlow, Wait
from bot.engine.ports import DiscordFault
from tests.fakes import MUSICGEN, NOON, FakeClock, a_generation

RENDERER = CardRenderer(MUSICGEN)


def an_outgoing(stage: Stage) -> OutgoingMessage:
    generation = a_generation()
    return OutgoingMessage(
        generation, RENDERER.running(generation, Progress(stage, NOON, NOON, 1.0))
    )


@dataclass
class Discord:
    """Has a fault with so many edits."""

    clock: FakeClock
    faults: int
    sent_s: list[float] = field(default_factory=list[float])
    reserved_s: float = 0.0
    shown: list[OutgoingMessage] = field(default_factory=list[OutgoingMessage])

    def reserve_edit(self, reply: Reply) -> float:
        assert reply.channel_id
        return NOON.timestamp() + self.reserved_s

    async def edit(self, outgoing: OutgoingMessage) -> bool:
        self.sent_s.append((self.clock.now() - NOON).total_seconds())
        if self.faults:
            self.faults -= 1
            raise DiscordFault
        self.shown.append(outgoing)
        return True


async def test_what_waits_is_shown_once_discord_is_back() -> None:
    discord = Discord(FakeClock(), faults=9)
    editor = CardEditor(discord, discord.clock)
    editor.spacing_s = 3.0
    queued = an_outgoing(Stage.QUEUED)
    assert editor.want(queued)
    await editor.keep_up()
    assert discord.shown == [queued]
    apart_s = [later - earlier for earlier, later in pairwise(discord.sent_s)]
    assert apart_s == [3, 6, 12, 24, 48, 60, 60, 60, 60]


@pytest.mark.parametrize(
    ("faults", "reserved_s", "shown_s"), [(1, 0.0, 3.0), (0, 40.0, 40.0)], ids=["fault", "reserved"]
)
async def test_what_is_newer_is_shown_instead(
    faults: int, reserved_s: float, shown_s: float
) -> None:
    discord = Discord(FakeClock(), faults, reserved_s=reserved_s)
    editor = CardEditor(discord, discord.clock)
    editor.spacing_s = 3.0
    queued, starting = an_outgoing(Stage.QUEUED), an_outgoing(Stage.STARTING)
    editor.want(queued)
    keeping = asyncio.create_task(editor.keep_up())
    await asyncio.sleep(0)
    editor.want(starting)
    await keeping
    assert (discord.shown, discord.sent_s[-1]) == ([starting], shown_s)


async def test_an_end_waits_for_no_edit_that_is_made_up_for() -> None:
    discord = Discord(FakeClock(), faults=9999)
    editor = CardEditor(discord, discord.clock)
    editor.spacing_s = 3.0
    editor.want(an_outgoing(Stage.QUEUED))
    keeping = asyncio.create_task(editor.keep_up())
    for _ in range(20):
        await asyncio.sleep(0)
    await editor.stop()
    await keeping
    assert discord.shown == []


async def test_what_is_likely_to_be_replaced_soon_waits_for_what_replaces_it() -> None:
    discord = Discord(FakeClock(), faults=0)
    editor = CardEditor(discord, discord.clock)
    assert editor.want(an_outgoing(Stage.FETCHING), replaced_within_s=1.0)
    keeping = asyncio.create_task(editor.keep_up())
    await asyncio.sleep(0)
    await editor.stop()
    await keeping
    assert discord.shown == [], "the track came, and waited for no edit"


async def test_where_nothing_replaces_it_it_is_shown() -> None:
    discord = Discord(FakeClock(), faults=0)
    editor = CardEditor(discord, discord.clock)
    editor.spacing_s = 3.0
    fetching, finishing = an_outgoing(Stage.FETCHING), an_outgoing(Stage.FINISHING)
    editor.want(fetching, replaced_within_s=1.0)
    await editor.keep_up()
    editor.want(finishing, replaced_within_s=1.0)
    await editor.keep_up()
    assert (discord.shown, discord.sent_s) == ([fetching, finishing], [1.0, 4.0])


async def test_an_end_waits_for_no_edit_whose_time_is_later() -> None:
    discord = Discord(FakeClock(), faults=0, reserved_s=80.0)
    editor = CardEditor(discord, discord.clock)
    editor.want(an_outgoing(Stage.QUEUED))
    keeping = asyncio.create_task(editor.keep_up())
    await asyncio.sleep(0)
    await editor.stop()
    await keeping
    assert discord.shown == []


@pytest.mark.parametrize(
    ("stage", "wait", "waits"),
    [
        (Stage.GENERATING, None, False),
        (Stage.FETCHING, None, True),
        (Stage.FINISHING, None, True),
        (Stage.FETCHING, FetchingSlow(), False),
        (Stage.UPLOADING, None, False),
    ],
)
def test_only_a_card_whose_track_comes_next_waits_for_it(
    stage: Stage, wait: Wait | None, *, waits: bool
) -> None:
    discord = Discord(FakeClock(), faults=0)
    live = LiveCard(CardEditor(discord, discord.clock))
    live.follow(a_generation(), Progress(stage, NOON, NOON, 1.0, wait=wait))
    # Of two hundred that end at once, nearly all are there within 1.5 s.
    assert (live.next_within_s > 1.5) is waits
