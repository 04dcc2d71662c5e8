"""Jams over the wire: a piece made by three people, through kills at any step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutagen.wave import WAVE

from bot.audio.seam_metrics import measure
from bot.playground.discord.actors import Actor, Used
from bot.playground.discord.messages import Message
from bot.playground.discord.model import Channel
from bot.playground.replicate.timings import Timings
from tests.journey.processes import a_running_bot
from tests.journey.rig import CREATE, PATIENCE_S, Rig, a_rig, buttons, eventually, words
from tests.journey.sound import RATE_HZ, samples

SEND = "POST /api/v10/channels/*/messages"
EDIT = "PATCH /api/v10/channels/*"
THREAD = "POST /api/v10/channels/*/messages/*/threads"
STORE = "POST /v1/files"
HELD_S = 30.0


@dataclass
class Room:
    """A jam's thread, as people see it."""

    rig: Rig
    thread: Channel
    patience_s: float = PATIENCE_S

    @property
    def messages(self) -> list[Message]:
        return [m for m in self.rig.discord.world.channel_messages(self.thread) if not m.ephemeral]

    @property
    def cards(self) -> list[Message]:
        return [m for m in self.messages if buttons(m)[:1] in (["Propose"], ["Listen"])]

    @property
    def card(self) -> Message:
        return self.cards[-1]

    async def take(self, title: str) -> Message:
        """The take with these words, once it can be heard."""
        return await self.one(lambda m: bool(m.embeds) and m.embeds[0].title == title)

    async def one(self, shows: Callable[[Message], bool]) -> Message:
        """The message with files of which this is true, once there is one."""
        found = await eventually(
            lambda: [m for m in self.messages if m.attachments and shows(m)], self.patience_s
        )
        return found[0]

    async def propose(self, who: Actor, prompt: str, more: str = "2") -> Message:
        await self.ask(who, prompt, more)
        return await self.take(prompt)

    async def ask(self, who: Actor, prompt: str, more: str = "2") -> None:
        used = await self.asked(who, prompt, more)
        assert not used.ephemeral, f"refused: {used.reply and words(used.reply)}"

    async def asked(self, who: Actor, prompt: str, more: str = "2") -> Used:
        """The same, whatever the answer."""
        used = await (await who.click(self.card, "Propose")).answered()
        if used.ephemeral:
            return used
        values = {"prompt": prompt, "more": more}
        return await (await who.submit_modal(used, values)).answered()

    async def vote(self, who: Actor, take: Message) -> None:
        label = (await eventually(lambda: [b for b in buttons(take) if b]))[0]
        await (await who.click(take, label or "")).answered()

    async def press(self, who: Actor, label: str) -> None:
        await (await who.click(self.card, label)).answered()

    async def mix(self, who: Actor, format_: str, fade: str) -> None:
        used = await (await who.click(self.card, "Mix")).answered()
        await (await who.submit_modal(used, {"format": format_, "fade": fade})).answered()

    async def shows(self, text: str) -> Message:
        """Wait until the newest card says this."""
        found = await eventually(lambda: [m for m in self.cards[-1:] if text in words(m)])
        return found[0]


async def a_room(rig: Rig, theme: str = "rain", **options: str | int | bool) -> Room:
    channel = rig.discord.world.jam
    await rig.ada.slash(channel, "jam start", theme=theme, **options)
    return await the_room(rig)


async def the_room(rig: Rig) -> Room:
    world = rig.discord.world
    threads = await eventually(
        lambda: [c for c in world.channels.values() if c.parent is world.jam]
    )
    room = Room(rig, threads[0])
    await eventually(lambda: room.cards)
    return room


