"""python -m tests.browser.screenshots: the README's picture, taken from the real playground."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.chromium import a_browser, a_context, arrive, find_chromium
from tests.browser.process import ROOT, a_playground

PICTURE = ROOT / "docs" / "playground.png"
_SIZE = (1280, 820)
_LONG_S = 30.0
_HALF_WAY = re.compile(r"Generating .* [4-6]\d %")
_SHOWN = """() => Promise.all([...document.images].map((image) => image.decode()))"""


async def picture(path: Path) -> None:
    """A finished track in the channel, and somebody else's on its way below it."""
    chromium = find_chromium()
    assert chromium is not None, "there is no Chromium here"
    async with a_browser(chromium) as browser, a_playground() as playground:
        ada = await arrive(await a_context(browser), playground.address)
        bo = await arrive(await a_context(browser), playground.address, "bo")
        width, height = _SIZE
        await ada.page.set_viewport_size({"width": width, "height": height})
        await expect(ada.part("bot-offline")).to_be_hidden()
        await ada.send("/musicgen deep house bassline with warm pads, 124 bpm temperature: 0.8")
        track = await ada.card("deep house")
        await expect(track.get_by_test_id("audio-time")).to_contain_text(
            "/ 0:08", timeout=_LONG_S * 1000
        )
        await bo.send("/musicgen slow solo piano in a minor, rain outside duration: 30")
        running = await ada.card("slow solo piano")
        progress = running.get_by_test_id("embed-description")
        await expect(progress).to_have_text(_HALF_WAY, timeout=_LONG_S * 1000)
        await _take(ada.page, path)
        assert ada.problems + bo.problems == []


async def _take(page: Page, path: Path) -> None:
    await page.evaluate(_SHOWN)
    await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
    await page.screenshot(path=path, animations="disabled")


if __name__ == "__main__":
    asyncio.run(picture(PICTURE))
    sys.stdout.write(f"{PICTURE}\n")
