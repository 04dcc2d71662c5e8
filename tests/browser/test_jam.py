"""A jam at the page: three people, one of them on a phone, make a piece and take it home."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.chromium import Visitor, too_wide
from tests.browser.conftest import Visit
from tests.journey.rig import Rig

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]

THEME = "rain"


async def propose(who: Visitor, words: str) -> None:
    """Fill in the form, and hear the take."""
    await who.button("Propose").last.click()
    await who.part("modal").locator("textarea").fill(words)
    await who.part("modal").locator("input").fill("2")
    await who.part("dialog-submit").click()
    take = who.messages.filter(has=who.button("Vote"), has_text=words)
    await expect(take.get_by_test_id("audio-player")).to_be_visible()


async def test_three_people_make_a_piece_at_the_page(rig: Rig, visit: Visit) -> None:
    ada = await visit(rig.discord.base_url)
    await ada.send(f"/jam start {THEME}")
    await ada.press("Enter")
    begun = ada.part("channel-mention")
    await expect(begun).to_have_text(f"#{THEME}")
    await begun.click()
    await expect(ada.button("Close")).to_be_visible()
    bo = await visit(rig.discord.base_url, "bo", THEME)
    mo = await visit(rig.discord.base_url, "mod", THEME, phone=True)

    await propose(bo, "soft piano")
    await propose(mo, "slow drums")
    assert await too_wide(mo.page) == []
    drums = ada.messages.filter(has_text="slow drums").get_by_test_id("button")
    for who in (ada, mo):
        await (
            who.messages.filter(has=who.button("Riff"), has_text="slow drums")
            .get_by_test_id("button")
            .first.click()
        )
    await expect(drums.filter(has_text="Vote · 2")).to_be_visible()
    await ada.button("End round").click()
    for who in (ada, bo, mo):
        card = await who.card("Round 2")
        await expect(card.get_by_test_id("audio-player")).to_be_visible()
        await expect(card.get_by_test_id("embed")).to_contain_text("“slow drums” by @Mo")
    assert await too_wide(mo.page) == []
    # The card's first message, now out of sight, leads to where it is.
    await bo.messages.locator("a", has_text=f"#{THEME} › message").click()
    await expect((await bo.card("Round 2")).locator("xpath=self::*")).to_have_class(
        re.compile("is-flash")
    )

    await mo.button("Listen").last.tap()
    heard = mo.messages.filter(has=mo.part("ephemeral-note")).last
    await expect(heard.get_by_test_id("audio-player")).to_be_visible()
    await mo.button("Mix").last.tap()
    await expect(mo.part("modal")).to_contain_text("WAV fits here")
    assert await too_wide(mo.page) == []
    await mo.part("dialog-submit").tap()
    for who in (bo, mo):
        mix = await who.card("Mix of “rain”")
        await expect(mix.get_by_test_id("audio-player")).to_be_visible()
        await expect(mix).to_contain_text("LUFS")
    assert await too_wide(mo.page) == []
