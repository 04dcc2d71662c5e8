"""What goes wrong at Discord: edits that fail, messages that vanish, a gateway that drops."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bot.card import strings
from bot.domain.progress import ProgressMeter
from bot.playground.discord.messages import Message
from bot.playground.discord.model import Permissions
from bot.playground.discord.rules import MIB, Rules
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.journey.rig import (
    EDIT,
    OUTPUT,
    Rig,
    a_rig,
    eventually,
    has_ended,
    has_track,
    words,
)

LIMITED = {
    "status": 429,
    "body": {"message": "You are being rate limited.", "retry_after": 0.2, "global": False},
    "headers": {"Via": "1.1 google", "Retry-After": "1"},
}
DOWN = {
    "status": 502,
    "body": "<html>Bad gateway</html>",
    "headers": {"Content-Type": "text/html"},
}
SLOW = Timings(cold_start_s=0, step_rate_per_s=5, tick_s=1)


@pytest.mark.parametrize(
    "fault", [LIMITED | {"times": 3}, DOWN, {"reset": "before"}], ids=["429", "502", "reset"]
)
async def test_edits_go_on_through(rig: Rig, fault: dict[str, object]) -> None:
    rig.trouble_discord(EDIT, **fault)
    used = await rig.musicgen()
    message = await used.until(has_track)
    assert rig.public_messages() == [message]
    assert len(message.attachments) == 1
    assert rig.paid_once()


async def upload_begins(rig: Rig) -> None:
    """Hold the download until the running card has been edited for the last time but one."""
    await eventually(lambda: "GET /delivery" in " ".join(rig.replicate.faults.met))


@pytest.mark.parametrize(
    "fault",
    [
        LIMITED | {"times": 2},
        DOWN,
        {"reset": "before"},
        {"reset": "after"},
    ],
    ids=["429", "502", "reset before", "reset after"],
)
async def test_the_last_edit_goes_on_through(rig: Rig, fault: dict[str, object]) -> None:
    rig.trouble_replicate(OUTPUT, drip_s=0.4)
    used = await rig.musicgen()
    await upload_begins(rig)
    await used.until(lambda message: "**Fetching**" in words(message))
    rig.trouble_discord(EDIT, **fault)
    message = await used.until(has_track)
    await rig.bot.service.idle()
    assert rig.public_messages() == [message]
    assert len(message.attachments) == 1
    assert rig.paid_once()


# ------------------------------------------------------------------ the message, the channel


def with_track(rig: Rig) -> list[Message]:
    return [message for message in rig.public_messages() if has_track(message)]


async def test_a_deleted_reply_is_replaced_by_one_with_the_track(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await rig.musicgen()
        running = await used.until(lambda message: message.embeds)
        await rig.mod.delete(running)
        [other] = await rig.discord.world.until(
            lambda _: [*filter(has_track, rig.public_messages())]
        )
        assert other.mentions == (rig.ada.user,)
        assert rig.public_messages() == [other]
        edits = [r for r in rig.discord.requests if r.method == "PATCH"]
        assert len(edits) <= 6, "no endless edits of what is gone"
        assert rig.paid_once()


async def test_a_reply_deleted_before_its_id_was_known_is_replaced(rig: Rig) -> None:
    rig.trouble_discord("POST /api/v10/interactions/*", reset="after")
    used = await rig.musicgen()
    assert used.reply is not None
    await rig.mod.delete(used.reply)
    [message] = await rig.discord.world.until(lambda _: with_track(rig))
    assert rig.public_messages() == [message]
    assert message.mentions == (rig.ada.user,)
    assert rig.paid_once()


@pytest.mark.parametrize("lost", ["the new message", "the upload"])
async def test_a_new_message_whose_answer_is_lost_is_no_second_track(
    tmp_path: Path, lost: str
) -> None:
    """Discord had done it, and that is seen before anything is sent again."""
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await rig.musicgen()
        await rig.mod.delete(await used.until(lambda message: message.embeds))
        if lost == "the upload":
            await rig.discord.world.until(lambda _: rig.public_messages())
            rig.trouble_discord(EDIT, reset="after")
        else:
            rig.trouble_discord("POST /api/v10/webhooks/*", reset="after")
        await rig.discord.world.until(lambda _: with_track(rig))
        await rig.bot.service.idle()
        [message] = with_track(rig)
        assert rig.public_messages() == [message]
        assert len(message.attachments) == 1
        assert rig.paid_once()


@pytest.mark.parametrize("end", ["failed", "succeeded"])
async def test_an_end_whose_answer_is_lost_is_read_back(tmp_path: Path, end: str) -> None:
    """Where only the token reaches it: tried again later, it might be dead."""
    async with a_rig(tmp_path, timings=SLOW) as rig:
        rig.replicate.script(Script(error="CUDA out of memory" if end == "failed" else None))
        rig.trouble_discord(EDIT, times=50, reset="after")
        used = await rig.ada.slash(rig.discord.world.foreign, "musicgen", prompt="gong", duration=1)
        message = await used.until(has_ended)
        await rig.bot.service.idle()
        assert has_track(message) == (end == "succeeded")
        assert sum(has_ended(revision.body) for revision in message.revisions) == 1


async def test_a_late_edit_leaves_a_track_alone(tmp_path: Path) -> None:
    """A process that has lost a generation, and does not know yet, still shows how far it is."""
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await rig.musicgen()
        running = await used.until(lambda message: "**Generating**" in words(message))
        generation_id = (running.body.items[0].custom_id or "").rpartition(":")[2]
        row = await rig.bot.service.get(generation_id)
        message = await used.until(has_track)
        await rig.bot.service.idle()
        rig.bot.delivery.show(row, ProgressMeter(row.created_at).progress(rig.clock.now()))
        await used.until(lambda shown: "**Queued**" in words(shown))
        assert message.attachments[0].filename.endswith(".wav")


async def test_permissions_lost_on_the_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await rig.musicgen()
        await used.until(lambda message: message.embeds)
        jam = rig.discord.world.jam
        rig.discord.world.set_bot_permissions(jam, jam.bot_permissions & ~Permissions.ATTACH_FILES)
        message = await used.until(lambda message: strings.card.WAITS() in words(message))
        assert rig.public_messages() == [message]
        rig.discord.world.set_bot_permissions(jam, jam.bot_permissions | Permissions.ATTACH_FILES)
        assert await used.until(has_track) is message
        assert rig.paid_once()
        assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


REFUSALS = {
    "50013": {"status": 403, "body": {"message": "Missing Permissions", "code": 50013}},
    "50001": {"status": 403, "body": {"message": "Missing Access", "code": 50001}},
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
async def test_a_track_that_discord_lets_nobody_post(rig: Rig, refusal: dict[str, object]) -> None:
    """Every way is refused, once; later it is tried again."""
    rig.trouble_replicate(OUTPUT, drip_s=0.4)
    used = await rig.musicgen()
    await used.until(lambda message: "**Fetching**" in words(message))
    for route in (EDIT, "PATCH /api/v10/channels/*", "POST /api/v10/channels/*"):
        rig.trouble_discord(route, **refusal)
    message = await used.until(has_track)
    assert rig.public_messages() == [message]
    assert rig.paid_once()


async def test_a_token_that_dies_before_its_time(tmp_path: Path) -> None:
    """50027 though 15 minutes are not over: the bot's own token takes over."""
    async with a_rig(tmp_path, timings=SLOW) as rig:
        body = {"message": "Invalid Webhook Token", "code": 50027}
        used = await rig.musicgen()
        await used.until(lambda message: message.embeds)
        rig.trouble_discord("* /api/v10/webhooks/*", times=999, status=401, body=body)
        message = await used.until(has_track)
        assert rig.public_messages() == [message]
        assert rig.paid_once()


