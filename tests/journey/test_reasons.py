"""Every wait names its true reason: the line, one's own, Replicate's limits, its slow delivery."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from bot.domain.waits import Obstacle
from bot.engine.troubles import Task
from bot.playground.discord.actors import Used
from bot.playground.discord.messages import Message
from bot.playground.replicate.limits import RateLimits
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.standin import ReplicateStandIn
from bot.replicate import client
from bot.replicate.transport import Limits
from tests.journey.rig import (
    CREATE,
    OUTPUT,
    Rig,
    a_rig,
    eventually,
    has_ended,
    has_track,
    words,
)
from tests.journey.sound import same_samples
from tests.journey.test_create_faults import close_the_door

NEXT_TRY = re.compile(r"Next try <t:(\d+):R>")
THROTTLED = {"detail": "Request was throttled. Your rate limit resets in ~60s.", "status": 429}


def next_try_s(rig: Rig, message: Message) -> float:
    """How far away the next try is that a card names, on the bot's clock."""
    found = NEXT_TRY.search(words(message))
    assert found is not None
    return int(found[1]) - rig.clock.now().timestamp()


async def shows(used: Used, *told: str) -> Message:
    """Wait until a card says all of this."""
    return await used.until(lambda message: all(one in words(message) for one in told))


# ------------------------------------------------------------------ Replicate's limits


async def test_throttled_the_card_tells_the_place_and_when_the_next_try_is(rig: Rig) -> None:
    rig.trouble_replicate(CREATE, times=99, status=429, body=THROTTLED)
    first = await rig.musicgen("first")
    await eventually(lambda: rig.requests(*CREATE.split()))
    second = await rig.musicgen("second")
    card = await shows(first, "You are next", "Replicate takes few tracks")
    assert 30 < next_try_s(rig, card) <= 62
    card = await shows(second, "Number 2", "Replicate takes few tracks")
    assert 0 < next_try_s(rig, card) <= 62
    [trouble] = rig.bot.service.troubles.current
    assert (trouble.task, trouble.obstacle) == (Task.CREATE, Obstacle.THROTTLED)
    edits = sum(request.method == "PATCH" for request in rig.discord.requests)
    began_s = rig.clock.monotonic()
    await eventually(lambda: rig.clock.monotonic() > began_s + 20)
    more = sum(request.method == "PATCH" for request in rig.discord.requests) - edits
    assert more <= 2, "Discord counts the seconds"
    rig.replicate.faults.clear()
    for used in (first, second):
        await used.until(has_track)
    assert rig.bot.service.troubles.current == ()


async def test_when_it_is_refused_again_the_next_try_is_another(rig: Rig) -> None:
    again = THROTTLED | {"retry_after": 10}
    rig.trouble_replicate(CREATE, times=3, status=429, body=again)
    used = await rig.musicgen()
    told = set[str]()

    def both(message: Message) -> bool:
        told.update(NEXT_TRY.findall(words(message)))
        return len(told) >= 2

    await used.until(both)
    await used.until(has_track)


async def test_an_account_low_on_credit_is_told_as_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = partial(ReplicateStandIn, limits=RateLimits.low_credit())
    monkeypatch.setattr("tests.journey.rig.ReplicateStandIn", low)
    async with a_rig(tmp_path) as rig:
        asked = [await rig.musicgen(f"number {number}") for number in range(4)]
        card = await shows(asked[-1], "low on credit", "Replicate takes few")
        assert re.search(r"Number \d|You are next", words(card))
        await shows(asked[-1], "Next try <t:")
        for used in asked:
            await used.until(has_track)


async def test_each_take_of_a_batch_tells_its_place(rig: Rig) -> None:
    original = await (await rig.musicgen()).until(has_track)
    rig.trouble_replicate(CREATE, times=99, status=429, body=THROTTLED)
    await rig.ada.click(original, "Variations")

    def cards() -> list[Message]:
        return [
            card
            for card in rig.public_messages()
            if words(card).count("to be sent: Replicate takes few") == 3
        ]

    [card] = await eventually(cards)
    for number in (1, 2, 3):
        assert f"number {number} to be sent: Replicate takes few" in words(card)
    assert words(card).count("-# Replicate takes few tracks") == 1
    assert NEXT_TRY.search(words(card))
    rig.replicate.faults.clear()


async def test_an_outage_at_create_tells_when_the_next_try_is(rig: Rig) -> None:
    await close_the_door(rig)
    card = await shows(await rig.musicgen(), "Replicate can't be reached", "Next try <t:")
    assert next_try_s(rig, card) <= 31


# ------------------------------------------------------------------ our own caps


async def test_at_ones_own_cap_the_card_says_that_ones_own_are_running(rig: Rig) -> None:
    rig.replicate.script(Script(times=4, starting_s=1e6))
    running = [await rig.musicgen(f"number {number}") for number in range(4)]
    await eventually(lambda: len(rig.replicate.predictions) == 4)
    fifth, sixth = [await rig.musicgen(prompt) for prompt in ("fifth", "sixth")]
    card = await shows(fifth, "4 of yours are running; this starts when one is done")
    assert "You are next" not in words(card)
    await shows(sixth, "4 of yours are running. 1 more of yours comes before this")
    other = await rig.bo.slash(rig.discord.world.jam, "musicgen", prompt="bo's", duration=1)
    await other.until(has_track)
    card = await running[0].until(lambda message: message.body.items)
    await rig.ada.click(card, "Cancel")
    await fifth.until(has_track)


