"""The page's switch of languages: a person's own, and the server's."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.card import strings
from bot.domain.language import Language
from bot.locales import speaking
from tests.browser.chromium import Visitor
from tests.journey.rig import Rig

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]

GERMAN, FRENCH = Language("de"), Language("fr")


async def test_a_person_and_the_server_read_what_they_choose(rig: Rig, ada: Visitor) -> None:
    world = rig.discord.world
    mine = ada.page.locator(f'[data-testid=language][data-of-id="{world.ada.id}"]')
    servers = ada.page.locator(f'[data-testid=language][data-of-id="{world.guild.id}"]')
    await mine.select_option("de")
    await servers.select_option("fr")
    await expect(mine).to_have_value("de")
    await ada.composer.focus()
    await ada.type("/musi")
    with speaking(GERMAN):
        described = strings.commands.MUSICGEN()
    await expect(ada.part("panel-item").first).to_contain_text(described)
    await ada.press("Escape", "Control+A", "Backspace")

    await ada.composer.focus()
    await ada.send("/musicgen prompt: boom bap duration: 2")
    card = await ada.card()
    with speaking(FRENCH):
        again, info = strings.card.AGAIN(), strings.card.INFO()
    await expect(card.get_by_role("button", name=again, exact=True)).to_be_visible()
    await card.get_by_role("button", name=info, exact=True).click()
    with speaking(GERMAN):
        settings = strings.info.SETTINGS()
    await expect(ada.page.get_by_test_id("messages")).to_contain_text(settings)