async def test_a_file_over_the_limit_is_sent_smaller(tmp_path: Path) -> None:
    async with a_rig(tmp_path, rules=Rules(file_limit_bytes=MIB)) as rig:
        rig.replicate.script(Script(delivery_bytes=MIB + 1))
        message = await (await rig.musicgen()).until(has_track)
        [track] = message.attachments
        assert not track.filename.endswith(".wav")
        assert len(track.data) <= MIB
        assert all(request.status != 413 for request in rig.discord.requests), "known before"
        assert rig.public_messages() == [message]


async def test_a_file_that_discord_finds_too_large_is_sent_smaller(rig: Rig) -> None:
    rig.trouble_replicate(OUTPUT, drip_s=0.3)
    used = await rig.musicgen()
    await used.until(lambda message: "**Fetching**" in words(message))
    body = {"message": "Request entity too large", "code": 40005}
    rig.trouble_discord(EDIT, with_files=True, status=413, body=body)
    message = await used.until(has_track)
    assert not message.attachments[0].filename.endswith(".wav")
    assert rig.public_messages() == [message]


async def test_a_limit_that_no_file_keeps(tmp_path: Path) -> None:
    async with a_rig(tmp_path, rules=Rules(file_limit_bytes=1000)) as rig:
        used = await rig.musicgen()
        message = await used.until(lambda message: "**The track is made**" in words(message))
        assert "fetch it yourself" in words(message)
        assert rig.public_messages() == [message]
        assert not message.attachments
        assert rig.paid_once()