async def test_when_all_places_are_taken_the_card_says_so(tmp_path: Path) -> None:
    async with a_rig(tmp_path, env={"MAX_RUNNING": "1"}) as rig:
        rig.replicate.script(Script(starting_s=1e6))
        running = await rig.musicgen("running")
        await rig.prediction()
        second = await rig.musicgen("second")
        await shows(second, "You are next", "one at a time")
        bos = await rig.bo.slash(rig.discord.world.jam, "musicgen", prompt="bo's", duration=1)
        await shows(bos, "You are next", "one at a time")
        await shows(second, "Number 2 in line")
        card = await running.until(lambda message: message.body.items)
        await rig.ada.click(card, "Cancel")
        for used in (bos, second):
            await used.until(has_track)


# ------------------------------------------------------------------ the delivery of the file


async def test_a_stalled_delivery_is_told_goes_on_where_it_stopped_and_gives_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "Limits", lambda: Limits(read_s=0.1, transfer_s=5.0))
    async with a_rig(tmp_path, speed=100) as rig:
        for size in (20_000, 5_000, 0):
            rig.trouble_replicate(OUTPUT, stall_after_bytes=size)
        rig.trouble_replicate(OUTPUT, times=999, stall_after_bytes=0)
        used = await rig.musicgen()
        await shows(used, "it is made", "delivers it slowly")
        [prediction] = rig.replicate.predictions
        assert prediction.completed_at is not None
        card = await shows(used, "fetch it yourself")
        url = prediction.output_url(rig.replicate.base_url)
        assert f"]({url})" in words(card)
        lives_until = int(prediction.completed_at.timestamp()) + 3600
        assert f"<t:{lives_until}:t>" in words(card)
        assert "pload" not in words(card)
        rig.replicate.faults.clear()
        message = await used.until(has_track)
        assert "fetch it yourself" not in words(message)
        assert prediction.output_file is not None
        assert same_samples(message.attachments[0].data, prediction.output_file.content)
        await eventually(lambda: not list((rig.settings.data_folder / "tracks").iterdir()))
        assert rig.paid_once()


async def test_a_delivery_that_breaks_off_is_gone_on_with(rig: Rig) -> None:
    for size in (9_000, 9_000, 9_000):
        rig.trouble_replicate(OUTPUT, cut_after_bytes=size)
    message = await (await rig.musicgen(duration=2)).until(has_track)
    [prediction] = rig.replicate.predictions
    assert prediction.output_file is not None
    assert same_samples(message.attachments[0].data, prediction.output_file.content)
    delivered = [r.status for r in rig.replicate.requests if r.path.startswith("/delivery/")]
    assert delivered[-1] == 206


async def test_a_restart_goes_on_with_what_was_fetched_and_an_end_leaves_nothing(
    tmp_path: Path,
) -> None:
    async with a_rig(tmp_path) as rig:
        rig.trouble_replicate(OUTPUT, stall_after_bytes=20_000)
        used = await rig.musicgen()
        tracks = rig.settings.data_folder / "tracks"
        await eventually(lambda: any(p.stat().st_size >= 20_000 for p in tracks.glob("*.part")))
        await rig.stop()
        await rig.start()
        await used.until(has_track)
        delivered = [r.status for r in rig.replicate.requests if r.path.startswith("/delivery/")]
        assert delivered[-1] == 206
        rig.trouble_replicate(OUTPUT, stall_after_bytes=20_000)
        used = await rig.musicgen("another")
        await eventually(lambda: list(tracks.glob("*.part")))
        card = await used.until(lambda message: message.body.items)
        await rig.ada.click(card, "Cancel")
        assert "**Canceled.**" in words(await used.until(has_ended))
        await eventually(lambda: not list(tracks.iterdir()))


# ------------------------------------------------------------------ the way to Discord


async def test_uploading_is_said_while_bytes_go_to_discord_and_not_before(rig: Rig) -> None:
    rig.replicate.script(Script(delivery_bytes=5 * 1024 * 1024))
    # Several times: what is larger than was expected is asked for anew.
    rig.trouble_replicate(OUTPUT, times=9, drip_s=0.3)
    used = await rig.musicgen()
    await shows(used, "**Fetching**")
    uploading = await shows(used, "**Uploading**")
    assert not has_track(uploading)
    await used.until(has_track)


async def test_a_discord_that_does_not_take_the_track_is_named_with_the_next_try(rig: Rig) -> None:
    rig.trouble_replicate(OUTPUT, drip_s=0.3)
    used = await rig.musicgen()
    await shows(used, "**Fetching**")
    rig.trouble_discord("PATCH /api/v10/*", times=999, reset="before")
    troubles = rig.bot.service.troubles
    await eventually(lambda: Task.DELIVER in [trouble.task for trouble in troubles.current])
    # The card tells it as soon as an edit gets through, which is before the next try.
    rig.discord.faults.clear()
    card = await shows(used, "Discord does not take the track", "Next try <t:")
    assert "made and kept" in words(card)
    message = await used.until(has_track)
    assert "does not take" not in words(message)
    assert rig.public_messages() == [message]


async def test_an_answer_of_discords_that_makes_no_sense_costs_nobody_the_track(rig: Rig) -> None:
    rig.trouble_replicate(OUTPUT, drip_s=0.3)
    used = await rig.musicgen()
    await shows(used, "**Fetching**")
    rig.trouble_discord("PATCH /api/v10/*", times=4, status=200, body="<html>all fine</html>")
    message = await used.until(has_track)
    assert rig.public_messages() == [message]
    assert rig.paid_once()