async def test_three_people_make_a_piece_without_a_seam(rig: Rig) -> None:
    room = await a_room(rig, bpm=120, seconds=4)
    opening = await room.propose(rig.bo, "deep house bassline", "4")
    await room.vote(rig.ada, opening)
    await room.press(rig.ada, "End round")
    await room.shows("Round 2")
    drums = await room.propose(rig.mod, "with drums", "3")
    bells = await room.propose(rig.ada, "with bells", "2")
    for who in (rig.ada, rig.bo, rig.mod):
        await room.vote(who, drums)
    for who in (rig.bo, rig.mod):
        await room.press(who, "I'm done")
    card = await room.shows("Round 3")
    assert "“with drums” by" in words(card)
    [piece, picture] = card.attachments
    assert picture.filename == "piece.png"
    whole, heard = samples(piece.data), samples(drums.attachments[0].data)
    seam = len(whole) - 3 * RATE_HZ
    assert 3.5 * RATE_HZ <= seam <= 4 * RATE_HZ, "cut on the beat, where there is one"
    assert np.array_equal(whole, heard), "the whole piece was heard before it was chosen"
    assert np.array_equal(whole[: 3 * RATE_HZ], samples(opening.attachments[0].data)[: 3 * RATE_HZ])
    joint = measure(
        (whole / 32768).astype(np.float32).reshape(len(whole), -1),
        RATE_HZ,
        seam - RATE_HZ // 4,
        seam,
    )
    assert joint.step <= 1.5 * joint.step_around
    await eventually(lambda: buttons(bells) == buttons(opening) == ["Riff"])
    await room.mix(rig.bo, "wav", "3")
    mix = await room.one(lambda m: "Mix of" in words(m))
    assert [file.filename.rpartition(".")[2] for file in mix.attachments] == ["wav", "zip", "png"]
    tags: Any = WAVE(BytesIO(mix.attachments[0].data)).tags
    assert "/".join(tags["TPE1"].text) == "Bo/Mo (moderator)"
    chapters = [one.sub_frames["TIT2"].text[0] for one in tags.getall("CHAP")]
    assert chapters == ["deep house bassline (Bo)", "with drums (Mo (moderator))"]
    assert rig.requests(*CREATE.split()) == 3


# ---------------------------------------------------------------------- kill -9


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Rig]:
    timings = Timings(cold_start_s=0.1, step_rate_per_s=200, encode_s=0, tick_s=0.05)
    async with a_rig(tmp_path, speed=1, start=False, timings=timings) as rig:
        yield rig


async def before_the_thread(rig: Rig) -> None:
    """The command is acknowledged, and nothing else is done."""
    rig.trouble_discord(THREAD, times=99, delay_s=0.3, reset="before")
    used = await rig.ada.slash(rig.discord.world.jam, "jam start", theme="rain")
    await used.answered()
    await eventually(lambda: "threads" in " ".join(rig.discord.faults.met))


async def after_the_thread(rig: Rig) -> None:
    """Discord has the thread; the bot does not know."""
    rig.trouble_discord(THREAD, drip_s=HELD_S)
    used = await rig.ada.slash(rig.discord.world.jam, "jam start", theme="rain")
    await used.answered()
    await eventually(lambda: [c for c in rig.discord.world.channels.values() if c.parent])


async def after_the_card(rig: Rig) -> None:
    """Discord has the card; the bot does not know."""
    rig.trouble_discord(SEND, times=99, drip_s=HELD_S)
    await rig.ada.slash(rig.discord.world.jam, "jam start", theme="rain")
    await the_room(rig)


async def while_a_take_is_made(rig: Rig) -> None:
    room = await a_room(rig)
    await room.ask(rig.bo, "soft piano")
    await eventually(lambda: rig.replicate.predictions)


async def after_the_votes(rig: Rig) -> None:
    room = await a_room(rig)
    await room.vote(rig.bo, await room.propose(rig.bo, "soft piano"))


async def after_the_end_of_a_round(rig: Rig) -> None:
    """The round has its winner; no card shows it."""
    room = await a_room(rig)
    await room.vote(rig.bo, await room.propose(rig.bo, "soft piano"))
    await room.shows("1 vote")
    rig.trouble_discord(EDIT, times=99, delay_s=0.3, reset="before")
    await room.press(rig.ada, "End round")


