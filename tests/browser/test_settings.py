"""The panel of a server's rules, as a moderator uses it on a desk and on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from bot.audio.usage_picture import WIDTH
from bot.card.strings import limits
from bot.card.strings import settings as words
from tests.browser.chromium import too_wide
from tests.browser.conftest import Visit
from tests.journey.rig import Rig

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_a_moderator_sets_rules_and_a_member_meets_them(
    rig: Rig, visit: Visit, phone: bool
) -> None:
    mod = await visit(rig.discord.base_url, "mod", phone=phone)
    await mod.send("/settings panel")
    panel = mod.messages.filter(has_text=words.TITLE())
    await expect(panel.get_by_test_id("ephemeral-note")).to_be_visible()
    assert await too_wide(mod.page) == []
    rules = rig.bot.server_rules
    guild_id = rig.discord.world.jam.guild.id  # pyright: ignore[reportOptionalMemberAccess] - a server's

    await mod.button(words.PRESS_OFF()).click()
    await expect(mod.button(words.PRESS_ON())).to_be_visible()
    assert not rules.settings_of(guild_id).others_press

    await mod.button(words.LIMITS()).click()
    form = mod.page.get_by_role("dialog")
    await form.get_by_label(words.LENGTH()).fill("5")
    await form.get_by_label(words.WORDS()).fill("Gong")
    await form.get_by_role("button", name="Submit").click()
    await expect(panel).to_contain_text("5 s")
    settings = rules.settings_of(guild_id)
    assert (settings.length_max_s, settings.words) == (5, ("Gong",))

    await mod.button(words.AMOUNTS()).click()
    await form.get_by_label(words.PER_PERSON()).fill("1 tracks/day")
    await form.get_by_role("button", name="Submit").click()
    await expect(panel).to_contain_text("1 track a day")

    places = panel.get_by_test_id("select").first
    await places.click()
    await mod.page.get_by_test_id("select-option").filter(has_text="#jam").first.click()
    await mod.page.keyboard.press("Escape")
    await expect(panel).not_to_contain_text(f"{words.PLACES()}\n{words.EVERYWHERE()}")
    assert await too_wide(mod.page) == []

    ada = await visit(rig.discord.base_url, phone=phone)
    await ada.send("/musicgen a gong duration: 1")
    refused = ada.messages.filter(has_text="must not contain")
    await expect(refused.get_by_test_id("ephemeral-note")).to_be_visible()
    assert await too_wide(ada.page) == []


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
async def test_what_was_used_is_shown_to_oneself(rig: Rig, visit: Visit, phone: bool) -> None:
    ada = await visit(rig.discord.base_url, phone=phone)
    await ada.send("/musicgen a gong duration: 1")
    await expect((await ada.card()).get_by_test_id("audio-player")).to_be_visible()
    await ada.send("/usage ")
    told = ada.messages.filter(has_text=limits.USAGE_MINE())
    await expect(told).to_contain_text("1 track · 1 s asked for · $")
    await expect(told.get_by_test_id("ephemeral-note")).to_be_visible()
    picture = told.locator(".embed img")
    await expect(picture).to_have_js_property("naturalWidth", WIDTH)
    await expect(picture).to_have_attribute("alt", re.compile("^The last 30 days"))
    assert await too_wide(ada.page) == []