# ------------------------------------------------------------------ gateway


DELIVERED_TWICE = "an interaction was delivered twice"


async def test_the_same_interaction_twice_is_one_generation(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    used = await rig.musicgen()
    rig.discord.world.redeliver(used.interaction)
    await eventually(lambda: DELIVERED_TWICE in caplog.text)
    message = await used.until(has_track)
    assert rig.public_messages() == [message]
    assert used.followups == []
    assert rig.paid_once()
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


async def test_redelivered_before_the_first_is_answered(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    used = await rig.ada.slash(rig.discord.world.jam, "musicgen", prompt="gong", duration=1)
    rig.discord.world.redeliver(used.interaction)
    await eventually(lambda: DELIVERED_TWICE in caplog.text)
    message = await used.until(has_track)
    assert rig.public_messages() == [message]
    assert rig.paid_once()
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR]


async def test_a_dropped_gateway_is_resumed_in_the_middle_of_a_run(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await rig.musicgen()
        await rig.prediction()
        rig.discord.gateway.drop()
        message = await used.until(has_track)
        await rig.discord.world.until(lambda _: rig.discord.gateway.resumed == 1)
        assert rig.public_messages() == [message]
        again = await rig.musicgen("after the drop")
        await again.until(has_track)


async def test_a_command_sent_while_the_gateway_is_down_is_replayed(rig: Rig) -> None:
    rig.discord.gateway.drop()
    used = await rig.musicgen()
    await used.until(has_track)
    assert rig.discord.gateway.resumed == 1
    assert rig.paid_once()


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resumable: bool
) -> None:
    async def at_once(shard_id: int | None, *, initial: bool = False) -> None:
        """Identify without discord.py's five seconds between two."""

    async with a_rig(tmp_path, timings=SLOW) as rig:
        monkeypatch.setattr(rig.bot, "before_identify_hook", at_once)
        used = await rig.musicgen()
        await rig.prediction()
        rig.discord.gateway.invalidate(resumable=resumable)
        message = await used.until(has_track)
        await rig.discord.world.until(lambda world: world.bot_online)
        assert rig.public_messages() == [message]
        assert len(rig.discord.gateway.identified) == (1 if resumable else 2)
        assert rig.discord.gateway.resumed == (1 if resumable else 0)


async def test_a_request_to_reconnect(tmp_path: Path) -> None:
    async with a_rig(tmp_path, timings=SLOW) as rig:
        used = await rig.musicgen()
        await rig.prediction()
        rig.discord.gateway.ask_to_reconnect()
        await used.until(has_track)
        await rig.discord.world.until(lambda _: rig.discord.gateway.resumed == 1)
