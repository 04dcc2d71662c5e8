"""Waits for the journal and for Discord are told as such, and over once they are."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.domain.errors import JournalFault
from bot.domain.generation import Generation, State
from bot.domain.inputs import Inputs
from bot.domain.progress import Stage
from bot.domain.waits import Hindered, Obstacle
from bot.engine.ports import DiscordFault
from bot.engine.troubles import Task
from tests.fakes import a_generation
from tests.unit.service_kit import Rig, a_rig


def obstacles(rig: Rig) -> list[tuple[Stage, Obstacle | None]]:
    """What was shown of each stage, each once in a row."""
    shown = [(p.stage, getattr(p.wait, "obstacle", None)) for _, p in rig.delivery.shown]
    return [one for i, one in enumerate(shown) if i == 0 or one != shown[i - 1]]


def refuse(rig: Rig, state: State, times: int) -> None:
    """The journal takes no row of this state so often."""
    save, left = rig.journal.save, [JournalFault()] * times

    async def faulty(generation: Generation) -> None:
        if generation.state is state and left:
            raise left.pop()
        await save(generation)

    rig.journal.save = faulty  # type: ignore[method-assign]


@pytest.mark.parametrize("state", [State.RUNNING, State.COLLECTING, State.DELIVERING])
async def test_a_journal_that_cannot_be_written_is_named_and_then_forgotten(
    state: State, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.engine.troubles")
    rig = a_rig()
    refuse(rig, state, 2)
    assert (await rig.run(Inputs("lofi"))).state is State.DELIVERED
    waits = [p.wait for _, p in rig.delivery.shown if p.wait is not None]
    assert {wait.obstacle for wait in waits if isinstance(wait, Hindered)} == {Obstacle.JOURNAL}
    assert all(wait.next_try_at for wait in waits if isinstance(wait, Hindered))
    assert rig.delivery.shown[-1][1].wait is None
    assert rig.service.troubles.current == ()
    told = [r.getMessage() for r in caplog.records if r.name == "bot.engine.troubles"]
    assert any("the database cannot be used" in line for line in told)


async def test_what_discord_has_already_is_not_shown_as_under_way() -> None:
    rig = a_rig()
    refuse(rig, State.DELIVERED, 3)
    assert (await rig.run(Inputs("lofi"))).state is State.DELIVERED
    assert len(rig.delivery.delivered) == 1
    assert Obstacle.JOURNAL not in [obstacle for _, obstacle in obstacles(rig)]


async def test_nothing_is_shown_where_there_may_be_no_message() -> None:
    rig = a_rig()
    refuse(rig, State.CANCELED, 1)
    row = a_generation()
    await rig.journal.add_earlier(replace(row, reply=replace(row.reply, message_id=0)))
    await rig.service.adopt()
    await rig.service.idle()
    assert rig.delivery.shown == []


@pytest.mark.parametrize(
    ("faults", "obstacle", "task"),
    [
        ([DiscordFault()] * 3, Obstacle.DISCORD, Task.DELIVER),
        ([OSError(5, "no")] * 3, Obstacle.DISK_FAULT, Task.KEEP),
    ],
    ids=["Discord", "the disk"],
)
async def test_a_track_that_cannot_be_delivered_says_why_and_when_it_is_tried_again(
    faults: Sequence[Exception], obstacle: Obstacle, task: Task
) -> None:
    rig = a_rig()
    rig.delivery.on_deliver += faults
    during: list[list[Task]] = []
    show = rig.delivery.show

    def noted(*arguments: object) -> None:
        during.append([trouble.task for trouble in rig.service.troubles.current])
        show(*arguments)  # type: ignore[arg-type]

    rig.delivery.show = noted  # type: ignore[method-assign, assignment]
    assert (await rig.run(Inputs("lofi"))).state is State.DELIVERED
    assert obstacles(rig)[-1] == (Stage.UPLOADING, obstacle)
    assert during[-1] == [task]
    waits = [p.wait for _, p in rig.delivery.shown if p.stage is Stage.UPLOADING]
    tries = [wait.next_try_at for wait in waits if isinstance(wait, Hindered)]
    assert len(set(tries)) == 3
    assert Task.DELIVER not in [trouble.task for trouble in rig.service.troubles.current]
