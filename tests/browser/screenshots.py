"""python -m tests.browser.screenshots: the README's pictures, taken from the real playground."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import sqlalchemy as sa
from playwright.async_api import Browser, Locator, expect

from bot.domain.charges import ChargeState
from bot.journal import async_url
from bot.journal.database import create_engine
from bot.journal.tables import charges
from bot.playground.launch import MODEL, NOTICE
from bot.playground.replicate.scripts import Script
from bot.playground.replicate.timings import Timings
from tests.browser.chromium import Visitor, a_browser, a_context, arrive, find_chromium
from tests.journey.rig import Rig, a_rig
from tests.journey.test_jam import a_room

DOCS = Path(__file__).parents[2] / "docs"
_WIDTH, _HEIGHT = 1280, 900
_PHONE_WIDTH, _PHONE_HEIGHT = 390, 844
_LONG_MS = 40_000
_THEME = "rain on a tin roof"
_HALF_WAY = re.compile(r"Generating .* [4-6]\d%")
_TRACKS_OF_DAYS = (
    *(2, 5, 3, 0, 0, 9, 12, 4, 6, 2, 7, 0, 14, 18, 5),
    *(3, 8, 6, 4, 0, 11, 16, 7, 2, 5, 9, 3, 13, 20, 6),
)
"""What /usage shows, the last one of today."""
_LIMITS = {"LIMIT_PER_USER": "30 tracks/day, 20 usd/month"}
_SHOWN = """() => Promise.all([...document.images].map((image) => {
  // One that is out of sight would be waited for until somebody scrolls there.
  image.loading = "eager";
  return image.decode();
}))"""


async def pictures(folder: Path) -> list[Path]:
    """The page with a finished and a running card; one of each kind of card; a phone."""
    chromium = find_chromium()
    assert chromium is not None, "there is no Chromium here"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        async with (
            a_browser(chromium) as browser,
            a_rig(
                Path(data),
                env={"MUSICGEN_MODEL": MODEL, **_LIMITS},
                timings=Timings(),
                speed=1,
                notice=NOTICE,
                voice=True,
            ) as rig,
        ):
            return await _take_all(rig, browser, folder)


async def _take_all(rig: Rig, browser: Browser, folder: Path) -> list[Path]:
    ada = await arrive(await a_context(browser), rig.discord.base_url)
    bo = await arrive(await a_context(browser), rig.discord.base_url, "bo")
    await ada.page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})
    taken: list[Path] = []

    async def take(name: str, of: Locator | None = None) -> None:
        # What is under the pointer has a menu.
        await ada.page.mouse.move(0, 0)
        await ada.page.evaluate(_SHOWN)
        path = folder / f"{name}.png"
        if of is None:
            await ada.page.screenshot(path=path, animations="disabled")
        else:
            await of.screenshot(path=path, animations="disabled")
        taken.append(path)

    finished = await _finished(ada, "deep house bassline with warm pads, 124 bpm")
    await bo.send("/musicgen slow solo piano in a minor, rain outside duration: 30")
    running = await ada.card("slow solo piano")
    await expect(running.get_by_test_id("embed-description")).to_have_text(
        _HALF_WAY, timeout=_LONG_MS
    )
    await take("playground")
    await take("running", running)
    await take("finished", finished)

    await finished.get_by_test_id("button").filter(has_text="Extend").click()
    await ada.part("dialog-submit").click()
    extended = ada.messages.filter(has_text="s of it new").last
    await expect(extended.get_by_test_id("audio")).to_be_attached(timeout=_LONG_MS)
    await take("extended", extended)

    rig.replicate.script(Script(error="CUDA out of memory. Tried to allocate 2.00 GiB (E1001)"))
    await ada.send("/musicgen a hundred pianos at once duration: 30")
    failed = await ada.card("a hundred pianos")
    await expect(failed).to_contain_text("No track this time", timeout=_LONG_MS)
    await take("failed", failed)
    await _has_used(rig, _TRACKS_OF_DAYS)
    await ada.send("/usage")
    await ada.part("send").click()
    usage = await ada.card("Limits")
    await expect(usage.locator("img").last).to_be_visible()
    await take("usage", usage)
    await _jam(rig)
    # Whoever proposes has the form on every page of theirs.
    await ada.page.keyboard.press("Escape")
    await ada.page.get_by_test_id("channel").filter(has_text=_THEME).click()
    card = ada.messages.filter(has_text="room for").last
    await expect(card).to_contain_text("Round 4 ends")
    await take("jam", card)
    await ada.page.get_by_test_id("channel").filter(has_text="jam").first.click()
    await _on_a_phone(ada, finished)
    await take("phone")
    assert ada.problems + bo.problems == []
    return taken


async def _jam(rig: Rig) -> None:
    """Three people make three sections, and propose the next one."""
    room = await a_room(rig, _THEME, bpm=100, key="A minor", seconds=6)
    room.patience_s = _LONG_MS / 1000
    sections = (
        (rig.bo, "slow electric piano, sparse"),
        (rig.mod, "brushed drums join"),
        (rig.bo, "strings rise above it"),
    )
    for number, (who, prompt) in enumerate(sections, start=2):
        await room.vote(rig.ada, await room.propose(who, prompt, "6"))
        await room.press(rig.ada, "End round")
        await room.shows(f"Round {number}")
    first = await room.propose(rig.ada, "everything drops to a whisper", "6")
    await room.propose(rig.mod, "drums double, the rain stops", "6")
    for who in (rig.bo, rig.mod):
        await room.vote(who, first)
    await room.shows("2 votes")


async def _has_used(rig: Rig, tracks_of_days: Sequence[int]) -> None:
    """As if Ada had asked for so many tracks on each of the last days, of 8 to 30 s."""
    now = rig.clock.now()
    lengths_s = cycle((8, 12, 30, 15))
    rows = [
        {
            "requester_id": rig.ada.user.id,
            "guild_id": rig.discord.world.guild.id,
            "accepted_at": now - timedelta(days=ago),
            "version": "v",
            "model": "melody",
            "seconds": (seconds := next(lengths_s)),
            "reserved_micro_usd": 0,
            "state": ChargeState.SETTLED,
            "actual_micro_usd": seconds * 4_100,
        }
        for ago, tracks in enumerate(reversed(tracks_of_days))
        for _ in range(tracks)
    ]
    engine = create_engine(async_url(rig.settings.journal_url))
    async with engine.begin() as connection:
        await connection.execute(sa.insert(charges), rows)
    await engine.dispose()


async def _on_a_phone(visitor: Visitor, card: Locator) -> None:
    await visitor.page.set_viewport_size({"width": _PHONE_WIDTH, "height": _PHONE_HEIGHT})
    await card.get_by_test_id("button").last.scroll_into_view_if_needed()


async def _finished(ada: Visitor, prompt: str) -> Locator:
    await ada.send(f"/musicgen {prompt} temperature: 0.8")
    card = await ada.card(prompt)
    await expect(card.get_by_test_id("audio-time")).to_contain_text("/ 0:08", timeout=_LONG_MS)
    return card


if __name__ == "__main__":
    for picture in asyncio.run(pictures(DOCS)):
        sys.stdout.write(f"{picture}\n")