POINTS: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "before the thread": before_the_thread,
    "after the thread": after_the_thread,
    "after the card": after_the_card,
    "while a take is made": while_a_take_is_made,
    "after the votes": after_the_votes,
    "after the end of a round": after_the_end_of_a_round,
}


@pytest.mark.long
@pytest.mark.parametrize("reach", POINTS.values(), ids=POINTS.keys())
async def test_killed(stage: Rig, reach: Callable[[Rig], Awaitable[None]]) -> None:
    """Whatever was done before, one card in one thread goes on, and each take is paid once."""
    async with a_running_bot(stage) as bot:
        await reach(stage)
        await bot.kill()
    stage.discord.faults.clear()
    async with a_running_bot(stage):
        room = await the_room(stage)
        jams = [c for c in stage.discord.world.channels.values() if c.parent is not None]
        assert len(jams) == 1
        paid = stage.requests(*CREATE.split())
        take = await room.take("soft piano") if paid else None
        if take is None:
            take = await room.propose(stage.bo, "soft piano")
        if "Round 1" in words(room.card):
            await room.vote(stage.bo, take)
            await room.press(stage.ada, "End round")
        card = await room.shows("Round 2")
        assert "“soft piano” by" in words(card)
        assert "won with 1 vote" in words(card)
        assert len(room.cards) == 1
        assert [file.filename for file in card.attachments] == ["rain-1.wav", "piece.png"]
        assert stage.requests(*CREATE.split()) == 1
        # What was chosen is kept without loss: the next take goes on from it.
        await room.propose(stage.mod, "more", "1")
    await asyncio.sleep(0)


async def test_a_mix_that_was_asked_for_comes_after_a_kill(stage: Rig) -> None:
    """As it was asked for, and once: Discord has it already, and the bot does not know."""
    async with a_running_bot(stage) as bot:
        room = await a_room(stage)
        await room.vote(stage.bo, await room.propose(stage.bo, "soft piano"))
        await room.press(stage.ada, "End round")
        await room.shows("Round 2")
        stage.trouble_discord(SEND, times=99, drip_s=HELD_S)
        await room.mix(stage.bo, "flac", "0")
        await room.one(lambda m: "Mix of" in words(m))
        await bot.kill()
    stage.discord.faults.clear()
    async with a_running_bot(stage):
        await room.mix(stage.ada, "mp3", "0")
        await room.one(lambda m: "MP3" in words(m))
    mixes = [m for m in room.messages if "Mix of" in words(m)]
    names = [[file.filename for file in mix.attachments[:2]] for mix in mixes]
    assert names == [["rain-1.flac", "rain-1.zip"], ["rain-1.mp3", "rain-1.zip"]]


async def test_a_take_whose_source_is_the_piece_is_made_by_the_next_process(stage: Rig) -> None:
    """Killed while the piece's end is on its way to the model, the next one cuts it anew."""
    async with a_running_bot(stage) as bot:
        room = await a_room(stage)
        opening = await room.propose(stage.bo, "soft piano", "4")
        await room.vote(stage.bo, opening)
        await room.press(stage.ada, "End round")
        await room.shows("Round 2")
        stage.trouble_replicate(STORE, times=99, delay_s=0.3, reset="before")
        await room.ask(stage.mod, "with drums", "3")
        await eventually(lambda: "files" in " ".join(stage.replicate.faults.met))
        await bot.kill()
    assert stage.requests(*CREATE.split()) == 1
    stage.replicate.faults.clear()
    async with a_running_bot(stage):
        drums = await room.take("with drums")
        whole = samples(drums.attachments[0].data)
        # The joint is on the beat, which may leave a part of the last second out.
        assert 6 * RATE_HZ < len(whole) <= 7 * RATE_HZ, "the piece's end, and what is new"
        first = samples(opening.attachments[0].data)
        assert np.array_equal(whole[: 3 * RATE_HZ], first[: 3 * RATE_HZ])
        await room.vote(stage.mod, drums)
        await room.press(stage.ada, "End round")
        assert "“with drums” by" in words(await room.shows("Round 3"))
    assert stage.requests(*CREATE.split()) == 2
